/** What a resync of many pairs takes, and whether it keeps its pace. */
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { json, keyItem, n, s } from "#aws/attributes.ts";
import { availabilityKey, subscriberKey, subscriptionKey } from "#aws/keys.ts";
import { newTrace } from "#aws/trace.ts";
import { encodeItem, readWalkPack, writePack } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";
import { noPair } from "#core/pair.ts";
import type { Availability } from "#core/presence.ts";
import type { Progress } from "../bench.ts";
import { names } from "../names.ts";
import { sendsOf, userOf } from "./fan-out.ts";
import type { FunctionProcess } from "./function-process.ts";
import { domain, inParallel, type Place } from "./place.ts";

const contactsPerUser = 100;
/** The highest pace that can be set. */
const quickPairsPerS = 1_000;
const settleS = 1;
const pacedStepsFull = 12;
const pacedStepsQuick = 1;

export interface Phase {
  readonly steps: number;
  readonly sqs: Readonly<Record<string, number>>;
  readonly sends: number;
  readonly dynamodb: Readonly<Record<string, number>>;
  /** Milliseconds in the function. */
  readonly handledMs: number;
  readonly wallMs: number;
}

export interface Resync {
  readonly pairs: number;
  readonly pairsPerS: number;
  readonly greet: Phase;
  readonly settle: Phase;
  /** Messages to contacts, one a pair; events about contacts that stayed silent. */
  readonly stanzaMessages: number;
  readonly events: number;
  readonly peakMb: number;
  readonly paced: {
    readonly pairsPerS: number;
    /** Steps that found pairs, with all that they found and the most that one of them did. */
    readonly steps: number;
    readonly pairs: number;
    readonly mostInStep: number;
    readonly wallMs: number;
    readonly peakMb: number;
  };
}

/** Pairs that see each other, each contact online before the gap and silent since: the most that there is to do. */
async function fillPairs(place: Place, pairs: number): Promise<void> {
  const time = new Date().toISOString();
  const online: Availability = { show: "online", priority: 0, epoch: 1, time };
  const users = names("user", Math.ceil(pairs / contactsPerUser));
  await inParallel(users, 4, async (name) => {
    const user = userOf(name);
    await place.table.createUser({
      domain,
      user,
      localpart: name,
      mark: "",
      presence: { show: "online", version: 1, time },
    });
  });
  const items = Array.from({ length: pairs }, (_, index) => {
    const user = `user${Math.floor(index / contactsPerUser)}`;
    const contact = `contact${index}@example.org`;
    const state = { ...noPair, state: "both" };
    return [
      {
        ...keyItem(subscriptionKey(domain, user, contact)),
        state: json(state),
        markXmpp: s(""),
        markNative: s(""),
        version: n(1),
      },
      { ...keyItem(availabilityKey(domain, user, contact)), mark: s(""), "r#phone": json(online) },
      keyItem(subscriberKey(domain, user, contact)),
    ];
  });
  await place.fill(items.flat());
}

async function begin({ sqs, addresses }: Place, fence: number): Promise<void> {
  const since = new Date().toISOString();
  const task = {
    kind: "resync",
    id: `${fence}.greet.0`,
    trace: newTrace(),
    hops: 0,
    domain,
    fence,
    since,
    phase: "greet",
    step: 0,
  } as const;
  await sqs.send(
    new SendMessageCommand({ QueueUrl: addresses.urls.walks, MessageBody: writePack([encodeItem(task)]) }),
  );
}

type PhaseName = "greet" | "settle";

/** Takes the next step when its time has come; its phase, or undefined when the walk is over. */
async function takeStep(place: Place, walk: FunctionProcess): Promise<PhaseName | undefined> {
  for (;;) {
    const messages = await place.take("walks", 2);
    if (messages.length > 0) {
      const pack = readWalkPack(messages[0]?.Body ?? "");
      const task = pack.ok ? pack.value.items[0] : undefined;
      await walk.invoke(place.eventOf("walks", messages));
      return task?.kind === "resync" ? task.phase : undefined;
    }
    if ((await place.waiting("walks")) === 0) return undefined;
  }
}

interface Sums {
  steps: number;
  sqs: Record<string, number>;
  dynamodb: Record<string, number>;
  handledMs: number;
  wallMs: number;
}

function add(into: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [kind, count] of Object.entries(more)) into[kind] = (into[kind] ?? 0) + count;
}

async function runPhases(place: Place, walk: FunctionProcess): Promise<Record<PhaseName, Phase>> {
  const empty = (): Sums => ({ steps: 0, sqs: {}, dynamodb: {}, handledMs: 0, wallMs: 0 });
  const sums = { greet: empty(), settle: empty() };
  let at = performance.now();
  let handledMs = walk.handledMs;
  for (;;) {
    const phase = await takeStep(place, walk);
    if (phase === undefined) break;
    const counts = place.takeCounts();
    const sum = sums[phase];
    sum.steps += 1;
    add(sum.sqs, counts.sqs);
    add(sum.dynamodb, counts.dynamodb);
    sum.handledMs += walk.handledMs - handledMs;
    sum.wallMs += performance.now() - at;
    handledMs = walk.handledMs;
    at = performance.now();
  }
  const { greet, settle } = sums;
  return {
    greet: { ...greet, sends: sendsOf(greet.sqs) },
    settle: { ...settle, sends: sendsOf(settle.sqs) },
  };
}

/**
 * Another resync at the pace of the defaults, as far as it takes for some steps to have found pairs: the engine
 * lists subscribers, which nobody greets, before the pairs.
 */
async function measurePace(place: Place, pacedSteps: number): Promise<Resync["paced"]> {
  const pairsPerS = limits.resyncPairsPerS;
  const walk = await place.startFunction("walk", { pairsPerS, settleS });
  const before = await place.waiting("outboundStanzas");
  await begin(place, 3);
  const figures = { steps: 0, pairs: 0, wallMs: 0, mostInStep: 0 };
  let at = performance.now();
  while (figures.steps < pacedSteps && (await takeStep(place, walk)) === "greet") {
    const now = performance.now();
    const pairs = (await place.waiting("outboundStanzas")) - before;
    if (pairs > figures.pairs) {
      figures.steps += 1;
      figures.wallMs += now - at;
      figures.mostInStep = Math.max(figures.mostInStep, pairs - figures.pairs);
      figures.pairs = pairs;
    }
    at = now;
  }
  await walk.stop();
  return { pairsPerS, ...figures, peakMb: walk.peakMb };
}

/** Measures a whole resync at the highest pace, and the beginning of one at the pace of the defaults. */
export async function measureResync(
  place: Place,
  pairs: number,
  quick: boolean,
  progress: Progress,
): Promise<Resync> {
  const pacedSteps = quick ? pacedStepsQuick : pacedStepsFull;
  progress(`fill the table with ${pairs} pairs`);
  await fillPairs(place, pairs);
  const walk = await place.startFunction("walk", { pairsPerS: quickPairsPerS, settleS });
  progress(`resync at ${quickPairsPerS} pairs a second`);
  place.takeCounts();
  await begin(place, 2);
  const phases = await runPhases(place, walk);
  await walk.stop();
  const stanzaMessages = await place.waiting("outboundStanzas");
  // One event is that the bridge is connected.
  const events = (await place.waiting("nativeDeliveries")) - 1;
  progress(`${pacedSteps} steps of a resync at ${limits.resyncPairsPerS} pairs a second`);
  const paced = await measurePace(place, pacedSteps);
  return { pairs, pairsPerS: quickPairsPerS, ...phases, stanzaMessages, events, peakMb: walk.peakMb, paced };
}
