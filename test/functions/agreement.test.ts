/** Invariant 6: state and effects agree, whatever step a function fails or dies at, over real engines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { makeTable } from "#aws/dynamodb-table.ts";
import { makeQueues } from "#aws/queues.ts";
import { limits } from "#core/limits.ts";
import type { PairState } from "#core/pair.ts";
import { messageWork } from "#functions/message.ts";
import { nativeWork } from "#functions/native.ts";
import type { Work } from "#functions/pipeline.ts";
import { presenceWork } from "#functions/presence.ts";
import { dynamodbClientFor, sqsClientFor } from "#local/aws-clients.ts";
import { type Ending, faulty } from "#test/harness/faults.ts";
import { announce, domain, type Engines, portsOver, relate, sendTwice } from "#test/harness/functions.ts";
import { again } from "#test/harness/lambda-events.ts";
import { failedOf, finish, invoke, makeStage, observe, type Stage } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines();

interface Scenario {
  readonly work: Work;
  readonly state?: Partial<PairState>;
  /** Few enough calls to run it in more ways. */
  readonly short?: true;
  /** The user has told its presence, and its nickname. */
  readonly present?: boolean;
  /** The user is yet to be announced. */
  readonly unknown?: boolean;
  readonly records: (stage: Stage) => SQSRecord[];
}

const presence = (type?: string, resource?: string, children = "") => ({
  name: "presence" as const,
  attrs: type === undefined ? {} : { type },
  children,
  ...(resource === undefined ? {} : { resource }),
});
const text = (body: string, type = "chat") => ({
  name: "message" as const,
  attrs: { type, id: body },
  children: `<body>${body}</body>`,
  resource: "phone",
});
const show = (word: string) => `<show>${word}</show>`;
/** The first device is the oldest and the most available. */
const device = (n: number) => {
  const second = String(n).padStart(2, "0");
  const stamp = `<delay xmlns="urn:xmpp:delay" stamp="2026-11-01T00:00:${second}Z"/>`;
  return presence(undefined, `d${n}`, show(n === 0 ? "chat" : "away") + stamp);
};

const scenarios: Readonly<Record<string, Scenario>> = {
  "messages, one of them broken, two of them answered": {
    short: true,
    work: messageWork,
    records: (stage) => [
      stage.stanzas(text("1"), text("loud", "groupchat"), { name: "message", attrs: { to: "@" } }),
      stage.stanzas(text("2"), text("louder", "groupchat"), text("3")),
    ],
  },
  "a stranger asks, shows itself and takes it back": {
    work: presenceWork,
    records: (stage) => [
      stage.stanzas(
        presence("subscribe", undefined, `<nick xmlns="http://jabber.org/protocol/nick">Al</nick>`),
        presence(undefined, "a"),
        presence("unsubscribe"),
      ),
    ],
  },
  "a contact asks that was approved in advance, asks again and probes": {
    work: presenceWork,
    state: { preApproved: true, state: "none+out" },
    records: (stage) => [
      stage.stanzas(presence("subscribe"), presence("subscribe"), presence("subscribed"), presence("probe")),
    ],
  },
  "a contact comes, moves, goes and leaves": {
    work: presenceWork,
    state: { state: "both" },
    records: (stage) => [
      stage.stanzas(
        presence(undefined, "a"),
        presence(undefined, "a"),
        presence(undefined, "b", show("dnd")),
      ),
      stage.stanzas(presence("unavailable", "a"), presence("unavailable", "c"), presence("unavailable")),
      stage.stanzas(presence("unavailable"), presence("unsubscribe"), presence("unsubscribed")),
    ],
  },
  "the user asks, writes and asks for its roster": {
    work: nativeWork,
    present: true,
    records: (stage) => [
      stage.native("contact.requested", { note: "hi" }),
      stage.native("message.sent", { id: "m", body: "hi", attachments: [{ url: "https://example.org/a" }] }),
      stage.native("roster.requested", { contact: undefined }),
    ],
  },
  "the user accepts and asks back, twice": {
    short: true,
    work: nativeWork,
    present: true,
    state: { state: "none+in" },
    records: (stage) => [stage.native("contact.accepted"), stage.native("contact.accepted")],
  },
  "the user removes the contact and declines what is not there": {
    work: nativeWork,
    state: { state: "both" },
    records: (stage) => [stage.native("contact.removed"), stage.native("contact.declined")],
  },
  "the user changes its presence, is probed, and repeats itself": {
    work: nativeWork,
    state: { state: "from" },
    records: (stage) => [
      stage.native("presence.changed", { contact: undefined, show: "away" }),
      stage.native("message.sent", { id: "m", body: "hi" }),
      stage.native("presence.changed", { contact: undefined, show: "away" }),
    ],
  },
  "a user is announced, renamed and refused another address": {
    work: nativeWork,
    unknown: true,
    records: (stage) => [
      stage.native("user.updated", { contact: undefined, name: "A" }),
      stage.native("user.updated", { contact: undefined, name: "B", localpart: `x${stage.user}` }),
      stage.native("user.updated", { contact: undefined, nick: "C" }),
    ],
  },
};

