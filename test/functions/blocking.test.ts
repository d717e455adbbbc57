/** Blocked contacts, by XEP-0191's rules for the server of the one who blocks, over real engines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import type { SQSRecord } from "aws-lambda";
import { keyItem } from "#aws/attributes.ts";
import { userKey } from "#aws/keys.ts";
import type { PairState } from "#core/pair.ts";
import { iqWork } from "#functions/iq.ts";
import { messageWork } from "#functions/message.ts";
import { nativeWork } from "#functions/native.ts";
import type { Work } from "#functions/pipeline.ts";
import { presenceWork } from "#functions/presence.ts";
import { crashEach } from "#test/harness/crashes.ts";
import {
  announce,
  domain,
  emptyQueues,
  portsOver,
  relate,
  take,
  takeEvents,
  takeStanzas,
} from "#test/harness/functions.ts";
import { again } from "#test/harness/lambda-events.ts";
import { invoke, makeStage, perform, type Stage } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines();

const here = { show: "dnd", version: 3, time: "2026-11-01T00:00:00Z" } as const;

/** A user that is there, and its contact. */
async function meet(state?: Partial<PairState>, user?: string): Promise<Stage> {
  const stage = makeStage(user);
  const { pair } = stage;
  if ((await engines.table.readUser(domain, pair.user)) === undefined) {
    await announce(engines, stage.user);
    await engines.table.setPresence(domain, pair.user, here, "0");
  }
  if (state !== undefined) await relate(engines, pair, state);
  return stage;
}

/** Each record by an instance that knows nothing yet. */
async function handle(work: Work, ...records: SQSRecord[]): Promise<void> {
  for (const one of records) await perform(work, portsOver(engines), one);
}

const block = (stage: Stage) => handle(nativeWork, stage.native("contact.blocked"));
const unblock = (stage: Stage) => handle(nativeWork, stage.native("contact.unblocked"));
const presence = (type?: string, resource?: string) => ({
  name: "presence" as const,
  attrs: type === undefined ? {} : { type, id: `presence ${type}` },
  ...(resource === undefined ? {} : { resource }),
});
const chat = { name: "message", attrs: { id: "m1", type: "chat" }, children: "<body>hi</body>" } as const;

/** What has left, in one line each. */
const xmls = async () => (await takeStanzas(engines)).map(({ xml }) => xml);
const told = async () => (await takeEvents(engines)).map(({ type, data }) => ({ type, ...data }));
const reasons = async () => (await told()).map((said) => ("reason" in said ? said.reason : said.type));
const isSubscriber = async ({ pair }: Stage) =>
  (await engines.table.subscribers(domain, pair.user, undefined)).contacts.includes(pair.contact);
const stateOf = async ({ pair }: Stage) => (await engines.table.readPair(pair))?.state;

async function counterOf({ user }: Stage): Promise<number> {
  const Key = keyItem(userKey(domain, user));
  const { Item } = await engines.dynamodb.send(
    new GetItemCommand({ TableName: engines.tableName, Key, ConsistentRead: true }),
  );
  return Number(Item?.["blocks"]?.N ?? 0);
}

