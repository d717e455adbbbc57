/** Messages that come back are done with, however many there are and however slow AWS is, over real engines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { limits } from "#core/limits.ts";
import { iqWork } from "#functions/iq.ts";
import { messageWork } from "#functions/message.ts";
import { makeHandler, type Work } from "#functions/pipeline.ts";
import { type Ending, faulty } from "#test/harness/faults.ts";
import { domain, now, portsOver, takeDeadLetters, takeEvents, takeStanzas } from "#test/harness/functions.ts";
import { again, invocation, pack, record, stanza, unique } from "#test/harness/lambda-events.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines({ users: ["nina"] });

const timeoutMs = limits.functionTimeoutS * 1000;
const says = (body: string) =>
  stanza("message", { type: "chat", id: `m-${unique()}` }, `<body>${body}</body>`);
const asks = (id: string) => stanza("iq", { type: "get", id, to: domain }, `<ping xmlns="urn:xmpp:ping"/>`);
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);
const allDone = { batchItemFailures: [] };

/**
 * What a new instance of a function answers where each call to AWS takes as long as given, how it called AWS, and how
 * long it took; Lambda ends it when its time is over.
 */
async function invoke(
  work: Work,
  records: readonly SQSRecord[],
  msOf: (call: string) => number,
  endingOf: (call: string) => Ending = () => "done",
) {
  const receives = Math.max(...records.map((one) => Number(one.attributes.ApproximateReceiveCount)));
  // What had no answer is hidden for a minute.
  const startedAt = now + receives * 60_000;
  let ms = 0;
  const parts = faulty(engines, (_, name) => {
    ms += msOf(name);
    return ms > timeoutMs ? "dies" : endingOf(name);
  });
  const handler = makeHandler(work, portsOver(parts, { clock: () => startedAt + ms }));
  const answer = await Promise.race([handler(invocation(...records)), parts.died]);
  const count = (name: string) => parts.calls.filter((call) => call === name).length;
  return { answer, count, ms };
}

const usually = () => 25;
const onlyAt = (call: string, ending: Ending) => (name: string) => (name === call ? ending : "done");
const returned = (records: readonly SQSRecord[]) => ({
  batchItemFailures: records.map(({ messageId }) => ({ itemIdentifier: messageId })),
});
const deliveredBodies = async () => (await takeEvents(engines)).map(({ data }) => data["body"]);

describe("messages that come back", () => {
  test("are done with in one invocation where AWS had failed, as many as a lane brings", async () => {
    const bodies = numbers(10).map((first) => numbers(20).map((second) => `${first}.${second}`));
    const lane = bodies.map((some) => record({ body: pack(...some.map(says)) }));
    const failing = await invoke(messageWork, lane, usually, onlyAt("send", "fails"));
    assert.deepEqual(failing.answer, returned(lane));
    const second = lane.map((one) => again(one));
    const { answer, count, ms } = await invoke(messageWork, second, usually);
    assert.deepEqual(answer, allDone);
    assert.deepEqual([count("readNote"), count("writeNote")], [lane.length, 2 * lane.length]);
    assert.ok(ms < limits.beginsMsMax, `${ms} ms`);
    assert.deepEqual(await deliveredBodies(), bodies.flat());
  });

  test("go on behind what was handled when one alone takes longer than a function may", async () => {
    const slow = () => 1_000;
    const ids = numbers(12);
    let one = record({ body: pack("<malformed", ...ids.map(asks)), group: "" });
    // Where all its items are in hand at an end, nothing tells which of them it was.
    for (const end of [1, 2]) {
      assert.equal((await invoke(iqWork, [one], slow)).answer, "died", `end ${end}`);
      one = again(one);
    }
    let sent = 0;
    let isDone = false;
    for (let attempt = 0; !isDone; attempt++) {
      assert.ok(attempt <= ids.length, "each attempt handles one at least");
      const { answer, count } = await invoke(iqWork, [one], slow);
      assert.ok(answer !== "died");
      sent += count("send");
      isDone = answer.batchItemFailures.length === 0;
      one = again(one);
    }
    assert.equal(sent, ids.length, "none is handled twice");
    const answered = (await takeStanzas(engines)).map(({ xml }) => /id="(\d+)"/.exec(xml)?.[1]);
    assert.deepEqual([...new Set(answered)].sort(), [...ids].sort());
    const letters = await takeDeadLetters(engines, "iqStanzas");
    assert.deepEqual(
      letters.map(({ reason }) => reason),
      ["malformed", "malformed", "malformed"],
      "twice with all the others, once alone",
    );
    assert.equal(await engines.table.readNote(one.messageId), undefined);
  });

  test("are handled by one item at least, also where their note took all the time", async () => {
    const one = record({ body: pack(says("slow"), says("next")), receives: 2 });
    assert.equal((await invoke(messageWork, [one], usually, onlyAt("send", "dies"))).answer, "died");
    const msOf = (call: string) => (call === "readNote" ? limits.beginsMsMax : 25);
    assert.deepEqual((await invoke(messageWork, [again(one)], msOf)).answer, returned([one]));
    assert.deepEqual(await deliveredBodies(), ["slow"]);
    assert.deepEqual((await invoke(messageWork, [again(one, 2)], msOf)).answer, allDone);
    assert.deepEqual(await deliveredBodies(), ["next"]);
  });

  test("go on behind an item at which AWS fails only when it was handled", async () => {
    let one = record({ body: pack(says("patient"), says("next")), receives: 2 });
    for (const ending of ["dies", "fails"] as const) {
      const { answer } = await invoke(messageWork, [one], usually, onlyAt("send", ending));
      assert.deepEqual(answer, ending === "dies" ? "died" : returned([one]));
      one = again(one);
    }
    const { answer, count } = await invoke(messageWork, [one], usually);
    assert.deepEqual(answer, allDone);
    assert.equal(count("send"), 2, "one by one still, though its note names none");
    assert.deepEqual(await deliveredBodies(), ["patient", "next"]);
  });

  test("heed a note that says nothing of how far an attempt came", async () => {
    const one = record({ body: pack(says("boom"), says("patient")), receives: 2 });
    const { items } = JSON.parse(one.body) as { items: { fence: number; seq: number }[] };
    const aside = [`${items[0]?.fence}.${items[0]?.seq}`];
    await engines.table.writeNote(one.messageId, { ends: [], aside }, now / 1000 + limits.noteKeptS);
    assert.deepEqual((await invoke(messageWork, [one], usually)).answer, allDone);
    assert.deepEqual(await deliveredBodies(), ["patient"]);
  });
});
