/** The operator's policy in all functions, over real engines. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { SQSRecord } from "aws-lambda";
import { keyItem } from "#aws/attributes.ts";
import { policyKey } from "#aws/keys.ts";
import { limits } from "#core/limits.ts";
import type { PairState } from "#core/pair.ts";
import { openPolicy, type Policy } from "#core/policy.ts";
import { iqWork } from "#functions/iq.ts";
import { messageWork } from "#functions/message.ts";
import { nativeWork } from "#functions/native.ts";
import type { Work } from "#functions/pipeline.ts";
import type { Ports } from "#functions/ports.ts";
import { presenceWork } from "#functions/presence.ts";
import { readMetrics } from "#test/harness/embedded-metrics.ts";
import {
  announce,
  domain,
  type LogEntry,
  now,
  portsOver,
  relate,
  takeDeadLetters,
  takeEvents,
  takeStanzas,
} from "#test/harness/functions.ts";
import { invoke, makeStage, perform, type Stage } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines();

const set = (policy: Partial<Policy>) => engines.table.writePolicy(domain, { ...openPolicy, ...policy });
const deny = { deny: ["example.org"] };

/** A user and its contact, or, with `null`, nobody and its contact. */
async function meet(state?: Partial<PairState> | null): Promise<Stage> {
  const stage = makeStage();
  if (state !== null) await announce(engines, stage.user);
  if (state) await relate(engines, stage.pair, state);
  return stage;
}

/** Handles a record by a new instance; nothing is returned to its queue. */
async function handle(work: Work, one: SQSRecord, ports: Ports = portsOver(engines)): Promise<void> {
  await perform(work, ports, one);
}

const attrs = { id: "m1", type: "chat" };
const says = (stage: Stage, more: Record<string, string> = {}) =>
  stage.stanzas({
    name: "message",
    attrs: { ...attrs, ...more },
    children: "<body>hi</body>",
    resource: "phone",
  });
const shows = (stage: Stage, type?: string) =>
  stage.stanzas({ name: "presence", attrs: type === undefined ? {} : { type }, resource: "phone" });
const asks = (stage: Stage) =>
  stage.stanzas({ name: "iq", attrs: { type: "get", id: "q1" }, children: '<ping xmlns="urn:xmpp:ping"/>' });

/** What has come of it: kinds of events, and what was answered, with the names of the stage left out. */
async function outcome(stage: Stage) {
  const events = (await takeEvents(engines)).map(({ type }) => type);
  const answers = (await takeStanzas(engines)).map(({ xml }) => stage.neutral(xml));
  return { events, answers };
}
const nothing = { events: [], answers: [] };

const valuesOf = (metrics: ReturnType<typeof readMetrics>) =>
  Object.fromEntries(Object.entries(metrics).map(([name, { value }]) => [name, value]));

describe("a denied domain", () => {
  before(() => set(deny));

  for (const [who, state] of [
    ["a user who has the contact", { state: "both" }],
    ["a user who has not", {}],
    ["nobody", null],
  ] as const) {
    test(`gets the same answers from ${who}: messages and requests an error, presence and answers silence`, async () => {
      const stage = await meet(state);
      for (const [work, one, element] of [
        [messageWork, says(stage), "message"],
        [iqWork, asks(stage), "iq"],
      ] as const) {
        await handle(work, one);
        const { events, answers } = await outcome(stage);
        assert.deepEqual(events, []);
        assert.match(
          answers.join(),
          new RegExp(`^<${element} type="error" .*<error type="cancel"><not-allowed `),
        );
      }
      for (const [work, one] of [
        [presenceWork, shows(stage)],
        [presenceWork, shows(stage, "subscribe")],
        [presenceWork, shows(stage, "probe")],
        [messageWork, says(stage, { type: "error" })],
        [messageWork, says(stage, { type: "headline" })],
        [iqWork, stage.stanzas({ name: "iq", attrs: { type: "result", id: "q1" } })],
      ] as const) {
        await handle(work, one);
        assert.deepEqual(await outcome(stage), nothing);
      }
    });
  }

  test("is not spoken to: what begins something is rejected, what ends something is carried out", async () => {
    const stage = await meet({ state: "both" });
    for (const [type, data] of [
      ["message.sent", { id: "n1", body: "hi" }],
      ["message.displayed", { id: "m1" }],
      ["typing.changed", { state: "composing" }],
      ["contact.requested", {}],
      ["contact.accepted", { preApprove: true }],
      ["presence.changed", { show: "online" }],
    ] as const) {
      await handle(nativeWork, stage.native(type, data));
      const [event, ...more] = await takeEvents(engines);
      assert.deepEqual(more, []);
      assert.equal(event?.type, "event.rejected", type);
      assert.equal(event.data["reason"], "policy");
      assert.equal(event.data["path"], "/data/contact");
    }
    assert.deepEqual(await takeStanzas(engines), []);
    await handle(nativeWork, stage.native("contact.removed", {}));
    const { events, answers } = await outcome(stage);
    assert.deepEqual(events, []);
    assert.ok(answers.some((xml) => xml.includes('type="unsubscribe"')));
  });

  test("is known to an instance five seconds after it is denied, with one read for all that comes until then", async () => {
    await set({});
    const stage = await meet();
    let clock = now;
    const ports = portsOver(engines, { clock: () => clock });
    await handle(messageWork, says(stage), ports);
    await set(deny);
    engines.requests.length = 0;
    await handle(messageWork, says(stage), ports);
    assert.deepEqual(engines.requests, ["SendMessageBatchCommand"]);
    assert.deepEqual((await outcome(stage)).events, ["message.sent", "message.sent"]);
    clock += limits.policyReadMs + 1;
    await handle(messageWork, says(stage), ports);
    assert.deepEqual((await outcome(stage)).events, []);
  });

  test("waits, like everything else, while the policy cannot be read", async () => {
    const stage = await meet();
    const Item = { ...keyItem(policyKey(domain)), policy: { S: '{"deny":"everybody"}' } };
    await engines.dynamodb.send(new PutItemCommand({ TableName: engines.tableName, Item }));
    const one = says(stage);
    const answer = await invoke(messageWork, portsOver(engines), [one]);
    assert.deepEqual(answer, { batchItemFailures: [{ itemIdentifier: one.messageId }] });
    assert.deepEqual(await takeDeadLetters(engines, "messageStanzas"), []);
    await set({});
    await handle(messageWork, one);
    assert.deepEqual((await outcome(stage)).events, ["message.sent"]);
  });
});