describe("a contact that is blocked", () => {
  test("sees the user leave, as the user sees it, and then nothing: no presence of it is taken or answered", async () => {
    const stage = await meet({ state: "both" });
    await handle(presenceWork, stage.stanzas(presence(undefined, "phone")));
    await emptyQueues(engines);
    await block(stage);
    const [goodbye, ...more] = await takeStanzas(engines);
    assert.deepEqual(more, []);
    assert.match(goodbye?.xml ?? "", /^<presence from="[^"]+\/causeway" [^>]*type="unavailable"/);
    // Whatever broadcast is still on its way leaves the contact out.
    assert.equal(goodbye?.parting, true);
    assert.deepEqual(
      (await told()).map((said) => [said.type, "show" in said && said.show]),
      [["presence.changed", "offline"]],
    );
    assert.equal(await isSubscriber(stage), false);
    const before = await stateOf(stage);
    const types = ["subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "error", "odd"];
    await handle(
      presenceWork,
      ...[undefined, "unavailable", ...types].flatMap((type) => [
        stage.stanzas(presence(type)),
        stage.stanzas(presence(type, "phone")),
      ]),
    );
    assert.deepEqual([await xmls(), await told()], [[], []]);
    for (const queue of ["nativeEvents", "walks"] as const) assert.deepEqual(await take(engines, queue), []);
    assert.deepEqual(await stateOf(stage), before);
    assert.equal(await engines.table.readAvailability(stage.pair), undefined);
  });

  test("writes and asks as if nobody were there", async () => {
    const stage = await meet({ state: "both" });
    await block(stage);
    const to = `nobody@${domain}`;
    const body = "<body>hi</body>";
    const ping = `<ping xmlns="urn:xmpp:ping"/>`;
    const info = `<query xmlns="http://jabber.org/protocol/disco#info"/>`;
    const failure = `<error type="cancel"><gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;
    const asked: [work: Work, name: "message" | "iq", type: string, children: string, answered: boolean][] = [
      [messageWork, "message", "chat", body, true],
      [messageWork, "message", "normal", body, true],
      [messageWork, "message", "chat", "", true],
      [messageWork, "message", "groupchat", body, true],
      [messageWork, "message", "headline", body, false],
      [messageWork, "message", "error", failure, false],
      [iqWork, "iq", "get", ping, true],
      [iqWork, "iq", "get", info, true],
      [iqWork, "iq", "set", ping, true],
      [iqWork, "iq", "result", "", false],
      [iqWork, "iq", "error", failure, false],
    ];
    for (const [work, name, type, children, answered] of asked) {
      const said = { name, children, resource: "phone" };
      await emptyQueues(engines);
      await handle(work, stage.stanzas({ ...said, attrs: { type, id: "1" } }));
      const toBlocker = (await xmls()).map((xml) => xml.replaceAll(`${stage.user}@`, "nobody@"));
      await handle(work, stage.stanzas({ ...said, attrs: { type, id: "1", to } }));
      const toNobody = await xmls();
      assert.deepEqual(toBlocker, toNobody, `${name} ${type}`);
      assert.equal(toNobody.length, answered ? 1 : 0, `${name} ${type}`);
      if (answered) assert.match(toNobody[0] ?? "", /<service-unavailable /);
    }
    assert.deepEqual(await told(), []);
  });

  test("is left out of broadcasts", async () => {
    const stage = await meet({ state: "from" });
    const other = await meet({ state: "from" }, stage.user);
    await block(stage);
    await emptyQueues(engines);
    await handle(nativeWork, other.native("presence.changed", { contact: undefined, show: "away" }));
    const templates = await takeStanzas(engines, "outboundPresence");
    assert.deepEqual(
      templates.map(({ recipients }) => recipients),
      [[other.contact]],
    );
  });

  test("can be neither written to nor befriended, at once where it was blocked", async () => {
    const stage = await meet({ state: "none+in" });
    const ports = portsOver(engines);
    const write = () => stage.native("message.sent", { id: "m1", body: "hi" });
    await invoke(nativeWork, ports, [write()]);
    assert.equal((await xmls()).length, 1);
    await invoke(nativeWork, ports, [stage.native("contact.blocked")]);
    const types = ["contact.requested", "contact.accepted", "contact.declined", "contact.removed"];
    await invoke(nativeWork, ports, [write(), ...types.map((type) => stage.native(type))]);
    assert.deepEqual(await reasons(), Array(5).fill("blocked"));
    assert.deepEqual(await xmls(), []);
    assert.equal((await stateOf(stage))?.state, "none+in");
  });
});

describe("a block that is lifted", () => {
  test("brings back what was: the contact sees the user, is asked, and is heard again", async () => {
    const stage = await meet({ state: "both" });
    await block(stage);
    await emptyQueues(engines);
    await unblock(stage);
    const stanzas = await takeStanzas(engines);
    assert.match(stanzas[0]?.xml ?? "", /\/causeway".*<show>dnd</);
    assert.equal(stanzas[0]?.availability?.version, here.version);
    assert.match(stanzas[1]?.xml ?? "", /type="probe"/);
    assert.equal(stanzas.length, 2);
    assert.equal(await isSubscriber(stage), true);
    await handle(presenceWork, stage.stanzas(presence(undefined, "phone")));
    await handle(messageWork, stage.stanzas(chat));
    await handle(nativeWork, stage.native("message.sent", { id: "m2", body: "hi" }));
    assert.deepEqual(await reasons(), ["presence.changed", "message.sent"]);
    assert.equal((await xmls()).length, 1);
  });

  for (const state of [undefined, { state: "none" }, { preApproved: true, nick: "Al" }] as const) {
    test(`of somebody who is no contact leaves nothing behind: ${JSON.stringify(state)}`, async () => {
      const stage = await meet(state);
      await block(stage);
      assert.equal((await stateOf(stage))?.blocked, true);
      await handle(messageWork, stage.stanzas(chat));
      assert.match((await xmls()).join(), /^<message .*<service-unavailable /);
      await unblock(stage);
      assert.deepEqual(await stateOf(stage), { state: "none", preApproved: false, ...state });
      await handle(messageWork, stage.stanzas(chat));
      assert.deepEqual([await reasons(), await xmls()], [["message.sent"], []]);
      assert.equal(await counterOf(stage), 0);
    });
  }
});

describe("blocks are counted once each", () => {
  test("however often they are made, lifted, or come again", async () => {
    const stage = await meet({ state: "both" });
    const other = await meet(undefined, stage.user);
    const counts: number[] = [];
    const steps = [
      stage.native("contact.unblocked"),
      stage.native("contact.blocked"),
      stage.native("contact.blocked"),
      other.native("contact.blocked"),
      stage.native("contact.unblocked"),
      stage.native("contact.unblocked"),
      other.native("contact.unblocked"),
    ];
    for (const step of steps) {
      await handle(nativeWork, step, again(step));
      counts.push(await counterOf(stage));
    }
    assert.deepEqual(counts, [0, 1, 1, 2, 1, 1, 0]);
    // An old block that comes once more is over.
    for (const step of steps) await handle(nativeWork, again(step));
    assert.equal(await counterOf(stage), 0);
    assert.equal((await stateOf(stage))?.blocked, undefined);
  });

  test("wherever the function dies", async () => {
    const stages: Stage[] = [];
    const left = await crashEach(engines, nativeWork, async () => {
      const stage = await meet({ state: "both" });
      await handle(presenceWork, stage.stanzas(presence(undefined, "phone")));
      stages.push(stage);
      return {
        stage,
        records: [
          stage.native("contact.blocked"),
          stage.native("contact.requested"),
          stage.native("contact.unblocked"),
          stage.native("contact.blocked"),
        ],
      };
    });
    assert.equal(left.state.pair?.state.blocked, true);
    assert.equal(left.state.isSubscriber, false);
    for (const stage of stages) assert.equal(await counterOf(stage), 1);
  });
});
