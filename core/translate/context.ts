/** What every decision knows besides the stanza or event that it is about. */
import type { Cause, Pair } from "../decision.ts";
import type { Caps } from "../xmpp/caps.ts";
import type { BareJid } from "../xmpp/jid.ts";

export interface Context {
  readonly pair: Pair;
  /** The JID under which the user of the pair appears. */
  readonly ghost: BareJid;
  readonly cause: Cause;
  /** What ghosts can do, as their presence says it. */
  readonly caps: Caps;
  /** Several domains are served, so delivered events name theirs. */
  readonly severalDomains: boolean;
}
