/** From a stanza to the pair that it is about. */
import type { Context } from "#core/translate/context.ts";
import { unknownUserReply } from "#core/translate/message-to-event.ts";
import { type BareJid, makeBareJid } from "#core/xmpp/jid.ts";
import { contextOf } from "./context.ts";
import type { Address } from "./directory.ts";
import { sendAnswers } from "./effects.ts";
import type { Ports } from "./ports.ts";
import type { StanzaJob } from "./stanza-job.ts";

/** What a stanza is decided with, and the address that it is for. */
export interface Ghost extends Context {
  readonly address: Address;
}

/** The ghost of a stored user. */
export function ghostJid(localpart: string, domain: string): BareJid {
  const jid = makeBareJid(localpart, domain);
  if (!jid.ok) throw new Error(`the stored address of a user is no JID: ${jid.error}`);
  return jid.value;
}

/** The ghost that a stanza is for, or `undefined` where nobody is at that address. */
export async function ghostOf(job: StanzaJob, ports: Ports): Promise<Ghost | undefined> {
  const { to, from, cause } = job;
  const address = to.local === "" ? undefined : await ports.directory.byLocalpart(to.domain, to.local);
  if (address === undefined) return undefined;
  const pair = { domain: to.domain, user: address.user, contact: from.bare };
  return { address, ...contextOf(ports, pair, to.bare, cause) };
}

/**
 * Answers what came for a user that does not exist, as RFC 6121 §8.5.1 wants it; to a blocked contact every user
 * looks so (XEP-0191 §3.3).
 */
export async function answerForNobody(jobs: readonly StanzaJob[], ports: Ports): Promise<void> {
  for (const job of jobs) {
    const reply = unknownUserReply(job.stanza);
    if (reply !== undefined) await sendAnswers(ports, job, [reply]);
  }
}
