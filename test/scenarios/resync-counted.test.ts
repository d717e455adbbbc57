/**
 * What a gap in the stream costs, counted on the connection and on the native queue: each pair says what it owes once,
 * whoever has nothing to say is silent, and nobody who went stays online.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Element } from "ltx";
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import { waitUntil } from "#local/wait-until.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { presence } from "#test/harness/stanzas.ts";
import type { Crossing } from "#test/harness/wire.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const accounts = numbered("u", 5);
const [first = "", last = ""] = [accounts[0], accounts.at(-1)];
/** Those who come back after a restart of their server. */
const loyal: readonly string[] = accounts.slice(0, 3);
/** Users whom every account sees, and who see every account; the last two have never shown themselves. */
const friends = numbered("n", 10);
const present: readonly string[] = friends.slice(0, 8);
/** Shown to the first account, sees nobody, and is not there: has nothing to say. */
const hermit = "hermit";
/** Is there, and has blocked the first account, a friend of old. */
const blocker = "blocker";
/** Is there, and has asked the last account, which does not answer. */
const asker = "asker";

const gapMsMax = 40_000;
const userOf = (jid: string | undefined) => bareOf(jid).split("@")[0] ?? "";
const pairs = friends.flatMap((user) => accounts.map((account) => `${user} ${account}`));

/** How many times each word occurs. */
function tally(words: readonly string[]): Readonly<Record<string, number>> {
  const counted = Map.groupBy(words, (word) => word);
  return Object.fromEntries([...counted].map(([word, all]) => [word, all.length]).toSorted());
}

/** `<user> <account> <type>` of a presence that crossed between them, whoever sent it. */
function wordOf({ stanza: { attrs } }: Crossing): string {
  const isOurs = (attrs["from"] ?? "").includes("im.localhost");
  const [ghost, contact] = isOurs ? [attrs["from"], attrs["to"]] : [attrs["to"], attrs["from"]];
  return `${userOf(ghost)} ${userOf(contact)} ${attrs["type"] ?? "available"}`;
}

/** What a walk says of all pairs, in those words: a probe for each, and the presence of who is there. */
const owed = [
  ...pairs.map((pair) => `${pair} probe`),
  ...pairs.filter((pair) => present.includes(userOf(pair.split(" ")[0]))).map((pair) => `${pair} available`),
  `${asker} ${last} subscribe`,
];

/** What has to answer the probes of contacts: their servers ask when they log in. */
const answersTo = (probes: readonly Crossing[]) =>
  probes.flatMap((probe) => {
    const [user = "", account = ""] = wordOf(probe).split(" ");
    if (user === blocker) return [];
    return [`${user} ${account} ${present.includes(user) ? "available" : "unavailable"}`];
  });

