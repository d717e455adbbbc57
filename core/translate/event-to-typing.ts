/** `typing.changed` of a native user: a chat state of its own. */
import type { NativeEventOf } from "../contract/events.ts";
import type { Effect } from "../decision.ts";
import { limits } from "../limits.ts";
import { idAboutNothing } from "../stanza-id.ts";
import { element, ns } from "../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { collectEffects } from "./effects.ts";
import { isKnownToLack, type Known } from "./known.ts";
import { hint, outMessage } from "./out-stanza.ts";

type TypingEvent = NativeEventOf<"typing.changed">;

/** Whether it says nothing true any more. */
export function isStaleTyping(event: TypingEvent, now: number): boolean {
  return now - Date.parse(event.time) > limits.typingAgeMsMax;
}

/** The chat state, for as long as it is news; nothing for a contact whose clients are known to lack chat states. */
export function eventToTyping(ctx: Context, event: TypingEvent, known: Known): readonly Effect[] {
  if (isStaleTyping(event, known.now) || isKnownToLack(known.contact, ns.chatStates)) return [];
  const effects = collectEffects(ctx);
  // A clock that is ahead of ours makes nothing last longer.
  const since = Math.min(Date.parse(event.time), known.now);
  effects.stanza(
    outMessage(
      ctx,
      idAboutNothing(event.id),
      "chat",
      element(event.data.state, { xmlns: ns.chatStates }),
      // XEP-0085 §5.8: nothing to keep for later.
      hint("no-store"),
    ),
    { expires: new Date(since + limits.typingAgeMsMax).toISOString() },
  );
  return effects.list;
}
