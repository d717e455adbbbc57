/** The way of one message through the bridge, out of what was logged about it. Pure. */
import type { LogLine } from "./logs.ts";

export interface Step {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly part: string;
  readonly event: string;
  /** What is said of it beside its ids. */
  readonly detail: string;
  /** All ids by which it is known there. */
  readonly ids: readonly string[];
}

const textOf = (value: unknown) => (typeof value === "string" ? value : "");

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

/** A W3C trace context stands for its trace id; a cause for the event that it names. */
function namesOf(text: string): string[] {
  const [, trace] = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(text) ?? [];
  const space = text.lastIndexOf(" ");
  return [text, ...(trace === undefined ? [] : [trace]), ...(space === -1 ? [] : [text.slice(space + 1)])];
}

/** The ids of a line, item by item; fields of the line itself are one item. */
function itemsOf({ fields }: LogLine): string[][] {
  const { items, traces } = fields;
  const own = ["cause", "id", "message", "trace"].map((name) => textOf(fields[name])).filter(Boolean);
  const listed = Array.isArray(items) ? items.filter(isTexts) : [];
  const single = isTexts(traces) ? traces.map((each) => [each]) : [];
  return [own, ...listed, ...single].map((item) => item.filter(Boolean).flatMap(namesOf));
}

const details = ["span", "took", "reason", "error", "queue", "path"] as const;

/** The steps of whatever bears one of these ids. */
export function stepsOf(lines: readonly LogLine[], ids: ReadonlySet<string>): Step[] {
  return lines.flatMap((line) => {
    const item = itemsOf(line).find((each) => each.some((id) => ids.has(id)));
    if (item === undefined) return [];
    const detail = details.map((name) => textOf(line.fields[name])).filter(Boolean);
    return [{ at: line.at, part: line.part, event: line.event, detail: detail.join(", "), ids: item }];
  });
}

/** How a step reads, by its part and event. */
const words: Readonly<Record<string, string>> = {
  handled: "handled it, and handed on what comes of it",
  "downlink.routed": "wrote it, and the server has routed it",
  "stanza.set-aside": "set it aside",
  "set-aside": "set it aside",
  rejected: "refused it: the native system was told by event.rejected",
  retry: "failed for now, and tries it again",
  failed: "failed for now, and tries it again",
  span: "trace",
};

export function stepText({ event, detail }: Step): string {
  const what = words[event] ?? event;
  return detail === "" ? what : `${what} (${detail})`;
}

export interface Whereabouts {
  /** In these dead letters; the reason. */
  readonly deadLetters: readonly { readonly id: string; readonly queue: string; readonly reason: string }[];
  /** Found waiting in these queues, where they were looked through. */
  readonly waitingIn: readonly string[];
  readonly steps: readonly Step[];
  readonly streamUp: boolean;
  /** Why there are no spans, in a line, where they could not be read. */
  readonly noSpans?: string;
}

/** A function logs when it is done, and by then the connector may have gone on with what it has sent. */
function lastOf(steps: readonly Step[]): Step | undefined {
  return steps.findLast(({ event }) => event !== "handled" || !steps.some(isRouted)) ?? steps.at(-1);
}

const isRouted = ({ event }: Step) => event === "downlink.routed";

/** Where it is now, in a sentence: by what was logged, as spans end before what they tell of is over. */
export function whereNow({ deadLetters, waitingIn, steps: all, streamUp }: Whereabouts): string {
  const steps = all.filter(({ event }) => event !== "span");
  const [letter] = deadLetters;
  if (letter !== undefined) {
    return `It is in the dead letters of ${letter.queue}, for ${letter.reason}: npm run ops -- dead-letters show ${letter.id.slice(0, 8)}`;
  }
  const [queue] = waitingIn;
  if (queue !== undefined) return `It waits in ${queue}.`;
  const last = lastOf(steps);
  if (last === undefined) {
    return "No part has logged it: it was never sent, is older than what was searched, or waits in its first queue: npm run ops -- queues";
  }
  if (isRouted(last)) return "The XMPP server has routed it: beyond it the bridge sees nothing but a bounce.";
  if (last.event === "rejected") return "It was refused, and goes nowhere.";
  if (last.event === "retry" || last.event === "failed") return `${last.part} tries it again until it works.`;
  if (last.event.endsWith("set-aside"))
    return "It was set aside, and is no longer in the dead letters: replayed, or dropped.";
  if (last.event !== "handled") return `${last.part} had it last.`;
  if (last.part === "function-native" || last.part === "function-walk") {
    const why = streamUp ? "the connector has not confirmed it yet" : "the stream is down, so it waits";
    return `What comes of it is in outbound-stanzas or native-deliveries; if anything was to be written, ${why}.`;
  }
  return "What comes of it is in native-deliveries, or was already taken from there by the native system.";
}
