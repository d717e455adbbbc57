import { join } from "node:path";
import { type ClientEvent, type ClientProcess, startClient } from "./client-process.ts";

/**
 * What the client tells: `kind` is the library's event; the rest is what its plugins saw in the stanza, without
 * what they did not see.
 */
export interface SlixmppEvent extends ClientEvent {
  readonly from?: string;
  readonly type?: string;
  readonly id?: string;
  readonly body?: string;
  readonly show?: string;
  readonly status?: string;
  readonly subject?: string;
  readonly thread?: string;
  readonly originId?: string;
  readonly receiptRequested?: true;
  readonly markable?: true;
  /** XEP-0184: the message that was received. */
  readonly receipt?: string;
  /** XEP-0333: the message that was displayed. */
  readonly displayed?: string;
  readonly chatState?: string;
  readonly replaces?: string;
  /** XEP-0422: the message that something is fastened to. */
  readonly fastenedTo?: string;
  readonly isFallback?: true;
  readonly reactedTo?: string;
  readonly hasReactions?: true;
  readonly emojis?: readonly string[];
  readonly replyTo?: string;
  readonly replyAuthor?: string;
  /** The body without the quotation that stands in for the reply. */
  readonly strippedBody?: string;
  readonly url?: string;
  readonly desc?: string;
  readonly encryptedBy?: string;
  readonly hints?: readonly string[];
  readonly stamp?: string;
  readonly condition?: string;
  readonly text?: string;
  /** XEP-0115: the verification string that the library has found true, and what it stands for. */
  readonly ver?: string;
  readonly features?: readonly string[];
}

/** A message, with what the plugins are to put into it. */
interface MessageCommand {
  readonly kind: "message";
  readonly to: string;
  readonly id?: string;
  readonly body?: string;
  readonly type?: "chat" | "normal" | "headline";
  readonly subject?: string;
  readonly thread?: string;
  readonly receipt?: true;
  readonly markable?: true;
  readonly origin_id?: string;
  readonly replaces?: string;
  readonly url?: string;
  readonly state?: string;
  readonly hints?: readonly string[];
  readonly nick?: string;
  readonly stamp?: string;
  readonly encrypted_by?: string;
  readonly reply_to?: string;
  readonly reply_author?: string;
  /** Characters at the start of the body that quote what is answered. */
  readonly quote_length?: number;
}

/** What the client is told to do. */
export type SlixmppCommand =
  | MessageCommand
  | { readonly kind: "receipt" | "retraction"; readonly to: string; readonly id: string }
  | { readonly kind: "marker"; readonly to: string; readonly id: string; readonly marker: string }
  | {
      readonly kind: "reactions";
      readonly to: string;
      readonly id: string;
      readonly emojis: readonly string[];
    }
  | {
      readonly kind: "reply";
      readonly to: string;
      readonly id: string;
      readonly body: string;
      readonly author: string;
    }
  | { readonly kind: "attention"; readonly to: string; readonly body?: string }
  | { readonly kind: "invitation"; readonly to: string; readonly room: string; readonly reason: string }
  | { readonly kind: "forward"; readonly to: string; readonly body: string; readonly forwarded_body: string }
  | {
      readonly kind: "presence";
      readonly to?: string;
      readonly type?: string;
      readonly show?: string;
      readonly status?: string;
    };

export interface SlixmppAccount {
  readonly jid: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly certificate: string;
  readonly resource?: string;
  /** XEP-0280: copies of what the account's other clients send and get. */
  readonly carbons?: true;
}

export type SlixmppClient = ClientProcess<SlixmppEvent, SlixmppCommand>;

const program = join(import.meta.dirname, "../fixtures/slixmpp_client.py");

/** Logs in with Debian's slixmpp. */
export async function startSlixmpp(account: SlixmppAccount): Promise<SlixmppClient> {
  return await startClient("/usr/bin/python3", [program], account);
}
