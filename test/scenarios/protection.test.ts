/** What keeps others from harm: a flood is stopped at the door, and an operator's policy holds within ten seconds. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Element } from "ltx";
import { readError } from "#core/xmpp/error.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { chat } from "#test/harness/stanzas.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

const alice = "alice@localhost";
const nina = "nina@im.localhost";
const nobody = "nobody@im.localhost";
const floodCount = 300;
/** What the operator is promised. */
const promisedMs = 10_000;
const tryMs = 250;

const folder = mkdtempSync(join(tmpdir(), "causeway-policy-"));
after(() => rmSync(folder, { recursive: true }));

async function runPolicy(endpoints: object, ...args: string[]) {
  const file = join(folder, "endpoints.json");
  writeFileSync(file, JSON.stringify(endpoints));
  const main = join(import.meta.dirname, "../../local/policy/main.ts");
  const child = spawn(process.execPath, [main, ...args, "--endpoints", file], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [said, complained, [exit]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { exit, said, complained };
}

const isError = ({ attrs }: Element) => attrs["type"] === "error";

onEachServer(
  "protection",
  (scenario) => {
    let sender: XmppUser;
    let calm: XmppUser;
    before(async () => {
      sender = await scenario.login("alice");
      calm = await scenario.login("bob");
    });

    test("a client that floods is told once, then nothing; what others write arrives meanwhile", async () => {
      const flood = Array.from({ length: floodCount }, (_, n) => sender.send(chat(nina, `flood-${n}`, "x")));
      const calmly = calm.send(chat(nina, "calm", "hello"));
      await Promise.all([...flood, calmly]);
      const arrived = await scenario.native.next(({ data }) => data["id"] === "calm", "the calm message");
      assert.equal(arrived.data["contact"], "bob@localhost");
      const refusal = readError(await sender.next(isError, "refusal"));
      assert.equal(refusal.condition, "policy-violation");
      assert.equal(refusal.permanent, false);
      // Time is what the sender was told to let pass. Then its next message is the last of all in its order.
      await delay(1_000);
      await sender.send(chat(nina, "afterwards", "x"));
      await scenario.native.next(({ data }) => data["id"] === "afterwards", "a message after the flood");
      assert.deepEqual(sender.inbox.items.filter(isError).map(String), []);
      const passed = scenario.native.inbox.drain().filter(({ type }) => type === "message.sent");
      assert.ok(passed.length >= 20 && passed.length < floodCount / 2, String(passed.length));
    });

    test("a domain is denied within ten seconds, for users that exist and others alike, and back as soon", async () => {
      const { endpoints } = scenario.bridge;
      const denied = await runPolicy(endpoints, "set", "--deny", "localhost");
      assert.equal(denied.exit, 0, denied.complained);
      let ids = 0;
      /** Writes until an attempt has the outcome that is waited for. */
      const until = async (isDone: () => boolean) => {
        const begun = performance.now();
        while (!isDone()) {
          assert.ok(performance.now() - begun < promisedMs + tryMs, "it does not hold in time");
          ids += 1;
          await calm.send(chat(nina, `try-${ids}`, "x"));
          await delay(tryMs);
        }
      };
      await until(() => calm.inbox.items.some(isError));
      assert.equal(readError(await calm.next(isError, "denial")).condition, "not-allowed");
      // Another account, which was not told yet, hears the same of somebody who does not exist.
      await sender.send(chat(nobody, "to-nobody", "x"));
      assert.equal(readError(await sender.next(isError, "denial")).condition, "not-allowed");

      const event = await scenario.native.emit({
        type: "message.sent",
        data: { user: "nina", contact: alice, id: "n1", body: "hi" },
      });
      const rejected = await scenario.native.nextOf("event.rejected", "nina");
      assert.equal(rejected.data["id"], event.id);
      assert.equal(rejected.data["reason"], "policy");

      const shown = await runPolicy(endpoints, "show");
      assert.match(shown.said, /^Policy of im\.localhost\n {2}denied domains {3}localhost\n/);
      assert.equal((await runPolicy(endpoints, "set", "--deny", "none", "--yes")).exit, 0);
      scenario.native.inbox.drain();
      await until(() => scenario.native.inbox.items.some(({ type }) => type === "message.sent"));
    });
  },
  { rates: { sender: { perS: 5, burst: 20 } } },
);
