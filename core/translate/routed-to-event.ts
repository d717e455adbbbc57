/** Our XMPP server has routed a message of a native user: the connector says so, by the message's stanza id. */
import type { Element } from "ltx";
import type { Effect } from "../decision.ts";
import { readStanzaId } from "../stanza-id.ts";
import type { Context } from "./context.ts";
import { collectEffects } from "./effects.ts";

/** @param note a message with the id of the one that was routed */
export function routedToEvent(ctx: Context, note: Element): { readonly effects: readonly Effect[] } {
  const effects = collectEffects(ctx);
  const about = readStanzaId(note.attrs["id"] ?? "");
  if (about !== undefined) {
    const { id, part } = about;
    effects.deliver("message.routed", { id, ...(part === undefined ? {} : { part }) });
  }
  return { effects: effects.list };
}
