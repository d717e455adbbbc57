/** `npm run offline` before the connector is stopped on purpose: nobody sees a user online whom nobody serves. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { onEachServer } from "#test/harness/bridge.ts";
import { presence } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const alice = "alice@localhost";
const nina = "nina@im.localhost";
const noah = "noah@im.localhost";

const folder = mkdtempSync(join(tmpdir(), "causeway-offline-"));
after(() => rmSync(folder, { recursive: true }));

async function runOffline(endpoints: object): Promise<{ exit: unknown; said: string; complained: string }> {
  const file = join(folder, "endpoints.json");
  writeFileSync(file, JSON.stringify(endpoints));
  const main = join(import.meta.dirname, "../../local/offline/main.ts");
  const child = spawn(process.execPath, [main, "--endpoints", file], { stdio: ["ignore", "pipe", "pipe"] });
  const [said, complained, [exit]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { exit, said, complained };
}

onEachServer("a planned end", (scenario) => {
  /** Alice sees nina by a subscription, and noah because he has shown himself to her alone. */
  let client: XmppUser;
  const emit = (user: string, type: string, data: object) =>
    scenario.native.emit({ type, data: { user, ...data } });
  const sees = async (ghost: string, type?: string) => {
    const stanza = await client.next(
      ({ name, attrs }) => name === "presence" && bareOf(attrs["from"]) === ghost && attrs["type"] === type,
      `presence of type ${type} from ${ghost}`,
    );
    return stanza.getChildText("show");
  };

  before(async () => {
    client = await scenario.login("alice");
    await emit("nina", "presence.changed", { show: "dnd" });
    await emit("nina", "contact.accepted", { contact: alice, preApprove: true, mutual: false });
    await client.send(presence({ type: "subscribe", to: nina }));
    assert.equal(await sees(nina), "dnd");
    await emit("noah", "presence.changed", { show: "xa", contact: alice });
    assert.equal(await sees(noah), "xa");
  });

  test("everybody sees the users go, the order may be repeated, and the next stream brings them back", async () => {
    const { endpoints } = scenario.bridge;
    for (let orders = 0; orders < 2; orders++) {
      const { exit, said, complained } = await runOffline(endpoints);
      assert.equal(exit, 0, complained);
      assert.match(said, /^2 contacts were told that the users of im\.localhost are gone/);
      await sees(nina, "unavailable");
      await sees(noah, "unavailable");
    }
    const resume = await scenario.bridge.holdConnector();
    client.inbox.drain();
    await resume();
    assert.equal(await sees(nina), "dnd");
    assert.equal(await sees(noah), "xa");
    assert.deepEqual(client.inbox.items.map(String), []);
  });

  test("a bridge that is not there is said to be not there", async () => {
    const { pid: _, ...rest } = scenario.bridge.endpoints;
    const sqs = { ...rest.sqs, endpoint: "http://127.0.0.1:9" };
    const { exit, complained } = await runOffline({ ...rest, sqs });
    assert.equal(exit, 1);
    assert.match(complained, /the bridge cannot be reached: /);
  });
});
