/** What native users say to their contacts, over real engines: what it costs, who may be told, and repeats. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { allCapabilities } from "#core/capabilities.ts";
import { limits } from "#core/limits.ts";
import type { PairState } from "#core/pair.ts";
import { nativeWork } from "#functions/native.ts";
import type { Ports } from "#functions/ports.ts";
import { crashEach } from "#test/harness/crashes.ts";
import {
  announce,
  emptyQueues,
  now,
  portsOver,
  relate,
  startEngines,
  take,
  takeDeadLetters,
  takeEvents,
  takeStanzas,
} from "#test/harness/functions.ts";
import { again, nativeEvent, record } from "#test/harness/lambda-events.ts";
import { makeStage, perform, type Stage } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines();

/** A user and its contact. */
async function meet(state?: Partial<PairState>): Promise<Stage> {
  const stage = makeStage();
  await announce(engines, stage.user);
  if (state !== undefined) await relate(engines, stage.pair, state);
  return stage;
}

async function handle(ports: Ports, ...records: SQSRecord[]): Promise<void> {
  await perform(nativeWork, ports, ...records);
}

type Said = readonly (readonly [type: string, data: Readonly<Record<string, unknown>>])[];

const content: Said = [
  ["message.sent", { id: "m1", body: "hi" }],
  ["message.edited", { id: "m2", replaces: "m1", body: "hi!" }],
  ["message.retracted", { id: "m1", parts: 1 }],
  ["message.reacted", { id: "a1", emojis: ["👍"] }],
];
/** What gives the user's presence away. */
const telling: Said = [
  ["message.delivered", { id: "a1" }],
  ["message.displayed", { id: "a1" }],
  ["typing.changed", { state: "composing" }],
];
const everything: Said = [...content, ...telling];

const recordsOf = (stage: Stage, events: Said) => events.map(([type, data]) => stage.native(type, data));
const xmls = async () => (await takeStanzas(engines)).map(({ xml }) => xml);
/** What each stanza says, by the name of the element that says it. */
const said = async () => {
  const names = ["received", "displayed", "composing", "retract", "reactions", "replace", "body"];
  return (await xmls()).map((xml) => names.find((name) => xml.includes(`<${name}`)));
};

describe("what users say", () => {
  test("costs no write, and no read once the user is known, for a text; what clients know is read once", async () => {
    const stage = await meet();
    const ports = portsOver(engines);
    await handle(ports, ...recordsOf(stage, [["message.sent", { id: "m0", body: "first" }]]));
    engines.requests.length = 0;
    await handle(ports, ...recordsOf(stage, content));
    const sent = "SendMessageBatchCommand";
    assert.deepEqual(engines.requests, [sent, "GetItemCommand", sent, sent, sent]);
    assert.deepEqual(await said(), ["body", "body", "replace", "retract", "retract", "reactions"]);
  });

  test("costs one read of the pair for receipts, markers and typing, and one for what clients know, while they are cached", async () => {
    const stage = await meet({ state: "from" });
    const ports = portsOver(engines);
    await handle(ports, ...recordsOf(stage, [["message.sent", { id: "m0", body: "first" }]]));
    engines.requests.length = 0;
    await handle(ports, ...recordsOf(stage, telling));
    const sent = "SendMessageBatchCommand";
    // One of the pair, and one of what the contact's clients know, for typing.
    assert.deepEqual(engines.requests, ["GetItemCommand", sent, sent, "GetItemCommand", sent]);
    assert.deepEqual(await said(), ["body", "received", "displayed", "composing"]);
  });

  test("is refused to a contact that the user blocks, whatever it is", async () => {
    const stage = await meet({ state: "both" });
    const ports = portsOver(engines);
    await handle(ports, stage.native("contact.blocked"));
    await emptyQueues(engines);
    await handle(ports, ...recordsOf(stage, everything));
    assert.deepEqual(await xmls(), []);
    const events = await takeEvents(engines);
    assert.deepEqual(
      events.map(({ data }) => [data["type"], data["reason"]]),
      everything.map(([type]) => [type, "blocked"]),
    );
  });

  test("makes the same stanzas under the same ids when it comes again, and the queue drops them", async () => {
    const stage = await meet({ state: "both" });
    const records = recordsOf(stage, everything);
    await handle(portsOver(engines), ...records);
    const first = await take(engines, "outboundStanzas");
    assert.equal(first.length, everything.length);
    await handle(portsOver(engines), ...records.map((one) => again(one)));
    assert.deepEqual(await take(engines, "outboundStanzas"), []);
    // A queue that knows of nothing gets the same, to the letter.
    const fresh = await startEngines();
    try {
      await announce(fresh, stage.user);
      await relate(fresh, stage.pair, { state: "both" });
      await handle(portsOver(fresh), ...records);
      assert.deepEqual(await take(fresh, "outboundStanzas"), first);
    } finally {
      await fresh.stop();
    }
  });

  test("leaves the same behind wherever the function dies", async () => {
    const seen = await crashEach(engines, nativeWork, async () => {
      const stage = await meet({ state: "both" });
      return { stage, records: recordsOf(stage, everything) };
    });
    assert.equal((seen["stanzas"] as unknown[]).length, everything.length + 1);
    assert.deepEqual(seen["deadLetters"], []);
  });

  test("under ids of any text", async () => {
    const stage = await meet({ state: "both" });
    const id = `'"<&>\u05d0 😀`.repeat(90);
    await handle(
      portsOver(engines),
      stage.native("message.delivered", { id: `${id}/7` }),
      stage.native("message.edited", { id: `${id}2`, replaces: id, body: "b" }),
      stage.native("message.retracted", { id, parts: 1 }),
      stage.native("message.reacted", { id, originId: `${id}/9`, emojis: [] }),
    );
    assert.equal((await xmls()).length, 5);
    assert.deepEqual(await takeEvents(engines), []);
    assert.deepEqual(await takeDeadLetters(engines, "nativeEvents"), []);
  });
});

