import type { Element } from "ltx";
import type { InboundItem } from "#core/contract/envelope.ts";
import type { Cause } from "#core/decision.ts";
import type { Jid } from "#core/xmpp/jid.ts";

/** One stanza for one of our domains, from somebody outside. */
export interface StanzaJob {
  readonly item: InboundItem;
  readonly stanza: Element;
  /** Whom it is for: a ghost, or the domain itself (`local` empty). */
  readonly to: Jid;
  readonly from: Jid;
  readonly cause: Cause;
}
