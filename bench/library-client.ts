/** An XMPP client: a real library, with what it gets wrong put right. */
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { type Client, client } from "@xmpp/client";
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

/** How long a login may take, on a machine that is busy with other things. */
const loginMsMax = 20_000;
const retryMs = 1_000;

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

/** The library's client, which does not come back by itself: it may hang for ever while a server goes down. */
function makeLibraryClient(options: ClientOptions): Client {
  const [username = "", domain = ""] = options.jid.split("@");
  const { host, port } = options.endpoints.xmpp;
  const xmpp = client({
    service: `xmpp://${host}:${port}`,
    domain,
    username,
    password: options.password,
    resource: options.resource,
  });
  xmpp.reconnect.stop();
  // The library decodes each piece by itself and breaks characters that two pieces share.
  const decoder = new StringDecoder("utf8");
  const onData = xmpp._onData;
  xmpp._onData = function (data) {
    onData.call(this, typeof data === "string" ? data : decoder.write(data));
  };
  xmpp.prependListener("element", withoutScram);
  xmpp.on("stanza", options.onStanza);
  // A lost connection is what some are about.
  xmpp.on("error", () => {});
  return xmpp;
}

/** Ends the connection without a word. */
function cut({ socket }: Client): void {
  // After STARTTLS it wraps Node's.
  (socket?.socket ?? socket)?.destroy?.();
}

interface Login {
  readonly xmpp: Client;
  /** Resolves when the connection is gone. */
  readonly lost: Promise<void>;
}

/** Logs in once, fetches the roster and becomes available. */
async function logIn(options: ClientOptions): Promise<Login> {
  const xmpp = makeLibraryClient(options);
  const lost = new Promise<void>((resolve) => xmpp.on("disconnect", resolve));
  const appear = async () => {
    await xmpp.start();
    const roster = element("iq", { type: "get" }, element("query", { xmlns: "jabber:iq:roster" }));
    await xmpp.iqCaller.request(roster);
    await xmpp.send(element("presence", {}));
  };
  const giveUp = new AbortController();
  const failed = Promise.race([
    lost.then(() => "the connection was lost"),
    delay(loginMsMax, `nothing within ${loginMsMax / 1000} s`, { signal: giveUp.signal }),
  ]).then((reason) => Promise.reject(new Error(`login of ${options.jid}: ${reason}`)));
  try {
    await Promise.race([appear(), failed]);
    return { xmpp, lost };
  } catch (error) {
    cut(xmpp);
    throw error;
  } finally {
    giveUp.abort();
    failed.catch(() => {});
  }
}

/** Logs in, fetches the roster and becomes available; does so again after each loss of the connection. */
export async function connectClient(options: ClientOptions): Promise<XmppClient> {
  trust(options.certificate);
  let login = await logIn(options);
  let isAway = false;
  options.onAvailable?.();

  const logInAgain = async (): Promise<void> => {
    while (!isAway) {
      await delay(retryMs);
      if (isAway) return;
      try {
        login = await logIn(options);
        if (isAway) cut(login.xmpp);
        else options.onAvailable?.();
        return;
      } catch {
        // The server is not there yet.
      }
    }
  };
  const comeBack = async (): Promise<void> => {
    while (!isAway) {
      await login.lost;
      options.onLost?.();
      await logInAgain();
    }
  };
  void comeBack();
  const stayAway = () => {
    isAway = true;
  };
  return {
    send: async (stanza) => await login.xmpp.send(stanza),
    request: async (iq) => await login.xmpp.iqCaller.request(iq),
    pause() {
      login.xmpp.socket?.socket?.pause();
    },
    resume() {
      login.xmpp.socket?.socket?.resume();
    },
    async stop() {
      stayAway();
      await login.xmpp.stop().catch(() => {});
    },
    stayAway,
    kill() {
      stayAway();
      cut(login.xmpp);
    },
  };
}
