/** The secret is exchanged while the connector runs, and the stream that is up is left alone. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeSecretReader } from "#aws/secret.ts";
import { startSecretsManager } from "#test/fakes/secrets-manager.ts";
import { inboundChat, itemsSent, secret, startRig } from "./support.ts";

const region = "eu-central-1";
const second = "the-second-one-秘密";
const arn = `arn:aws:secretsmanager:${region}:123456789012:secret:XmppSecret-AbCdEf`;
const folder = mkdtempSync(join(tmpdir(), "causeway-secret-"));
after(() => rmSync(folder, { recursive: true }));

const manager = await startSecretsManager();
after(manager.close);
// The SDK's own variables.
process.env["AWS_ENDPOINT_URL_SECRETS_MANAGER"] = manager.endpoint;
process.env["AWS_ACCESS_KEY_ID"] = "local";
process.env["AWS_SECRET_ACCESS_KEY"] = "local";

const file = join(folder, "secret");
const places = [
  { source: { kind: "file", file }, put: (value: string) => writeFileSync(file, `${value}\n`) },
  { source: { kind: "arn", arn }, put: (value: string) => void manager.secrets.set(arn, value) },
] as const;

for (const { source, put } of places) {
  test(`an exchange (${source.kind}) counts from the next stream on`, async (t) => {
    put(secret);
    const rig = await startRig(t, { readSecret: makeSecretReader(source, region) });
    const first = await rig.accept();
    put(second);
    rig.server.secret = second;
    first.write(inboundChat("m1"));
    await rig.queues.until((calls) => itemsSent(calls, "messageStanzas").length === 1);
    assert.equal(rig.connector.health().stream, "up");
    assert.equal(rig.server.connections(), 1);
    first.socket.destroy();
    await rig.accept();
    assert.equal(rig.server.handshakes(), 2, "at the first try");
  });

  test(`a server that is ahead (${source.kind}) refuses until the exchange, and no log tells`, async (t) => {
    put(secret);
    const rig = await startRig(t, { readSecret: makeSecretReader(source, region) });
    const first = await rig.accept();
    rig.server.secret = second;
    first.socket.destroy();
    await rig.logged("stream.down");
    const { reason, advice } = await rig.logged("stream.down");
    assert.equal(reason, "not-authorized");
    assert.match(String(advice), /read again/);
    put(second);
    await rig.accept();
    const told = JSON.stringify(rig.logs);
    assert.ok(!told.includes(secret) && !told.includes(second));
  });
}

test("a secret that cannot be read is said so, without dialling, until it can", async (t) => {
  rmSync(file);
  const readSecret = makeSecretReader({ kind: "file", file }, region);
  const rig = await startRig(t, { readSecret });
  assert.equal((await rig.logged("secret.failed"))["reason"], "Error ENOENT");
  assert.equal((await rig.logged("stream.down"))["reason"], "secret-unreadable");
  assert.equal(rig.server.connections(), 0);
  writeFileSync(file, secret);
  await rig.accept();
});

test("a secret that Secrets Manager does not have is named by the error", async (t) => {
  const readSecret = makeSecretReader({ kind: "arn", arn: `${arn}-other` }, region);
  const rig = await startRig(t, { readSecret });
  assert.equal((await rig.logged("secret.failed"))["reason"], "ResourceNotFoundException");
  assert.deepEqual(manager.requests.at(-1), {
    target: "secretsmanager.GetSecretValue",
    body: { SecretId: `${arn}-other` },
  });
});

test("a connector that waits for its secret stops at once", async (t) => {
  const asked = Promise.withResolvers<void>();
  const readSecret = (signal: AbortSignal) => {
    asked.resolve();
    return new Promise<string>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  };
  const rig = await startRig(t, { readSecret, limits: { connectMsMax: 60_000 } });
  await asked.promise;
  await rig.connector.stop();
  assert.equal(rig.connector.health().stream, "stopped");
});
