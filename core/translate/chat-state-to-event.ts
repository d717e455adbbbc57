/** XEP-0085: who types. */
import { limits } from "../limits.ts";
import { ns } from "../xmpp/stanza.ts";
import type { Incoming } from "./incoming.ts";

/** XEP-0085 §3 */
const states = ["active", "composing", "paused", "inactive", "gone"] as const;

/**
 * The state of a message that says nothing else: beside a text it is understood that its author is there. What was
 * kept somewhere on its way is no news any more.
 *
 * @param now when it is decided on
 */
export function chatStateToEvent({ stanza, capabilities, effects, time }: Incoming, now: string): void {
  if (!capabilities.typing || Date.parse(now) - Date.parse(time) > limits.typingAgeMsMax) return;
  const state = states.find((name) => stanza.getChild(name, ns.chatStates) !== undefined);
  if (state !== undefined) effects.deliver("typing.changed", { state }, time);
}
