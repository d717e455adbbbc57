/** Availability of a contact's resources: read from presence stanzas, gathered, told when it changes. */
import type { Element } from "ltx";
import { type Effect, stanzaCauseId } from "../decision.ts";
import { limits } from "../limits.ts";
import { type Aggregate, type Availability, aggregate, type Show, sameToWatchers } from "../presence.ts";
import { readCaps } from "../xmpp/caps.ts";
import { ns } from "../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { collectEffects, type EffectCollector } from "./effects.ts";
import { ownText, sentAt, shorten, statedTime } from "./text.ts";

type Resources = Readonly<Record<string, Availability>>;

/** What is known of a contact, what was before its last stanza, and the mark of that: empty if there was none. */
export interface LastAvailability {
  readonly resources: Resources;
  readonly before: Resources;
  readonly mark: string;
}

const shows: ReadonlySet<string> = new Set<Show>(["chat", "away", "xa", "dnd"]);

/**
 * Reads a presence stanza without a type (available) or of type `unavailable`.
 *
 * Tolerant, since a contact's client is nobody's to correct: what is unknown or out of range counts as absent.
 *
 * @param epoch the stream on which it came
 * @param time when it was read
 * @returns undefined for `unavailable`
 */
export function parseAvailability(stanza: Element, epoch: number, time: string): Availability | undefined {
  if (stanza.attrs["type"] === "unavailable") return undefined;
  const show = ownText(stanza, "show")?.trim() ?? "";
  const status = shorten(ownText(stanza, "status") ?? "", limits.statusCharsMax);
  const caps = readCaps(stanza);
  const idleSince = statedTime(stanza.getChild("idle", ns.idle)?.attrs["since"], time);
  return {
    // RFC 6121 §4.7.2.1: absent means available; other values than these four are not defined.
    show: shows.has(show) ? (show as Show) : "online",
    ...(status === "" ? {} : { status }),
    ...(idleSince === undefined ? {} : { idleSince }),
    priority: priorityOf(ownText(stanza, "priority")),
    epoch,
    time: sentAt(stanza, time),
    ...(caps === undefined ? {} : { caps }),
  };
}

/** RFC 6121 §4.7.2.3: an integer from −128 to 127; zero where there is none. */
function priorityOf(text: string | undefined): number {
  if (text === undefined || !/^\s*[+-]?\d{1,3}\s*$/.test(text)) return 0;
  const priority = Number(text);
  return priority >= -128 && priority <= 127 ? priority : 0;
}

/**
 * Takes in the availability of one resource of the contact.
 *
 * @param resource "" for a bare JID: its `unavailable` is that of all resources (RFC 6121 §4.5.4)
 * @param update undefined: unavailable
 */
export function decideAvailability(
  ctx: Context,
  before: Resources,
  resource: string,
  update: Availability | undefined,
): { readonly after: Resources; readonly effects: readonly Effect[] } {
  const after = taken(before, resource, update);
  const effects = collectEffects(ctx);
  const now = aggregate(after);
  if (!sameToWatchers(aggregate(before), now)) deliverPresence(effects, now);
  return { after, effects: effects.list };
}

/** The `presence.changed` of an aggregate; for a repeat of the cause that made it. */
export function presenceChanged(ctx: Context, now: Aggregate): readonly Effect[] {
  const effects = collectEffects(ctx);
  deliverPresence(effects, now);
  return effects.list;
}

/**
 * What the contact's last stanza has changed. Whoever took that in may not have told it yet, and would do so after
 * whatever is told now: so it is told here again, first and under the same id, and comes only once.
 */
export function toldAgain(ctx: Context, { resources, before, mark }: LastAvailability): readonly Effect[] {
  const now = aggregate(resources);
  if (mark === "" || sameToWatchers(aggregate(before), now)) return [];
  return presenceChanged({ ...ctx, cause: { ...ctx.cause, id: stanzaCauseId(mark) } }, now);
}

function deliverPresence(effects: EffectCollector, now: Aggregate): void {
  effects.deliver("presence.changed", now);
}

function taken(before: Resources, resource: string, update: Availability | undefined): Resources {
  if (update === undefined && resource === "") return {};
  const others = Object.entries(before).filter(([name]) => name !== resource);
  if (update === undefined) return Object.fromEntries(others);
  // A contact with more resources than anyone has: the latest are the likeliest to be alive.
  const latest = others.sort(([, a], [, b]) => Date.parse(b.time) - Date.parse(a.time));
  return Object.fromEntries([[resource, update], ...latest.slice(0, limits.resourcesMax - 1)]);
}
