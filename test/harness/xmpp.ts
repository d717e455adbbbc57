import { type Element, parse } from "ltx";
import { type ClientOptions, connectClient, type XmppClient } from "#bench/library-client.ts";
import { type Inbox, makeInbox } from "./inbox.ts";

export type XmppOptions = Omit<ClientOptions, "onStanza" | "onAvailable" | "onLost">;

/** An XMPP user with one client. */
export interface XmppUser extends Omit<XmppClient, "send" | "request"> {
  readonly bare: string;
  readonly full: string;
  /** Messages and presences that arrived; IQs are the library's. */
  readonly inbox: Inbox<Element>;
  /** Resolves when the client is available, again after it has lost its stream. */
  available(): Promise<void>;
  /** Hands every message and presence to a listener instead of the inbox, from now on. */
  onStanza(listener: (stanza: Element) => void): void;
  /** Sends a stanza, an element or XML text. */
  send(stanza: Element | string): Promise<void>;
  /** Sends an IQ and resolves with its result; rejects with an error that has `condition`. */
  request(iq: Element | string): Promise<Element>;
  /** The next message or presence that matches. */
  next(matches: (stanza: Element) => boolean, what: string, timeoutMs?: number): Promise<Element>;
  /** The next message from a bare JID that has a body. */
  nextMessage(from: string, timeoutMs?: number): Promise<Element>;
}

/** The element that a well-formed text is. */
export function xml(text: string): Element {
  const element = parse(text);
  if (element === null) throw new Error(`no element: ${text}`);
  return element;
}

const asElement = (stanza: Element | string) => (typeof stanza === "string" ? xml(stanza) : stanza);

/** The bare JID of an address. */
export function bareOf(jid: string | undefined): string {
  return (jid ?? "").split("/")[0] ?? "";
}

/** Logs in, fetches the roster and becomes available; does so again after each reconnect. */
export async function connectXmpp(options: XmppOptions): Promise<XmppUser> {
  const { jid } = options;
  const inbox = makeInbox<Element>((stanza) => stanza.toString());
  let take = inbox.put;
  let available = Promise.withResolvers<void>();
  const client = await connectClient({
    ...options,
    onStanza(stanza) {
      if (!stanza.is("iq")) take(stanza);
    },
    onAvailable: () => available.resolve(),
    onLost() {
      available = Promise.withResolvers();
    },
  });
  return {
    ...client,
    bare: jid,
    full: `${jid}/${options.resource}`,
    inbox,
    available: () => available.promise,
    onStanza(listener) {
      take = listener;
    },
    send: (stanza) => client.send(asElement(stanza)),
    request: (iq) => client.request(asElement(iq)),
    next: (matches, what, timeoutMs) => inbox.next(matches, what, timeoutMs),
    nextMessage: (from, timeoutMs) =>
      inbox.next(
        (stanza) =>
          stanza.is("message") &&
          bareOf(stanza.attrs["from"]) === from &&
          stanza.getChild("body") !== undefined,
        `message from ${from}`,
        timeoutMs,
      ),
  };
}
