/** The XMPP end of the traffic: accounts with one client each. */
import { setTimeout as delay } from "node:timers/promises";
import type { Element } from "ltx";
import { element, ns } from "#core/xmpp/stanza.ts";
import type { Endpoints } from "#local/endpoints.ts";
import { connectClient, type XmppClient } from "../library-client.ts";
import type { Ledger } from "./ledger.ts";
import { marksIn, markText, pairOf } from "./marks.ts";

export interface XmppEnd {
  readonly account: string;
  /** Sends a stanza; waits for the account to be logged in. */
  send(stanza: Element): Promise<void>;
  /** Writes to every user, and asks its server behind it; waits for the account to be logged in. */
  writeToAll(): Promise<void>;
  /** Resolves when its server has answered a question that follows everything so far; false when it does not. */
  roundTrip(): Promise<boolean>;
  stop(): Promise<void>;
}

export interface XmppEndOptions {
  /** Told of every stanza that comes. */
  readonly onStanza: (account: string, stanza: Element) => void;
  readonly endpoints: Pick<Endpoints, "xmpp" | "component">;
  readonly account: string;
  readonly password: string;
  readonly certificate: string;
  readonly users: readonly string[];
  readonly inbound: Ledger;
  readonly outbound: Ledger;
  readonly signal: AbortSignal;
}

const answerMsMax = 15_000;

type Sent = { readonly pair: string; readonly sequence: number };

/** Notes a message that has come. */
function note({ account, endpoints, inbound, outbound }: XmppEndOptions, stanza: Element): void {
  const id = stanza.attrs["id"] ?? "";
  if (stanza.attrs["type"] === "error") {
    const [own] = marksIn(id);
    if (own?.direction === "in") inbound.told(pairOf(own), own.sequence);
    return;
  }
  const [mark] = marksIn(stanza.getChildText("body") ?? "");
  if (mark?.direction !== "out") return;
  if (mark.account !== account) throw new Error(`${account} got a message for ${mark.account}`);
  // XEP-0160: stamped by the server that kept it.
  const { domain } = endpoints.xmpp;
  const isStored = stanza.getChildren("delay").some(({ attrs }) => attrs["from"] === domain);
  outbound.arrived(pairOf(mark), mark.sequence, id, isStored);
}

/** Logs the account in; it is logged in again whenever its connection is lost. */
export async function startXmppEnd(options: XmppEndOptions): Promise<XmppEnd> {
  const { endpoints, account, users, inbound, signal } = options;
  const { domain } = endpoints.xmpp;
  /** What each question follows, by its id: its answer proves that the server has taken that over. */
  const waiting = new Map<string, { readonly sent: readonly Sent[]; answered(isThere: boolean): void }>();
  let questions = 0;
  let available = Promise.withResolvers<void>();

  const client: XmppClient = await connectClient({
    endpoints,
    jid: `${account}@${domain}`,
    password: options.password,
    resource: "faults",
    certificate: options.certificate,
    onStanza(stanza) {
      options.onStanza(account, stanza);
      if (stanza.is("message")) return note(options, stanza);
      const question = waiting.get(stanza.attrs["id"] ?? "");
      if (question === undefined || !stanza.is("iq")) return;
      waiting.delete(stanza.attrs["id"] ?? "");
      for (const { pair, sequence } of question.sent) inbound.accepted(pair, sequence);
      question.answered(true);
    },
    onAvailable: () => available.resolve(),
    onLost() {
      available = Promise.withResolvers();
      // What was written on this stream is nobody's, or was taken over: nobody knows.
      for (const { answered } of waiting.values()) answered(false);
      waiting.clear();
    },
  });

  const isAvailable = () => Promise.race([available.promise, gone]);
  const gone = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  gone.catch(() => {});

  /** Resolves with whether it was answered on this stream. */
  const ask = async (sent: readonly Sent[]): Promise<boolean> => {
    const id = `question-${questions++}`;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    waiting.set(id, { sent, answered: resolve });
    const ping = element("iq", { type: "get", to: domain, id }, element("ping", { xmlns: ns.ping }));
    await client.send(ping).catch(() => {});
    return await promise;
  };

  return {
    account,
    async writeToAll() {
      const sent: Sent[] = [];
      for (const user of users) {
        await isAvailable();
        const pair = pairOf({ user, account });
        const sequence = inbound.sent(pair);
        const id = markText({ direction: "in", user, account, sequence });
        const to = `${user}@${endpoints.component.domain}`;
        const body = element("body", {}, `message ${id}`);
        const stream = available;
        // What a stream takes that is just ending may be on its way or not.
        await client.send(element("message", { type: "chat", to, id }, body)).catch(() => {});
        if (stream === available) sent.push({ pair, sequence });
        else sent.length = 0;
      }
      // The answer is not waited for: the traffic keeps its pace.
      void ask(sent);
    },
    async send(stanza) {
      await isAvailable();
      await client.send(stanza);
    },
    async roundTrip() {
      const answered = isAvailable().then(() => ask([]));
      return await Promise.race([answered, delay(answerMsMax, false, { signal })]);
    },
    stop: () => client.stop(),
  };
}
