/** Invariant 6, from both sides: what the contact and the user do at the same time, in every order of the calls. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import {
  type SubscriptionStanza,
  type SubscriptionState,
  seenByContact,
  transition,
} from "#core/subscription.ts";
import { nativeWork } from "#functions/native.ts";
import { makeHandler, type Work } from "#functions/pipeline.ts";
import { presenceWork } from "#functions/presence.ts";
import { faulty } from "#test/harness/faults.ts";
import { domain, portsOver, relate, userId } from "#test/harness/functions.ts";
import { again } from "#test/harness/lambda-events.ts";
import { finish, makeStage, type Observation, observe, perform, type Stage } from "#test/harness/runs.ts";
import { inEveryOrder, interleave, type Parts } from "#test/harness/schedule.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const user = "nina";
const engines = await useEngines({ users: [user] });
const here = { show: "dnd", version: 3, time: "2026-11-01T00:00:00Z" } as const;
await engines.table.setPresence(domain, userId(user), here, "1");
/** Knows already who lives where. */
const { directory } = portsOver(engines);
await directory.byLocalpart(domain, user);

/** What the other side of a subscription sees (RFC 6121 §A.1). */
const mirrored: Readonly<Record<SubscriptionState, SubscriptionState>> = {
  none: "none",
  "none+out": "none+in",
  "none+in": "none+out",
  "none+out+in": "none+out+in",
  to: "from",
  "to+in": "from+out",
  from: "to",
  "from+out": "to+in",
  both: "both",
};

interface Race {
  readonly state: SubscriptionState;
  readonly stanza: SubscriptionStanza;
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
  /** Every order, not only those in which the two interrupt each other twice. */
  readonly every?: true;
}

const races: Readonly<Record<string, Race>> = {
  "both ask": { state: "none", stanza: "subscribe", event: "contact.requested", every: true },
  "both ask, the user for itself alone": {
    state: "none",
    stanza: "subscribe",
    event: "contact.requested",
    data: { mutual: false },
  },
  "both accept": { state: "none+out+in", stanza: "subscribed", event: "contact.accepted" },
  "the contact takes back what the user accepts": {
    state: "none+in",
    stanza: "unsubscribe",
    event: "contact.accepted",
  },
  "both leave": {
    state: "both",
    stanza: "unsubscribe",
    event: "contact.removed",
    data: { direction: "from" },
  },
};

interface Contest {
  readonly stage: Stage;
  readonly contact: SQSRecord;
  readonly user: SQSRecord;
}

async function prepare({ state, stanza, event, data }: Race): Promise<Contest> {
  const stage = makeStage(user);
  if (state !== "none") await relate(engines, stage.pair, { state });
  return {
    stage,
    contact: stage.stanzas({ name: "presence", attrs: { type: stanza } }),
    user: stage.native(event, data),
  };
}

/** The work of one side over gated ports. */
function flow(work: Work, one: SQSRecord) {
  return async (gated: Parts) => {
    await perform(work, { ...portsOver(gated), directory }, one);
  };
}

/** The state of the contact, whose stanza crossed with whatever we sent it. */
function contactAfter({ state, stanza }: Race, sent: readonly { xml: string }[]): SubscriptionState {
  const asked = transition("outbound", stanza, mirrored[state]).next;
  return sent.reduce((current, { xml }) => {
    const type = / type="((?:un)?subscribed?)"/.exec(xml)?.[1] as SubscriptionStanza | undefined;
    return type === undefined ? current : transition("inbound", type, current).next;
  }, asked);
}

function assertMirrored(race: Race, { state, stanzas }: Observation): void {
  const ours = state.pair?.state.state ?? "none";
  assert.equal(contactAfter(race, stanzas as { xml: string }[]), mirrored[ours]);
  assert.equal(state.isSubscriber, seenByContact(ours));
}

/** Both sides one after the other: what the outcome of every race has to be one of. */
async function inTurn(race: Race): Promise<Stage[]> {
  const contactFirst = await prepare(race);
  await finish(presenceWork, engines, [contactFirst.contact]);
  await finish(nativeWork, engines, [contactFirst.user]);
  const userFirst = await prepare(race);
  await finish(nativeWork, engines, [userFirst.user]);
  await finish(presenceWork, engines, [userFirst.contact]);
  return [contactFirst.stage, userFirst.stage];
}

/** Each outcome is one of those in turn, and the contact sees its mirror. */
async function compare(race: Race, serial: readonly Stage[], stages: readonly Stage[]): Promise<void> {
  const seen = await observe(engines, [...serial, ...stages]);
  const allowed = seen.slice(0, serial.length).map((each) => JSON.stringify(each));
  for (const each of seen) {
    assertMirrored(race, each);
    const index = allowed.indexOf(JSON.stringify(each));
    // The nearest one shows what differs.
    if (index === -1) assert.deepEqual(each, seen[0]);
  }
  assert.ok(stages.length >= 8);
}

describe("both sides at the same time", () => {
  for (const [name, race] of Object.entries(races)) {
    const orders = race.every === true ? "every order" : "every order with two interruptions";
    test(`${name}: ${orders} of their calls ends as if one had come after the other`, async () => {
      const serial = await inTurn(race);
      const stages: Stage[] = [];
      await inEveryOrder(
        async (choose) => {
          const contest = await prepare(race);
          const left = flow(presenceWork, contest.contact);
          const right = flow(nativeWork, contest.user);
          await interleave(engines, { left, right }, choose);
          stages.push(contest.stage);
        },
        race.every === true ? undefined : 2,
      );
      await compare(race, serial, stages);
    });

    test(`${name}: one side dies at each call in turn, the other goes on before it comes back`, async () => {
      const serial = await inTurn(race);
      const stages: Stage[] = [];
      for (const dying of ["contact", "user"] as const) {
        const [work, other] = dying === "contact" ? [presenceWork, nativeWork] : [nativeWork, presenceWork];
        for (let failing = 0; ; failing++) {
          const contest = await prepare(race);
          const parts = faulty(engines, (index) => (index === failing ? "dies" : "done"));
          const run = makeHandler(work, portsOver(parts))({ Records: [contest[dying]] });
          const died = (await Promise.race([run, parts.died])) === "died";
          if (!died) break;
          await finish(other, engines, [contest[dying === "contact" ? "user" : "contact"]]);
          await finish(work, engines, [again(contest[dying])]);
          stages.push(contest.stage);
        }
      }
      await compare(race, serial, stages);
    });
  }
});
