import { StringDecoder } from "node:string_decoder";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { client } from "@xmpp/client";
import { type Element, parse } from "ltx";
import { type Inbox, makeInbox } from "./inbox.ts";

export interface XmppOptions {
  readonly endpoints: { readonly xmpp: { readonly host: string; readonly port: number } };
  /** Bare JID of an account. */
  readonly jid: string;
  readonly password: string;
  readonly resource: string;
  /** PEM of the server's self-signed certificate. */
  readonly certificate: string;
}

/** An XMPP user with one client, driven by a real client library. */
export interface XmppUser {
  readonly bare: string;
  readonly full: string;
  /** Messages and presences that arrived; IQs are the library's. */
  readonly inbox: Inbox<Element>;
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
  /** Reads nothing more, as a client that cannot keep up. */
  pause(): void;
  resume(): void;
  /** Logs out; the server tells the contacts. */
  stop(): Promise<void>;
  /** Does not come back once its connection is lost. */
  stayAway(): void;
  /** Loses its connection without a word, as a process that is killed does, and does not come back. */
  kill(): void;
}

const trusted = new Set<string>();

/** Makes this process trust a certificate, beside those that it trusts anyway. */
function trust(certificate: string): void {
  if (trusted.has(certificate)) return;
  trusted.add(certificate);
  setDefaultCACertificates([...getCACertificates("default"), certificate]);
}

/** The element that a well-formed text is. */
export function xml(text: string): Element {
  const element = parse(text);
  if (element === null) throw new Error(`no element: ${text}`);
  return element;
}

const asElement = (stanza: Element | string) => (typeof stanza === "string" ? xml(stanza) : stanza);

/** The library awaits nothing of its SCRAM, which answers with promises; over TLS PLAIN does as well. */
function withoutScram(element: Element): void {
  const mechanisms = element.getChild("mechanisms", "urn:ietf:params:xml:ns:xmpp-sasl");
  for (const mechanism of mechanisms?.getChildElements() ?? []) {
    if (mechanism.getText().startsWith("SCRAM-")) mechanisms?.remove(mechanism);
  }
}

/** The bare JID of an address. */
export function bareOf(jid: string | undefined): string {
  return (jid ?? "").split("/")[0] ?? "";
}

/** Logs in, fetches the roster and becomes available; does so again after each reconnect. */
export async function connectXmpp(options: XmppOptions): Promise<XmppUser> {
  const { endpoints, jid } = options;
  trust(options.certificate);
  const [username = "", domain = ""] = jid.split("@");
  const xmpp = client({
    service: `xmpp://${endpoints.xmpp.host}:${endpoints.xmpp.port}`,
    domain,
    username,
    password: options.password,
    resource: options.resource,
  });
  // The library decodes each piece by itself and breaks characters that two pieces share.
  const decoder = new StringDecoder("utf8");
  const onData = xmpp._onData;
  xmpp._onData = function (data) {
    onData.call(this, typeof data === "string" ? data : decoder.write(data));
  };
  xmpp.prependListener("element", withoutScram);
  const inbox = makeInbox<Element>((stanza) => stanza.toString());
  let take = inbox.put;
  xmpp.on("stanza", (stanza: Element) => {
    if (!stanza.is("iq")) take(stanza);
  });
  // A lost connection is what some tests are about; the library reconnects by itself.
  xmpp.on("error", () => {});
  const appear = async () => {
    await xmpp.iqCaller.request(xml('<iq type="get"><query xmlns="jabber:iq:roster"/></iq>'));
    await xmpp.send(xml("<presence/>"));
  };
  try {
    await xmpp.start();
    await appear();
  } catch (error) {
    // Else it tries again for ever and keeps the test process alive.
    xmpp.reconnect.stop();
    await xmpp.stop().catch(() => {});
    throw error;
  }
  xmpp.on("online", () => {
    appear().catch(() => {});
  });
  const stayAway = () => xmpp.reconnect.stop();
  return {
    bare: jid,
    full: `${jid}/${options.resource}`,
    inbox,
    onStanza(listener) {
      take = listener;
    },
    send: async (stanza) => await xmpp.send(asElement(stanza)),
    request: async (iq) => await xmpp.iqCaller.request(asElement(iq)),
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
    pause() {
      xmpp.socket?.socket?.pause();
    },
    resume() {
      xmpp.socket?.socket?.resume();
    },
    async stop() {
      stayAway();
      await xmpp.stop().catch(() => {});
    },
    stayAway,
    kill() {
      stayAway();
      xmpp.socket?.socket?.destroy();
    },
  };
}
