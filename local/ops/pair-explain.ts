/** Why somebody sees or hears what they do: a pair in words. Pure. */
import type { PairRecord, UserRecord } from "#aws/table.ts";
import type { Effect } from "#core/decision.ts";
import { isStranger } from "#core/pair.ts";
import type { Policy } from "#core/policy.ts";
import { rulesOf } from "#core/policy.ts";
import { type Availability, aggregate, counts } from "#core/presence.ts";
import { pendingOf, seenByContact, seesContact, subscriptionOf } from "#core/subscription.ts";

export interface PairFacts {
  readonly domain: string;
  readonly user: string;
  readonly contact: string;
  readonly contactDomain: string;
  readonly record: UserRecord | undefined;
  readonly pair: PairRecord | undefined;
  readonly resources: Readonly<Record<string, Availability>>;
  /** Of the last stream that came up. */
  readonly fence: number;
  readonly streamUp: boolean;
  readonly policy: Policy;
}

/** Effects that were perhaps not sent yet, without what they hold. */
export function effectWords(effects: readonly Effect[]): readonly string[] {
  return effects.map((effect) => {
    if (effect.kind !== "stanza") return `${effect.kind} ${effect.event.type} ${effect.event.id}`;
    const [, name = "stanza"] = /^<([a-z]+)/.exec(effect.xml) ?? [];
    return `${name} ${effect.id}`;
  });
}

/** What keeps everything from passing between the two, the first thing that does. */
function barrierOf(facts: PairFacts): string | undefined {
  const { record, user, contact, contactDomain, domain, policy, pair } = facts;
  if (record === undefined)
    return `${user} is not known on ${domain}: the native system has to send user.updated first.`;
  if (record.removing !== undefined) return `${user} is being removed: contacts are told, then it is gone.`;
  if (rulesOf(policy).denies(contactDomain)) {
    return `The policy of ${domain} denies ${contactDomain}: nothing passes. npm run ops -- policy show`;
  }
  if (pair?.state.blocked)
    return `${user} blocks ${contact}: nothing passes, and the contact is not told so.`;
  return undefined;
}

function streamOf({ streamUp, domain }: PairFacts): string[] {
  if (streamUp) return [];
  return [`The stream of ${domain} is down: nothing is heard, and what is said waits. npm run ops -- status`];
}

function subscriptionWords({ pair, user, contact, policy }: PairFacts): string[] {
  if (pair === undefined || isStranger(pair.state)) {
    const may = {
      nothing: "nothing of theirs is let in",
      ask: "it may ask for a subscription, and its messages are refused",
      message: "its messages are let in",
    }[policy.strangers];
    return [`The two are strangers, neither has asked the other: ${may}.`];
  }
  const { state, preApproved } = pair.state;
  const pending = pendingOf(state);
  const words: string[] = [];
  if (!seesContact(state)) {
    words.push(
      pending === "out" || pending === "both"
        ? `${user} has asked to see ${contact}, which has not answered: until then it shows nothing. The request is repeated whenever the stream comes up, and by npm run ops -- resync ${user}.`
        : `${user} does not see ${contact}: it has not asked (contact.requested).`,
    );
  }
  if (!seenByContact(state)) {
    words.push(
      pending === "in" || pending === "both"
        ? `${contact} has asked to see ${user}, which has not answered (contact.accepted or contact.declined).`
        : `${contact} does not see ${user}, so it is told no presence, typing, receipts or markers${preApproved ? "; its request would be granted at once" : ""}.`,
    );
  }
  return words;
}

function contactWords({ pair, contact, resources, fence, user }: PairFacts): string[] {
  if (pair === undefined || !seesContact(pair.state.state)) return [];
  const all = Object.entries(resources);
  if (all.length === 0) {
    return [
      `Nothing is known of any device of ${contact}: it is offline, hides, or its server has not answered. npm run ops -- resync ${user} asks it again.`,
    ];
  }
  const words: string[] = [];
  const { show, devices } = aggregate(resources);
  if (devices === 0) {
    words.push(`All devices of ${contact} have a negative priority, so it counts as offline.`);
  } else words.push(`${contact} is ${show}, on ${devices} device${devices === 1 ? "" : "s"} that count.`);
  const old = all.filter(([, one]) => counts(one) && one.epoch < fence);
  if (old.length > 0) {
    words.push(
      `${old.length} of them last spoke on an earlier stream: they count until the resync under way ends, and are forgotten then unless they speak.`,
    );
  }
  return words;
}

function userWords({ pair, record, user, contact }: PairFacts): string[] {
  if (pair === undefined || record === undefined || !seenByContact(pair.state.state)) return [];
  const shown = pair.state.directed?.presence ?? record.presence;
  if (shown === undefined) {
    return [
      `${contact} sees ${user} as offline: the native system has never told its presence (presence.changed).`,
    ];
  }
  return [`${contact} was last told that ${user} is ${shown.show}, of ${shown.time}.`];
}

function outboxWords({ pair }: PairFacts): string[] {
  if (pair === undefined || pair.outbox.length === 0) return [];
  return [
    `${pair.outbox.length} effects of the last change were perhaps not sent yet: whoever touches the pair next sends them first. If this stays, see the dead letters: npm run ops -- dead-letters list.`,
  ];
}

/** Sentences, the most important first. */
export function explainPair(facts: PairFacts): readonly string[] {
  const barrier = barrierOf(facts);
  if (barrier !== undefined) return [barrier, ...outboxWords(facts)];
  return [
    ...streamOf(facts),
    ...subscriptionWords(facts),
    ...contactWords(facts),
    ...userWords(facts),
    ...outboxWords(facts),
  ];
}

/** The subscription as events call it. */
export function standingOf(pair: PairRecord | undefined): { subscription: string; pending: string } {
  if (pair === undefined) return { subscription: "none", pending: "none" };
  return { subscription: subscriptionOf(pair.state.state), pending: pendingOf(pair.state.state) };
}
