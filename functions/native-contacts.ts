/** What native users do about their contacts. */
import type { NativeEventOf } from "#core/contract/events.ts";
import type { Rejection } from "#core/contract/rejection.ts";
import { noPair } from "#core/pair.ts";
import { err, ok } from "#core/result.ts";
import { seenByContact } from "#core/subscription.ts";
import { decideBlock, decideUnblock } from "#core/translate/blocking.ts";
import { type ContactEvent, decideContactEvent } from "#core/translate/contact-event.ts";
import type { Context } from "#core/translate/context.ts";
import { answerDirectedProbe } from "#core/translate/directed-presence.ts";
import { answerProbe } from "#core/translate/probe.ts";
import { sendEffects } from "./effects.ts";
import { blockedContact, unknownUser } from "./native-rejections.ts";
import { commitDecision } from "./pair-commit.ts";
import type { Ports } from "./ports.ts";

type Outcome = Promise<Rejection | undefined>;

/** Asks, accepts, declines or ends a subscription. 2 reads, 2 writes. */
export async function changeContact(event: ContactEvent, ctx: Context, ports: Ports): Outcome {
  const { pair, cause } = ctx;
  const record = await ports.table.readUser(pair.domain, pair.user);
  // The address may be cached from before the user's removal.
  if (record === undefined || record.removing) return unknownUser(event);
  return commitDecision(ports, pair, cause, (current) =>
    current.blocked
      ? err(blockedContact(event))
      : decideContactEvent(ctx, current, event, record.presence, record.nick),
  );
}

/** Blocks or unblocks a contact. 2–3 reads, a transaction and a write. Holds everywhere `limits.profileCacheMs` later. */
export async function changeBlock(
  event: NativeEventOf<"contact.blocked" | "contact.unblocked">,
  ctx: Context,
  ports: Ports,
): Outcome {
  const { pair, cause } = ctx;
  const record = await ports.table.readUser(pair.domain, pair.user);
  if (record === undefined || record.removing) return unknownUser(event);
  if (event.type === "contact.blocked") {
    await commitDecision(ports, pair, cause, async (current) => {
      const last = await ports.table.lastAvailability(pair);
      return ok({ ...decideBlock(ctx, current, last), seen: last?.mark });
    });
  } else {
    await commitDecision(ports, pair, cause, (current) => ok(decideUnblock(ctx, current, record.presence)));
  }
  ports.directory.forget(pair.domain, pair.user, pair.contact);
  return undefined;
}

/**
 * The pair is looked at again: the subscription may have ended since the probe was let through. 2 reads; 1 read and 2
 * writes more for whom the user has shown itself to alone.
 */
export async function showPresence(
  event: NativeEventOf<"internal.probed">,
  ctx: Context,
  ports: Ports,
): Outcome {
  const { pair, cause } = ctx;
  const { state } = (await ports.table.readPair(pair)) ?? { state: noPair };
  const { id } = event.data;
  const isDirected = state.directed !== undefined;
  if (state.blocked || !(seenByContact(state.state) || isDirected)) return undefined;
  const user = await ports.table.readUser(pair.domain, pair.user);
  if (!isDirected) {
    await sendEffects(ports, pair, cause, answerProbe(ctx, user?.presence, id));
    return undefined;
  }
  // Committed, so that it has its place among the stanzas by which the user shows itself or parts.
  return commitDecision(ports, pair, cause, (current) =>
    ok(answerDirectedProbe(ctx, current, user?.presence, id)),
  );
}
