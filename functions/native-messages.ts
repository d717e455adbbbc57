/** What native users say to their contacts. Nothing of it is written down; what is read is cached. */
import type { ContactFeatures } from "#core/capabilities.ts";
import type { NativeEventOf } from "#core/contract/events.ts";
import type { Rejection } from "#core/contract/rejection.ts";
import type { Effect, Pair } from "#core/decision.ts";
import { ok, type Result } from "#core/result.ts";
import type { Context } from "#core/translate/context.ts";
import { eventToMessage } from "#core/translate/event-to-message.ts";
import { eventToReaction } from "#core/translate/event-to-reaction.ts";
import { eventToReceipt } from "#core/translate/event-to-receipt.ts";
import { eventToRetraction } from "#core/translate/event-to-retraction.ts";
import { eventToTyping, isStaleTyping } from "#core/translate/event-to-typing.ts";
import type { Known } from "#core/translate/known.ts";
import { featuresOf } from "./contact-features.ts";
import type { Address } from "./directory.ts";
import { sendEffects } from "./effects.ts";
import { blockedContact } from "./native-rejections.ts";
import type { Ports } from "./ports.ts";

type SayingEvent = NativeEventOf<
  | "message.sent"
  | "message.edited"
  | "message.retracted"
  | "message.reacted"
  | "message.delivered"
  | "message.displayed"
  | "typing.changed"
>;
type Decided = Result<readonly Effect[], Rejection>;

const nothing: Decided = ok([]);

/**
 * Says it, or why it cannot be said. A plain message: 0 reads beyond the cached address, 0 writes. Receipts, markers
 * and typing: the pair besides, cached; so what its clients can do, where that shapes what is said.
 */
export async function sayToContact(
  event: SayingEvent,
  ctx: Context,
  address: Address,
  ports: Ports,
): Promise<Rejection | undefined> {
  if (await ports.directory.isBlocked(address, ctx.pair)) return blockedContact(event);
  const decided = await decide(event, ctx, ports);
  if (!decided.ok) return decided.error;
  await sendEffects(ports, ctx.pair, ctx.cause, decided.value);
  return undefined;
}

async function decide(event: SayingEvent, ctx: Context, ports: Ports): Promise<Decided> {
  const { pair } = ctx;
  const known = (contact: ContactFeatures): Known => {
    return { capabilities: ports.capabilities, contact, now: ports.clock() };
  };
  switch (event.type) {
    case "message.sent": {
      const isQuoting = event.data.replyTo?.quote !== undefined;
      return eventToMessage(ctx, event, known(isQuoting ? await featuresOf(ports, pair) : undefined));
    }
    case "message.edited":
      return eventToMessage(ctx, event, known(await featuresOf(ports, pair)));
    case "message.retracted":
      return ok(eventToRetraction(ctx, event, known(await featuresOf(ports, pair))));
    case "message.reacted":
      return ok(eventToReaction(ctx, event, known(await featuresOf(ports, pair))));
    case "message.delivered":
    case "message.displayed":
      return (await mayBeTold(ports, pair)) ? ok(eventToReceipt(ctx, event, known(undefined))) : nothing;
    case "typing.changed":
      if (isStaleTyping(event, ports.clock()) || !(await mayBeTold(ports, pair))) return nothing;
      return ok(eventToTyping(ctx, event, known(await featuresOf(ports, pair))));
    default:
      return event satisfies never;
  }
}

/** Whether the contact may learn what gives the user's presence away (XEP-0085 §9, XEP-0184 §8, XEP-0333 §9). */
async function mayBeTold({ capabilities, directory }: Ports, pair: Pair): Promise<boolean> {
  return capabilities.tellStrangers || (await directory.isSeenBy(pair));
}
