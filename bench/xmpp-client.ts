/** An XMPP client: a real library, with what it gets wrong put right. */
import { StringDecoder } from "node:string_decoder";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { client } from "@xmpp/client";
import type { Element } from "ltx";
import { element } from "#core/xmpp/stanza.ts";

export interface ClientOptions {
  readonly endpoints: { readonly xmpp: { readonly host: string; readonly port: number } };
  /** Bare JID of an account. */
  readonly jid: string;
  readonly password: string;
  readonly resource: string;
  /** PEM of the server's self-signed certificate. */
  readonly certificate: string;
  /** Each stanza that arrives; the library answers IQs. */
  readonly onStanza: (stanza: Element) => void;
  /** The client is available, also after its connection was lost and made again. */
  readonly onAvailable?: () => void;
  readonly onLost?: () => void;
}

export interface XmppClient {
  send(stanza: Element): Promise<void>;
  /** Sends an IQ and resolves with its result; rejects with an error that has `condition`. */
  request(iq: Element): Promise<Element>;
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

/** The library awaits nothing of its SCRAM, which answers with promises; over TLS PLAIN does as well. */
function withoutScram(stanza: Element): void {
  const mechanisms = stanza.getChild("mechanisms", "urn:ietf:params:xml:ns:xmpp-sasl");
  for (const mechanism of mechanisms?.getChildElements() ?? []) {
    if (mechanism.getText().startsWith("SCRAM-")) mechanisms?.remove(mechanism);
  }
}

/** Logs in, fetches the roster and becomes available; does so again after each reconnect. */
export async function connectClient(options: ClientOptions): Promise<XmppClient> {
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
  xmpp.on("stanza", options.onStanza);
  // A lost connection is what some are about; the library reconnects by itself.
  xmpp.on("error", () => {});
  const appear = async () => {
    const roster = element("iq", { type: "get" }, element("query", { xmlns: "jabber:iq:roster" }));
    await xmpp.iqCaller.request(roster);
    await xmpp.send(element("presence", {}));
    options.onAvailable?.();
  };
  try {
    await xmpp.start();
    await appear();
  } catch (error) {
    // Else it tries again for ever and keeps the process alive.
    xmpp.reconnect.stop();
    await xmpp.stop().catch(() => {});
    throw error;
  }
  xmpp.on("online", () => {
    appear().catch(() => {});
  });
  xmpp.on("disconnect", () => options.onLost?.());
  const stayAway = () => xmpp.reconnect.stop();
  return {
    send: async (stanza) => await xmpp.send(stanza),
    request: async (iq) => await xmpp.iqCaller.request(iq),
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
