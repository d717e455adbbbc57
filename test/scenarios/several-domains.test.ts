/** Two domains in one connector process, at one server: each its own users, policy, stream and word of it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import type { Element } from "ltx";
import { limits } from "#core/limits.ts";
import { askConnector } from "#local/connector.ts";
import { waitUntil } from "#local/wait-until.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { untilUntouched } from "#test/harness/receives.ts";
import { chat, presence } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const [first, second] = ["im.localhost", "chat.localhost"] as const;
const alice = "alice@localhost";

const folder = mkdtempSync(join(tmpdir(), "causeway-domains-"));
after(() => rmSync(folder, { recursive: true }));

/** A command of `local/` at this bridge: its exit code, and what it printed to either stream. */
async function run(command: string, endpoints: object, args: readonly string[], input = "") {
  const file = join(folder, "endpoints.json");
  writeFileSync(file, JSON.stringify(endpoints));
  const main = join(import.meta.dirname, `../../local/${command}/main.ts`);
  const child = spawn(process.execPath, [main, ...args, "--endpoints", file]);
  child.stdin.end(input);
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  const [said, complained, [exit]] = await ended;
  return { exit, said: said + complained };
}

onEachServer(
  "two domains in one process",
  (scenario) => {
    let client: XmppUser;
    const emit = (domain: string, type: string, data: object) =>
      scenario.native.emit({ type, data: { domain, user: "nina", contact: alice, ...data } });
    const say = (domain: string, id: string) => emit(domain, "message.sent", { id, body: id });
    const hears = (domain: string) => client.nextMessage(`nina@${domain}`);
    const delivered = (type: string, domain: string) =>
      scenario.native.next(
        (event) => event.type === type && event.data["domain"] === domain,
        `${type} of ${domain}`,
      );
    const isFromUsers = ({ attrs }: Element) => bareOf(attrs["from"]) !== alice;

    before(async () => {
      client = await scenario.login("alice");
    });

    test("each stream is announced by its domain, and health tells of each", async () => {
      for (const domain of [first, second]) {
        const { source, data } = await delivered("bridge.connected", domain);
        assert.equal(source, `xmpp:${domain}`);
        assert.ok(data["since"]);
      }
      const [connector] = scenario.bridge.connectors;
      assert.ok(connector);
      const ready = await fetch(`http://127.0.0.1:${connector.healthPort}/ready`);
      assert.equal(ready.status, 200);
      const healths = await askConnector(connector.healthPort);
      assert.deepEqual(
        healths?.map(({ domain, stream }) => [domain, stream]),
        [
          [first, "up"],
          [second, "up"],
        ],
      );
    });

    test("messages cross both ways in each, and events name their domain", async () => {
      for (const domain of [first, second]) {
        await say(domain, `out of ${domain}`);
        assert.equal((await hears(domain)).getChildText("body"), `out of ${domain}`);
        await client.send(chat(`nina@${domain}`, "in", `into ${domain}`));
        const { source, data } = await delivered("message.sent", domain);
        assert.deepEqual([source, data["user"], data["body"]], [`xmpp:${domain}`, "nina", `into ${domain}`]);
      }
    });

    test("an event that names no domain is about the first one, one that names another is refused", async () => {
      const data = { user: "nina", contact: alice, id: "unnamed", body: "unnamed" };
      await scenario.native.emit({ type: "message.sent", data });
      assert.equal((await hears(first)).getChildText("body"), "unnamed");
      await say("elsewhere.localhost", "astray");
      const rejected = await scenario.native.nextOf("event.rejected", "nina");
      assert.equal(rejected.data["path"], "/data/domain");
      assert.equal(rejected.data["expected"], `one of ${first}, ${second}`);
    });

    test("a user is another person in each: presence of one says nothing of the other", async () => {
      const sees = async () => {
        const isShown = (it: Element) =>
          it.is("presence") && it.attrs["type"] === undefined && isFromUsers(it);
        const shown = await client.next(isShown, "presence");
        return [bareOf(shown.attrs["from"]), shown.getChildText("show")];
      };
      await scenario.native.emit({
        type: "presence.changed",
        data: { domain: second, user: "nina", show: "away" },
      });
      await emit(second, "contact.accepted", { preApprove: true, mutual: false });
      await client.send(presence({ type: "subscribe", to: `nina@${second}` }));
      assert.deepEqual(await sees(), [`nina@${second}`, "away"]);
      await scenario.native.emit({ type: "presence.changed", data: { user: "nina", show: "xa" } });
      await scenario.native.emit({
        type: "presence.changed",
        data: { domain: second, user: "nina", show: "dnd" },
      });
      assert.deepEqual(await sees(), [`nina@${second}`, "dnd"]);
    });

    test("the terminal is the user of the domain that it names", async () => {
      const { endpoints } = scenario.bridge;
      const args = ["--as", "noah", "--domain", second, "--to", alice];
      const { exit, said } = await run("native", endpoints, args, "typed\n");
      assert.equal(exit, 0, said);
      assert.match(said, /You are noah, for XMPP noah@chat\.localhost/);
      assert.equal((await client.nextMessage(`noah@${second}`)).getChildText("body"), "typed");
      const wrong = await run("native", endpoints, ["--as", "noah", "--domain", "no.localhost"]);
      assert.equal(wrong.exit, 2);
      assert.equal(wrong.said, `--domain: no.localhost is not served here: ${first}, ${second}\n`);
    });

    test("contacts are imported into the domain that is named, and no user of either is one", async () => {
      const file = join(folder, `contacts-${scenario.server}.csv`);
      writeFileSync(file, `noah,bob@localhost,from\nnoah,nina@${first},to\nnoah,nina@${second},to\n`);
      const { exit, said } = await run("import", scenario.bridge.endpoints, [file, "--domain", second]);
      assert.equal(exit, 2, said);
      assert.match(said, /\b1 .*\b2 rejected/s);
      const bob = await scenario.login("bob");
      await bob.send(presence({ type: "subscribe", to: `noah@${second}` }));
      const answer = await bob.next(({ attrs }) => attrs["type"] === "subscribed", "subscribed");
      assert.equal(bareOf(answer.attrs["from"]), `noah@${second}`);
      const wrong = await run("import", scenario.bridge.endpoints, [file, "--domain", "no.localhost"]);
      assert.equal(wrong.exit, 1);
      assert.match(wrong.said, /^--domain: no\.localhost is not served here/);
    });

    test("a planned end of one leaves the other's users where they are", async () => {
      const { exit, said } = await run("offline", scenario.bridge.endpoints, ["--domain", second]);
      assert.equal(exit, 0, said);
      assert.match(said, /told that the users of chat\.localhost are gone/);
      const gone = await client.next(({ attrs }) => attrs["type"] === "unavailable", "unavailable");
      assert.equal(bareOf(gone.attrs["from"]), `nina@${second}`);
    });

    test("one whose secret is wrong keeps nothing from the other, and nothing is received for it", async () => {
      const { endpoints } = scenario.bridge;
      const resume = await scenario.bridge.holdConnector();
      const at = { componentPort: endpoints.component.port, secret: "not-this-one" };
      const { connector, healthPort } = await scenario.startConnector(
        endpoints.component.port,
        scenario.secret,
        [{ domain: second, at }],
      );
      await say(second, "kept");
      const talk = async (id: string) => {
        await say(first, id);
        assert.equal((await hears(first)).getChildText("body"), id);
      };
      const queueUrl = endpoints.furtherComponents?.[0]?.queues.outboundStanzas ?? "";
      await untilUntouched(endpoints, queueUrl, 1, talk);
      const healths = await askConnector(healthPort);
      assert.equal(healths?.find(({ domain }) => domain === first)?.stream, "up");
      assert.notEqual(healths?.find(({ domain }) => domain === second)?.stream, "up");
      assert.equal((await fetch(`http://127.0.0.1:${healthPort}/ready`)).status, 503);
      assert.equal((await fetch(`http://127.0.0.1:${healthPort}/live`)).status, 200);
      const log = scenario.logOf("second-connector");
      for (const secret of ["not-this-one", scenario.secret]) assert.ok(!log.includes(secret));
      await connector.stop(limits.stopMsMax);
      await resume();
      assert.equal((await hears(second)).getChildText("body"), "kept");
    });

    test("the policy of one domain holds there alone", async () => {
      const args = ["set", "--domain", second, "--deny", "localhost"];
      const { exit, said } = await run("policy", scenario.bridge.endpoints, args);
      assert.equal(exit, 0, said);
      let tries = 0;
      // Until the connector has looked: then the sender hears of it.
      const isDenied = async () => {
        tries += 1;
        await client.send(chat(`nina@${second}`, `denied-${tries}`, "anybody?"));
        await client.send(chat(`nina@${first}`, `let-in-${tries}`, "anybody?"));
        await scenario.native.next(
          ({ data }) => data["id"] === `let-in-${tries}`,
          "the other domain's message",
        );
        return client.inbox.items.some(({ attrs }) => attrs["type"] === "error");
      };
      await waitUntil(isDenied, { what: "refusal", timeoutMs: 30_000 });
      const errors = client.inbox.items.filter(({ attrs }) => attrs["type"] === "error");
      for (const { attrs } of errors) assert.equal(bareOf(attrs["from"]), `nina@${second}`);
    });
  },
  { furtherDomains: [{ domain: second }], timeoutMs: 240_000 },
);