describe("receipts, markers and typing", () => {
  for (const [state, isTold] of [
    [undefined, false],
    ["none", false],
    ["none+out", false],
    ["none+in", false],
    ["to", false],
    ["from", true],
    ["both", true],
  ] as const) {
    test(`${isTold ? "go to" : "are kept from"} a contact of state ${state ?? "unknown"}`, async () => {
      const stage = await meet(state && { state });
      await handle(portsOver(engines), ...recordsOf(stage, telling));
      assert.deepEqual(await said(), isTold ? ["received", "displayed", "composing"] : []);
      assert.deepEqual(await takeEvents(engines), [], "nothing is said of it");
      assert.deepEqual(await takeDeadLetters(engines, "nativeEvents"), []);
    });
  }

  test("go to strangers where the deployment says so", async () => {
    const stage = await meet();
    const capabilities = { ...allCapabilities, tellStrangers: true };
    await handle(portsOver(engines, { capabilities }), ...recordsOf(stage, telling));
    assert.equal((await xmls()).length, 3);
  });

  test("follow a change of the subscription at once where it was made", async () => {
    const stage = await meet({ state: "from" });
    const ports = portsOver(engines);
    await handle(ports, ...recordsOf(stage, telling));
    assert.equal((await xmls()).length, 3);
    await handle(ports, stage.native("contact.removed"));
    await emptyQueues(engines);
    await handle(ports, ...recordsOf(stage, telling));
    assert.deepEqual(await xmls(), []);
    await handle(ports, stage.native("contact.accepted", { preApprove: true, mutual: false }));
    await emptyQueues(engines);
    await handle(ports, ...recordsOf(stage, telling));
    assert.deepEqual(await xmls(), [], "approved in advance is not seen yet");
  });

  test("no receipt leaves where delivery is told at the hand-over", async () => {
    const stage = await meet({ state: "both" });
    const capabilities = { ...allCapabilities, receipts: "handover" as const };
    await handle(portsOver(engines, { capabilities }), ...recordsOf(stage, telling));
    assert.deepEqual(await said(), ["displayed", "composing"]);
  });

  test("typing is dropped when it is old, and else expires in the connector", async () => {
    const stage = await meet({ state: "both" });
    const typing = (ageMs: number) => {
      const data = { user: stage.user, contact: stage.contact, state: "composing" };
      const event = JSON.parse(nativeEvent("typing.changed", data)) as Record<string, unknown>;
      const body = JSON.stringify({ ...event, time: new Date(now - ageMs).toISOString() });
      return record({ body, group: stage.user });
    };
    const old = limits.typingAgeMsMax + 1;
    await handle(portsOver(engines), typing(old), typing(old - 1), typing(-3_600_000));
    assert.deepEqual(
      (await takeStanzas(engines)).map(({ expires, written }) => ({ expires, written })),
      [now, now + limits.typingAgeMsMax].map((at) => ({
        expires: new Date(at).toISOString(),
        written: undefined,
      })),
    );
  });
});
