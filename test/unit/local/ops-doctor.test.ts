/** The doctor's checks of single domains, each at a server of its own. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Authorities } from "#aws/authorities.ts";
import { type ComponentServer, startComponentServer } from "#bench/component-server.ts";
import { checkDomain } from "#local/ops/checks-domain.ts";
import { ensureCertificate } from "#local/servers/certificate.ts";

const folder = mkdtempSync(join(tmpdir(), "causeway-doctor-"));
const [plain, tls] = ["im.localhost", "chat.localhost"] as const;
const secrets: Readonly<Record<string, string>> = { [plain]: "of-im", [tls]: "of-chat" };
const servers = new Map<string, ComponentServer>();
let caFile: string;

before(async () => {
  const { keyFile, certificateFile } = await ensureCertificate(folder, "localhost");
  caFile = certificateFile;
  const pem = { key: readFileSync(keyFile), cert: readFileSync(certificateFile) };
  for (const [domain, more] of [
    [plain, {}],
    [tls, { tls: pem }],
  ] as const) {
    servers.set(domain, await startComponentServer({ domain, secret: secrets[domain] ?? "", ...more }));
  }
});
after(async () => {
  for (const server of servers.values()) await server.close();
  rmSync(folder, { recursive: true });
});

/** Levels by name. @param keeps the secrets that are kept for each domain */
async function levelsOf(
  domain: string,
  env: NodeJS.ProcessEnv,
  keeps = secrets,
  {
    stream = "unreachable",
    service,
    authorities = {},
  }: { stream?: string; service?: string | undefined; authorities?: Authorities } = {},
) {
  const checks = await checkDomain({
    bridge: {
      who: "profile ops",
      serviceOf: (each) => servers.get(each)?.service ?? "",
      authoritiesOf: () => authorities,
      readSecret: async (each) => keeps[each] ?? "",
    },
    domain,
    views: [{ name: "its log", domain, stream }],
    how: { connect: false, yes: false, service },
    screen: { env, signal: new AbortController().signal },
  });
  return Object.fromEntries(checks.map(({ name, level }) => [name, level]));
}

test("each domain is tried at its own server with its own secret", async () => {
  const im = await levelsOf(plain, {});
  assert.deepEqual([im["component port"], im["certificate"], im["secret"]], ["ok", "skip", "ok"]);
  const chat = await levelsOf(tls, { CAUSEWAY_XMPP_CA_FILE: caFile });
  assert.deepEqual([chat["component port"], chat["certificate"], chat["secret"]], ["ok", "ok", "ok"]);
  for (const domain of [plain, tls]) assert.equal(servers.get(domain)?.handshakes(), 1, domain);
  const swapped = { [plain]: "of-chat", [tls]: "of-im" };
  assert.equal((await levelsOf(plain, {}, swapped))["secret"], "fail");
});

test("a server whose authority is not trusted is dialled for no secret", async () => {
  const before = servers.get(tls)?.handshakes();
  for (const env of [{}, { CAUSEWAY_XMPP_CA_FILE: join(folder, "none.pem") }]) {
    const levels = await levelsOf(tls, env);
    assert.deepEqual([levels["certificate"], levels["secret"]], ["fail", "skip"]);
  }
  assert.equal(servers.get(tls)?.handshakes(), before);
});

test("trusted are the deployment's authorities, or instead of them those of the environment", async () => {
  const ca = readFileSync(caFile, "utf8");
  const stranger = await ensureCertificate(folder, "other.example.com");
  const other = { ca: readFileSync(stranger.certificateFile, "utf8") };
  for (const [env, authorities, level] of [
    [{}, { ca }, "ok"],
    [{}, other, "fail"],
    [{ CAUSEWAY_XMPP_CA: ca }, other, "ok"],
    [{ CAUSEWAY_XMPP_CA_FILE: stranger.certificateFile }, { ca }, "fail"],
  ] as const) {
    const levels = await levelsOf(tls, env, secrets, { authorities });
    assert.deepEqual([levels["certificate"], levels["secret"]], [level, level === "ok" ? "ok" : "skip"]);
  }
});

test("a secret of the environment goes before the one that is kept", async () => {
  assert.equal((await levelsOf(plain, { CAUSEWAY_XMPP_SECRET: "wrong" }))["secret"], "fail");
  assert.equal((await levelsOf(plain, { CAUSEWAY_XMPP_SECRET: "of-im" }, {}))["secret"], "ok");
});

test("another server is tried with the same secret before a move, although the stream is up at the old one", async (t) => {
  const next = await startComponentServer({ domain: plain, secret: "of-im" });
  t.after(() => next.close());
  const handshakes = servers.get(plain)?.handshakes();
  const levels = await levelsOf(plain, {}, secrets, { stream: "up", service: next.service });
  assert.deepEqual([levels["component port"], levels["secret"]], ["ok", "ok"]);
  assert.equal(next.handshakes(), 1);
  await next.close();
  assert.equal(
    (await levelsOf(plain, {}, secrets, { stream: "up", service: next.service }))["secret"],
    "skip",
  );
  await levelsOf(plain, {}, secrets, { stream: "up" });
  assert.equal(servers.get(plain)?.handshakes(), handshakes);
});
