/**
 * Files as a newer slixmpp than Debian's makes and reads them (XEP-0447, XEP-0385). It comes from PyPI into
 * `.local/`; where that cannot be reached, or there is no pip, these tests say that they are skipped.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { onEachServer } from "#test/harness/bridge.ts";
import { type ClientEvent, type ClientProcess, startClient } from "#test/harness/client-process.ts";

const version = "1.17.0";
const root = join(import.meta.dirname, "../..");
const folder = join(root, ".local", `slixmpp-${version}`);
const program = join(root, "test/fixtures/slixmpp_files_client.py");
const nina = "nina@im.localhost";
const text = "Grüße";
const url = "https://files.example.org/note.txt";

/** Whether that slixmpp is here and runs; brings it where it is not. */
function isAtHand(): boolean {
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, args, { stdio: "ignore", timeout: 60_000 }).status === 0;
  const install = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, `slixmpp==${version}`];
  const isHere = existsSync(join(folder, "slixmpp", "__init__.py")) || run("python3", ...install);
  return isHere && run("/usr/bin/env", `PYTHONPATH=${folder}`, "/usr/bin/python3", "-c", "import slixmpp");
}

interface FileEvent extends ClientEvent {
  readonly id?: string;
  readonly name?: string;
  readonly mediaType?: string;
  readonly targets?: readonly string[];
}
interface FileCommand {
  readonly to: string;
  readonly id: string;
  readonly by: "0447" | "0385";
  readonly url: string;
  readonly text: string;
}

const skip = isAtHand() ? false : `no slixmpp ${version} that runs here: pip, PyPI or its Python is missing`;

onEachServer("files of a newer slixmpp", (scenario) => {
  let client: ClientProcess<FileEvent, FileCommand>;
  before(async () => {
    if (skip !== false) return;
    const { host, port } = scenario.bridge.endpoints.xmpp;
    const { certificate } = scenario;
    const account = { jid: "alice@localhost", password: "alice", host, port, certificate };
    client = await startClient(
      "/usr/bin/env",
      [`PYTHONPATH=${folder}`, "/usr/bin/python3", program],
      account,
    );
  });
  after(async () => {
    if (skip === false) await client.stop();
  });

  for (const by of ["0447", "0385"] as const) {
    test(`${by}: a file arrives as one, with what is said of it`, { skip }, async () => {
      client.send({ to: nina, id: `file-${by}`, by, url, text });
      const { data } = await scenario.native.next(({ data }) => data["id"] === `file-${by}`, by);
      const [file, ...more] = data["attachments"] as Record<string, unknown>[];
      assert.deepEqual(more, []);
      assert.equal(data["body"], undefined);
      const hash = createHash("sha256").update(text).digest("base64");
      assert.partialDeepStrictEqual(file, { url, mediaType: "text/plain", size: Buffer.byteLength(text) });
      assert.equal(file?.["hash"], `sha-256:${hash}`);
    });
  }

  test("0447: a user's file is one to the client", { skip }, async () => {
    const attachments = [{ url, name: "note.txt", mediaType: "text/plain", size: 7 }];
    const data = { user: "nina", contact: "alice@localhost", id: "sent", attachments };
    await scenario.native.emit({ type: "message.sent", data });
    const seen = await client.next({ kind: "file", id: "sent" });
    assert.partialDeepStrictEqual(seen, { name: "note.txt", mediaType: "text/plain", targets: [url] });
  });
});
