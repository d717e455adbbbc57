/** What decisions about a pair are made with, of whatever they come. */
import type { Cause, Pair } from "#core/decision.ts";
import type { Context } from "#core/translate/context.ts";
import type { BareJid } from "#core/xmpp/jid.ts";
import type { Ports } from "./ports.ts";

/** The context of a cause at a pair, whose user appears as `ghost`. */
export function contextOf(ports: Ports, pair: Pair, ghost: BareJid, cause: Cause): Context {
  return { pair, ghost, cause, caps: ports.caps, severalDomains: ports.domains.length > 1 };
}
