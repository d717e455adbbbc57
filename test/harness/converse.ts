import { join } from "node:path";
import { type ClientEvent, type ClientProcess, startClient } from "./client-process.ts";

/** Where a text stands in for something, by what that is: from one code point to another, or all of it. */
type Fallbacks = Readonly<Record<string, { readonly start: number; readonly end: number } | null>>;

/**
 * What the client tells: `message` is a stanza as Converse parsed it, without what it did not see in it; `shown` is
 * a message as its user sees it, each time that something of it changes.
 */
export interface ConverseEvent extends ClientEvent {
  readonly from?: string;
  readonly id?: string;
  readonly type?: string;
  readonly originId?: string;
  readonly body?: string;
  readonly chatState?: string;
  /** XEP-0184: the message that was received. */
  readonly receipt?: string;
  /** XEP-0333: the message that a marker is about. */
  readonly marked?: string;
  readonly replaces?: string;
  readonly retracts?: string;
  readonly reactedTo?: string;
  /** Of each person. */
  readonly reactions?: Readonly<Record<string, readonly string[]>>;
  readonly replyTo?: string;
  readonly replyAuthor?: string;
  readonly fallback?: Fallbacks;
  readonly url?: string;
  readonly unstyled?: boolean;
  readonly markable?: boolean;
  readonly delayed?: boolean;
  readonly condition?: string;
  readonly text?: string;
  /** `shown`: sent by the account itself. */
  readonly mine?: boolean;
  readonly edited?: boolean;
  /** `shown`: the other side has confirmed it. */
  readonly received?: boolean;
  readonly retracted?: boolean;
  /** `shown`: begins with "/me ". */
  readonly me?: boolean;
}

/** What the client is told to do; ids are those of messages that it has shown. */
export type ConverseCommand =
  | { readonly kind: "open"; readonly to: string }
  | { readonly kind: "message"; readonly to: string; readonly body: string; readonly url?: string }
  | { readonly kind: "edit" | "reply"; readonly to: string; readonly id: string; readonly body: string }
  | { readonly kind: "retraction"; readonly to: string; readonly id: string }
  | { readonly kind: "state"; readonly to: string; readonly state: string }
  | { readonly kind: "marker"; readonly to: string; readonly id: string; readonly marker: string }
  | { readonly kind: "presence"; readonly to: string; readonly type: string };

export interface ConverseAccount {
  readonly jid: string;
  readonly password: string;
  readonly websocket: string;
}

export type ConverseClient = ClientProcess<ConverseEvent, ConverseCommand>;

const program = join(import.meta.dirname, "../fixtures/converse_client.mjs");

/** Logs in with Converse, over a WebSocket as browsers do. */
export async function startConverse(account: ConverseAccount): Promise<ConverseClient> {
  return await startClient(process.execPath, [program], account);
}
