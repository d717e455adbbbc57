/** A message of ours that came back with an error (RFC 6120 §8.3). It is never answered. */
import type { Element } from "ltx";
import { readStanzaId } from "../stanza-id.ts";
import { readError } from "../xmpp/error.ts";
import type { EffectCollector } from "./effects.ts";

/**
 * Says which message failed, or which event about one. Nothing but the id is needed for that: servers may leave out
 * the rest. One without an id of ours, or with that of what nobody on the native side has sent, fails nothing.
 */
export function bounceToEvent(stanza: Element, effects: EffectCollector): void {
  const about = readStanzaId(stanza.attrs["id"] ?? "");
  if (about === undefined) return;
  const { condition, text, permanent } = readError(stanza);
  effects.deliver("message.failed", { ...about, condition, text, permanent });
}