onEachServer(
  "a gap in the stream, counted",
  (scenario) => {
    const clients = new Map<string, XmppUser>();
    const told: CloudEvent[] = [];
    const emit = (user: string, type: string, data: object = {}) =>
      scenario.native.emit({ type, data: { user, ...data } });
    const account = (name: string) => ({ contact: `${name}@localhost` });

    /** Presences that crossed since the n-th of that list. */
    const presencesOf = (crossings: readonly Crossing[], from: number) =>
      crossings.slice(from).filter(({ stanza }) => stanza.is("presence"));
    const toldOf = (type: string) => told.filter((event) => event.type === type);
    const wordsOf = (events: readonly CloudEvent[]) =>
      events.map(({ data }) => `${data["user"]} ${userOf(String(data["contact"]))} ${data["show"]}`);
    const until = (what: string, check: () => boolean) =>
      waitUntil(async () => check(), { what, timeoutMs: gapMsMax });
    /** What was counted up to now is no longer looked at. */
    const mark = async () => {
      await scenario.operator.quiet(gapMsMax);
      told.length = 0;
      const { written, read, streams } = scenario.wire;
      return { written: written.length, read: read.length, streams };
    };
    /** The shows that the native system would list. */
    async function listed(): Promise<Readonly<Record<string, number>>> {
      const events = await Promise.all(friends.map((user) => emit(user, "roster.requested")));
      await until("rosters", () => toldOf("roster.listed").length >= events.length);
      const contacts = toldOf("roster.listed").flatMap(
        ({ data }) => data["contacts"] as { contact: string; show: string }[],
      );
      return tally(contacts.map(({ contact, show }) => `${userOf(contact)} ${show}`));
    }

    /** Lets in whoever asks, but for the one that is left waiting, and asks back whoever is a friend. */
    const answer = (client: XmppUser) => async (stanza: Element) => {
      const user = userOf(stanza.attrs["from"]);
      if (stanza.attrs["type"] !== "subscribe" || user === asker) return;
      const to = bareOf(stanza.attrs["from"]);
      await client.send(presence({ type: "subscribed", to }));
      await client.send(presence({ type: "subscribe", to }));
    };

    before(async () => {
      scenario.native.onEvent((event) => told.push(event));
      for (const user of [...present, blocker, asker]) await emit(user, "presence.changed", { show: "away" });
      for (const name of accounts) {
        const client = await scenario.login(name);
        clients.set(name, client);
        client.onStanza((stanza) => void answer(client)(stanza));
        for (const user of friends) await emit(user, "contact.requested", account(name));
      }
      await emit(blocker, "contact.requested", account(first));
      await emit(asker, "contact.requested", account(last));
      // Whether the request comes first or this: the hermit asks nothing.
      await emit(hermit, "contact.accepted", { ...account(first), preApprove: true, mutual: false });
      await clients.get(first)?.send(presence({ type: "subscribe", to: `${hermit}@im.localhost` }));
      const known = pairs.length + 1;
      await until("presence of all contacts", () => toldOf("presence.changed").length >= known);
      await until("requests of all", () => toldOf("contact.requested").length >= known + 1);
      await emit(blocker, "contact.blocked", account(first));
      await until("the block", () => toldOf("presence.changed").length > known);
      assert.equal((await listed())[`${first} online`], friends.length);
    });

    test("of two streams that break one after the other each walk ends where the next begins", async () => {
      const from = await mark();
      /** Ids of probes since then by the fence of their walk, which they name; the walk that began first comes first. */
      const walks = () => {
        const ids = presencesOf(scenario.wire.written, from.written).flatMap(
          ({ stanza }) => stanza.attrs["id"] ?? [],
        );
        const probes = ids.filter((id) => id.startsWith("probe/resync."));
        return [...Map.groupBy(probes, (id) => id.split(".")[1]).values()];
      };
      for (const cuts of [1, 2]) {
        scenario.wire.cut();
        await until(`probes of walk ${cuts}`, () => walks().length === cuts);
      }
      await scenario.operator.quiet(gapMsMax);
      const newest = from.streams + 2;
      assert.equal(scenario.wire.streams, newest);
      const [replaced = [], whole = [], ...others] = walks();
      assert.deepEqual(others, []);
      const probed = new Set(replaced).size;
      assert.ok(probed > 0 && probed < pairs.length, `${probed} pairs were probed by the walk before`);
      assert.equal(new Set(whole).size, pairs.length);
      assert.equal(whole.length, pairs.length);
      // On one stream nothing is written twice: what its predecessor left unconfirmed, and its own walk.
      const all = presencesOf(scenario.wire.written, from.written);
      const onNewest = all.filter(({ stream }) => stream === newest).map(wordOf);
      for (const [word, times] of Object.entries(tally(onNewest))) {
        assert.ok(times <= (owed.includes(word) ? 2 : 0), `${times} times: ${word}`);
      }
      for (const [word, times] of Object.entries(tally(all.map(wordOf)))) {
        assert.ok(times <= 3, `${times} times: ${word}`);
      }
      const news = toldOf("presence.changed");
      assert.deepEqual(wordsOf(news), []);
      assert.deepEqual(tally(told.map(({ type }) => type)), {
        "bridge.connected": 2,
        "bridge.disconnected": 2,
      });
    });

    test("after a restart of the server who is gone is offline, who is back is online, and no more is said than that", async () => {
      const from = await mark();
      for (const name of accounts) if (!loyal.includes(name)) clients.get(name)?.stayAway();
      await scenario.bridge.restartServer();
      const away = accounts.filter((name) => !loyal.includes(name));
      const gone = pairs.filter((pair) => away.some((name) => pair.endsWith(` ${name}`)));
      const isTold = (words: readonly string[]) => (pair: string) => words.includes(`${pair} offline`);
      await until("news of who is gone", () => gone.every(isTold(wordsOf(toldOf("presence.changed")))));
      await scenario.operator.quiet(gapMsMax);

      const written = presencesOf(scenario.wire.written, from.written).map(wordOf);
      const asked = presencesOf(scenario.wire.read, from.read).filter(
        ({ stanza }) => stanza.attrs["type"] === "probe",
      );
      assert.deepEqual(tally(written), tally([...owed, ...answersTo(asked)]));
      // One login each of those who came back.
      assert.ok(asked.length <= loyal.length * (friends.length + 2), `${asked.length} probes of contacts`);

      const news = wordsOf(toldOf("presence.changed"));
      for (const pair of pairs) {
        const [user = "", name = ""] = pair.split(" ");
        const shows = news
          .filter((word) => word.startsWith(`${user} ${name} `))
          .map((word) => word.split(" ")[2]);
        if (away.includes(name)) assert.deepEqual(shows, ["offline"], pair);
        else if (shows.length > 0) assert.deepEqual(shows, ["offline", "online"], pair);
      }
      const { "presence.changed": _, ...others } = tally(told.map(({ type }) => type));
      assert.deepEqual(others, { "bridge.connected": 1, "bridge.disconnected": 1 });
      assert.equal(scenario.native.repeats, 0);
      const shows = accounts.map((name) => `${name} ${loyal.includes(name) ? "online" : "offline"}`);
      assert.deepEqual(await listed(), Object.fromEntries(shows.map((show) => [show, friends.length])));
    });
  },
  {
    users: [...friends, hermit, blocker, asker],
    accounts: accounts.map((name) => ({ name, password: name })),
    resync: { pairsPerS: 15, settleS: 3 },
    wire: true,
    timeoutMs: 180_000,
  },
);