async function prepare(scenario: Scenario): Promise<{ stage: Stage; records: SQSRecord[] }> {
  const stage = makeStage();
  if (scenario.unknown !== true) await announce(engines, stage.user);
  if (scenario.state !== undefined) await relate(engines, stage.pair, scenario.state);
  if (scenario.present === true) {
    const { user } = stage.pair;
    const nicked = { domain, user, localpart: stage.user, nick: "N", mark: "0" };
    await engines.table.updateProfile(nicked);
    const here = { show: "dnd", version: 3, time: "2026-11-01T00:00:00Z" } as const;
    await engines.table.setPresence(domain, user, here, "1");
  }
  return { stage, records: scenario.records(stage) };
}

async function undisturbed(scenario: Scenario): Promise<Stage> {
  const { stage, records } = await prepare(scenario);
  await finish(scenario.work, engines, records);
  return stage;
}

/** Runs with one call that ends as given, then to the end without faults. Undefined when there was no such call. */
async function disturbed(scenario: Scenario, failing: number, ending: Ending): Promise<Stage | undefined> {
  const { stage, records } = await prepare(scenario);
  const parts = faulty(engines, (index) => (index === failing ? ending : "done"));
  const answer = await Promise.race([invoke(scenario.work, portsOver(parts), records), parts.died]);
  if (parts.calls.length <= failing) return undefined;
  const left = answer === "died" ? records : failedOf(records, answer.batchItemFailures);
  const comeAgain = left.map((one) => again(one));
  await finish(scenario.work, engines, comeAgain);
  return stage;
}

/** Disturbs every call in turn, and compares what each run has left behind. */
async function disturbEach(scenario: Scenario, ending: Ending): Promise<void> {
  const stages = [await undisturbed(scenario)];
  for (;;) {
    const stage = await disturbed(scenario, stages.length - 1, ending);
    if (stage === undefined) break;
    stages.push(stage);
  }
  assert.ok(stages.length > 4, "there were calls to disturb");
  const [expected, ...seen] = await observe(engines, stages);
  for (const [call, each] of seen.entries()) assert.deepEqual(each, expected, `call ${call}`);
}

describe("state and effects agree", () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    test(`${name}: the function dies at each call in turn`, () => disturbEach(scenario, "dies"));
  }

  for (const [name, scenario] of Object.entries(scenarios).filter(([, { short }]) => short === true)) {
    test(`${name}: each call in turn is done, but fails`, () => disturbEach(scenario, "fails-after"));
  }

  test("each request of the SDK is made twice, as after an answer that got lost", async () => {
    const dynamodb = dynamodbClientFor(engines.endpoints.dynamodb);
    const sqs = sqsClientFor(engines.endpoints.sqs);
    sendTwice(dynamodb);
    sendTwice(sqs);
    const twice: Engines = {
      ...engines,
      table: makeTable({ client: dynamodb, name: engines.tableName }),
      queues: makeQueues({ client: sqs, ...engines.addresses }),
    };
    for (const [name, scenario] of Object.entries(scenarios)) {
      const once = await undisturbed(scenario);
      const { stage, records } = await prepare(scenario);
      await finish(scenario.work, twice, records);
      const [expected, seen] = await observe(engines, [once, stage]);
      assert.deepEqual(seen, expected, name);
    }
    dynamodb.destroy();
    sqs.destroy();
  });

  test("of a contact with more devices than are kept", async () => {
    const scenario: Scenario = {
      work: presenceWork,
      state: { state: "to" },
      records: (stage) => [
        stage.stanzas(...Array.from({ length: limits.resourcesMax + 2 }, (_, n) => device(n))),
      ],
    };
    const { stage: first, records } = await prepare(scenario);
    const parts = faulty(engines, () => "done");
    await invoke(scenario.work, portsOver(parts), records);
    const trim = parts.calls.indexOf("trimResources");
    assert.equal(parts.calls[trim - 1], "send");
    const stages = [first];
    // Before the availability that is one too many, before it is told, before the trimming, and after it.
    for (const failing of [trim - 2, trim - 1, trim, trim + 1]) {
      const stage = await disturbed(scenario, failing, "dies");
      assert.ok(stage);
      stages.push(stage);
    }
    const [expected, ...seen] = await observe(engines, stages);
    for (const each of seen) assert.deepEqual(each, expected);
  });
});