test("who is kept out is counted by the reason, once an invocation, and nobody is named", async () => {
  const log: LogEntry[] = [];
  const ports = portsOver(engines, { log });
  const counted = () => {
    const lines = log.splice(0).filter(({ event }) => event === "inbound.refused");
    for (const line of lines) assert.doesNotMatch(JSON.stringify(line), /@|user\d|contact\d/);
    return lines.map((line) => [line["function"], line["Part"], valuesOf(readMetrics(JSON.stringify(line)))]);
  };
  await set(deny);
  const [one, other] = [await meet({ state: "both" }), await meet()];
  const records = [says(one), says(one, { type: "headline" }), says(other)];
  assert.deepEqual(await invoke(messageWork, ports, records), { batchItemFailures: [] });
  assert.deepEqual(counted(), [["message", "functions", { RefusedDenied: 3 }]]);
  await handle(presenceWork, shows(one), ports);
  assert.deepEqual(counted(), [["presence", "functions", { RefusedDenied: 1 }]]);

  await set({ strangers: "nothing" });
  const later = portsOver(engines, { log });
  await handle(messageWork, says(other), later);
  await handle(messageWork, says(one), later);
  await handle(messageWork, says(await meet(null)), later);
  assert.deepEqual(counted(), [["message", "functions", { RefusedStranger: 1 }]]);
});

describe("strangers", () => {
  const strange = [{}, { state: "none+in" }] as const;
  const known = [
    { state: "to" },
    { state: "from" },
    { state: "both" },
    { state: "none+out" },
    { preApproved: true },
  ] as const;

  for (const strangers of ["nothing", "ask"] as const) {
    test(`who may ${strangers} get the answer of nobody to a message; those whom the user has, or has asked, pass`, async () => {
      await set({ strangers });
      const nobody = await meet(null);
      await handle(messageWork, says(nobody));
      const expected = await outcome(nobody);
      assert.match(expected.answers.join(), /service-unavailable/);
      for (const state of strange) {
        const stage = await meet(state);
        await handle(messageWork, says(stage));
        const { events, answers } = await outcome(stage);
        assert.deepEqual(events, []);
        assert.deepEqual(
          answers.map((xml) => xml.replaceAll(stage.user, "").length),
          expected.answers.map((xml) => xml.replaceAll(nobody.user, "").length),
        );
        assert.match(answers.join(), /service-unavailable/);
        await handle(messageWork, says(stage, { type: "headline" }));
        assert.deepEqual(await outcome(stage), nothing);
      }
      for (const state of known) {
        const stage = await meet(state);
        await handle(messageWork, says(stage));
        assert.deepEqual((await outcome(stage)).events, ["message.sent"], JSON.stringify(state));
      }
    });

    test(`who may ${strangers} still give back what came to them`, async () => {
      await set({ strangers });
      const stage = await meet();
      const error = '<error type="cancel"><gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>';
      await handle(
        messageWork,
        stage.stanzas({ name: "message", attrs: { id: "n1", type: "error" }, children: error }),
      );
      assert.deepEqual((await outcome(stage)).events, ["message.failed"]);
    });
  }

  test("ask where they may, and meet silence where they may not", async () => {
    await set({ strangers: "ask" });
    const asking = await meet();
    await handle(presenceWork, asking.stanzas({ name: "presence", attrs: { type: "subscribe" } }));
    assert.deepEqual((await outcome(asking)).events, ["contact.requested"]);
    await set({ strangers: "nothing" });
    const refused = await meet();
    await handle(presenceWork, refused.stanzas({ name: "presence", attrs: { type: "subscribe" } }));
    assert.deepEqual(await outcome(refused), nothing);
    assert.equal(await engines.table.readPair(refused.pair), undefined);
  });

  test("who may write cost no read; else the pair is read for each, and once in ten seconds where it is known", async () => {
    const costOf = async (stage: Stage, ports: Ports) => {
      engines.requests.length = 0;
      await handle(messageWork, says(stage), ports);
      return engines.requests.filter((name) => name === "GetItemCommand").length;
    };
    for (const [strangers, state, first, second] of [
      ["message", {}, 3, 0],
      ["ask", {}, 4, 1],
      ["ask", { state: "both" }, 4, 0],
    ] as const) {
      await set({ strangers });
      const stage = await meet(state);
      const ports = portsOver(engines);
      const costs = [await costOf(stage, ports), await costOf(stage, ports)];
      assert.deepEqual(costs, [first, second], `${strangers} ${JSON.stringify(state)}`);
    }
  });

  test("who were accepted a moment ago are strangers no more, whatever was known of them", async () => {
    await set({ strangers: "ask" });
    const stage = await meet();
    const ports = portsOver(engines);
    await handle(messageWork, says(stage), ports);
    assert.deepEqual((await outcome(stage)).events, []);
    await relate(engines, stage.pair, { state: "from" });
    await handle(messageWork, says(stage), ports);
    assert.deepEqual((await outcome(stage)).events, ["message.sent"]);
  });
});
