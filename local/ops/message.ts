/** `ops message`: the way of one message, and where it is now. Never what it says. */
import type { ReceivedMessage } from "#aws/queues.ts";
import { itemIdsOf, traceIdOf } from "#core/contract/item-ids.ts";
import type { QueueRef } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import type { Bridge } from "./bridge.ts";
import { answer, type Command, exits, type Given, type Screen } from "./command.ts";
import { openLetterBox } from "./letter-box.ts";
import type { Letter } from "./letters.ts";
import { type Step, stepsOf, stepText, type Whereabouts, whereNow } from "./message-path.ts";
import { wordOf } from "./queue-names.ts";
import { columns } from "./text.ts";

const hoursDefault = 24;
const lettersMax = 1_000;
/** Messages of each queue that `--look` takes into hand, and for how long. */
const lookMax = 100;
const lookS = 5;
/** Rounds of looking for what bears the ids that were found: event → trace → stanza. */
const roundsMax = 3;
/** Traces whose spans are read. */
const tracesMax = 20;

/** All steps, and all ids by which it is known. */
async function follow(bridge: Bridge, id: string, sinceMs: number) {
  const traceId = traceIdOf(id);
  const ids = new Set([id, ...(traceId.length === 32 ? [traceId] : [])]);
  let steps: Step[] = [];
  for (let round = 0; round < roundsMax; round += 1) {
    const lines = await bridge.logs.read({ sinceMs, holding: [...ids] });
    const before = ids.size;
    steps = stepsOf(lines, ids);
    for (const step of steps) for (const each of step.ids) ids.add(each);
    if (ids.size === before) break;
  }
  const spans = await spansOf(bridge, ids, sinceMs);
  const inOrder = [...steps, ...(spans?.ok ? stepsOf(spans.value, ids) : [])].toSorted((a, b) => a.at - b.at);
  return { steps: inOrder, ids, ...(spans?.ok === false && { noSpans: spans.error }) };
}

/** Of the traces that were found; `undefined` where spans are among what is logged, or no trace is known. */
async function spansOf({ logs }: Bridge, ids: ReadonlySet<string>, sinceMs: number) {
  const traceIds = [...ids].filter((id) => /^[0-9a-f]{32}$/.test(id)).slice(0, tracesMax);
  return traceIds.length === 0 ? undefined : await logs.spans?.(traceIds, sinceMs);
}

const isAbout = ({ cause, trace, about, id }: Letter, ids: ReadonlySet<string>) =>
  [cause, cause.slice(cause.lastIndexOf(" ") + 1), traceIdOf(trace), about, id].some((each) => ids.has(each));

const publicLetter = ({ id, queue, reason }: Letter) => ({ id, queue: wordOf(queue), reason });

async function deadLettersOf(bridge: Bridge, ids: ReadonlySet<string>, signal: AbortSignal) {
  const box = openLetterBox(bridge, signal);
  try {
    const letters = (await box.read(bridge.refs, lettersMax)).map(({ letter }) => letter);
    return letters.filter((letter) => isAbout(letter, ids)).map(publicLetter);
  } finally {
    await box.close();
  }
}

/** Takes the first messages into hand for a moment, and gives them back, the last first, so that no order turns. */
async function holds(bridge: Bridge, queue: QueueRef, ids: ReadonlySet<string>, signal: AbortSignal) {
  const inHand: ReceivedMessage[] = [];
  try {
    while (inHand.length < lookMax) {
      const options = { max: limits.queueBatchMax, waitS: 0, visibilityS: lookS, signal };
      const messages = await bridge.queues.receive(queue, options);
      if (messages.length === 0) return false;
      inHand.push(...messages);
      const isThere = messages.some(({ body }) =>
        itemIdsOf(body)
          .flat()
          .some((id) => ids.has(id)),
      );
      if (isThere) return true;
    }
    return false;
  } finally {
    for (const message of inHand.toReversed()) await bridge.queues.extend(queue, [message], 0);
  }
}

async function lookThrough(bridge: Bridge, ids: ReadonlySet<string>, signal: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  for (const queue of bridge.refs) {
    if (await holds(bridge, queue, ids, signal)) found.push(wordOf(queue));
  }
  return found;
}

function hoursOf(given: Given): number | undefined {
  const text = given.text("hours");
  if (text === undefined) return hoursDefault;
  return /^[1-9]\d{0,3}$/.test(text) ? Number(text) : undefined;
}

export function messageText(found: Whereabouts): string {
  const rows = found.steps.map((step) => [new Date(step.at).toISOString(), step.part, stepText(step)]);
  const spans = found.noSpans === undefined ? [] : [`No spans: ${found.noSpans}`];
  return [...(rows.length === 0 ? [] : [columns(rows)]), ...spans, whereNow(found)].join("\n\n");
}

async function run(bridge: Bridge, given: Given, screen: Screen): Promise<number> {
  const [id = ""] = given.positionals;
  const sinceMs = Date.now() - (hoursOf(given) ?? hoursDefault) * 3_600_000;
  const { steps, ids, noSpans } = await follow(bridge, id, sinceMs);
  const found: Whereabouts = {
    steps,
    deadLetters: await deadLettersOf(bridge, ids, screen.signal),
    waitingIn: given.flag("look") ? await lookThrough(bridge, ids, screen.signal) : [],
    streamUp: (await bridge.connectors()).some(({ stream }) => stream === "up"),
    ...(noSpans !== undefined && { noSpans }),
  };
  answer(screen, given, { id, ...found, now: whereNow(found) }, () => messageText(found));
  const isFound = steps.length > 0 || found.deadLetters.length > 0 || found.waitingIn.length > 0;
  return isFound ? exits.fine : exits.unhealthy;
}

export const message: Command = {
  summary: "the way of one message, and where it is now",
  help: `ops message ID                        what each part has logged of it, and where it is now

ID is the id of a CloudEvent, of a message or stanza, of a stanza as FENCE.SEQ, or a trace id. What the message says
is never shown.

  --hours N         searches the logs of the last N hours (default: ${hoursDefault})
  --look            also looks into the queues: takes up to ${lookMax} messages of each into hand for a moment and gives
                    them back, which delays them by as long

Exit code 1 where nothing is known of it.`,
  options: { hours: { type: "string" }, look: { type: "boolean" } },
  check(given) {
    if (given.positionals.length !== 1) return "give one ID";
    return hoursOf(given) === undefined ? `--hours ${given.text("hours")} is no number from 1 on` : undefined;
  },
  run,
};
