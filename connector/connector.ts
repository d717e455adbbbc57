/** The parts of a connector for one domain, put together from ports; `main.ts` gives it the real ones. */
import type { Queues } from "#aws/queues.ts";
import type { ReadSecret } from "#aws/secret.ts";
import type { Table } from "#aws/table.ts";
import { untraced } from "#aws/tracer.ts";
import type { OutboundItem } from "#core/contract/envelope.ts";
import { limits as defaultLimits, type Limits } from "#core/limits.ts";
import { type Rates, ratesOf } from "#core/rates.ts";
import type { Tracer } from "#core/trace.ts";
import { checkOutbound, parseStanza, serializeStanza } from "#core/xmpp/codec.ts";
import { errorReply } from "#core/xmpp/error.ts";
import { parseJid } from "#core/xmpp/jid.ts";
import { element } from "#core/xmpp/stanza.ts";
import { makeAnnounce } from "./announce.ts";
import { setAside } from "./aside.ts";
import { stanzaQueues } from "./classify.ts";
import { type Counters, makeCounters } from "./counters.ts";
import type { DialOptions } from "./dial.ts";
import { makeDownlink } from "./downlink.ts";
import type { Unfit } from "./expand.ts";
import { makeGate } from "./gate.ts";
import type { Health } from "./health.ts";
import type { Lease } from "./lease.ts";
import type { Log } from "./log.ts";
import { atMost } from "./pause.ts";
import { makePolicyWatch } from "./policy-watch.ts";
import type { Session } from "./session.ts";
import { makeStream } from "./stream.ts";
import { makeUplink } from "./uplink.ts";
import { makeVersions } from "./versions.ts";

export interface ConnectorOptions extends DialOptions {
  /** Prepared. */
  readonly domain: string;
  /** Called for each stream. */
  readonly readSecret: ReadSecret;
  readonly lanes: number;
  readonly queues: Queues;
  /** Says when the stream is ours. */
  readonly lease: Lease;
  /** Where the policy of the domain is. */
  readonly table: Pick<Table, "readPolicy">;
  readonly log: Log;
  /** Default: nothing is recorded. */
  readonly tracer?: Tracer;
  /** How much may come in; by default what the limits say. */
  readonly rates?: Rates;
  /** Defaults to the limits of `core/limits.ts`. */
  readonly limits?: Limits;
  /** From 0 to 1, for jitter. */
  readonly random?: () => number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface Connector {
  readonly counters: Counters;
  start(): void;
  /** Confirms what can be confirmed, gives back the rest, closes the stream, takes in what it still brought. */
  stop(): Promise<void>;
  health(): Health;
}

/** What uplink keeps as `late` would have been taken in time, so it is not refused. */
function countAsides(queues: Queues, counters: Counters): Queues {
  return {
    ...queues,
    async setAside(queue, letter) {
      await queues.setAside(queue, letter);
      counters.add("setAside");
      counters.reason(letter.reason);
      const isInbound = stanzaQueues.some((inbound) => inbound === queue);
      if (isInbound && letter.reason !== "late") counters.add("refused");
    },
  };
}

function timeBarriers(session: Session, counters: Counters): Session {
  return {
    ...session,
    confirm(xml) {
      const from = performance.now();
      const { written, back } = session.confirm(xml);
      void back.then((isBack) => {
        if (isBack) counters.barrier(performance.now() - from);
      });
      return { written, back };
    },
  };
}

export function makeConnector(options: ConnectorOptions): Connector {
  const { domain, lease, log } = options;
  const limits = options.limits ?? defaultLimits;
  const random = options.random ?? Math.random;
  const giveUp = new AbortController();
  const counters = makeCounters(limits);
  const shared = {
    ...options,
    queues: countAsides(options.queues, counters),
    limits,
    random,
    tracer: options.tracer ?? untraced,
    signal: giveUp.signal,
    onPacked(items: number) {
      counters.add("packs");
      counters.add("itemsPacked", items);
    },
  };

  const reply = (xml: string) => {
    // Our own answers quote addresses of others, so they are checked like everything that leaves.
    const checked = checkOutbound(xml, [domain]);
    if (!checked.ok) return log("warn", "reply.unfit", { reason: checked.error });
    // When the stream ends with it, the sender gets the server's error instead.
    stream
      .session()
      ?.write(serializeStanza(checked.value))
      .catch(() => {});
  };

  const policy = makePolicyWatch(shared);
  const gate = makeGate({
    ...shared,
    rates: options.rates ?? ratesOf(limits),
    rules: policy.rules,
    reply,
    onRefused(reason) {
      counters.add("refused");
      counters.reason(reason);
    },
  });
  const uplink = makeUplink({ ...shared, gate, reply });

  /** The author's side of a stanza that may not leave: as if its contact had refused it. */
  const bounce = async ({ stanza, text }: Unfit): Promise<void> => {
    const author = parseJid(stanza?.attrs["from"] ?? "");
    // An event needs a contact: without one the dead letter says it all.
    const contact = parseJid(stanza?.attrs["to"] ?? "");
    if (!stanza || !author.ok || !contact.ok || author.value.domain !== domain) return;
    const answer = errorReply(stanza, "not-acceptable", text);
    if (answer) await uplink.inject(answer);
  };

  const routed = async (item: OutboundItem): Promise<void> => {
    const stanza = parseStanza(item.xml);
    if (!stanza.ok) return;
    const { from, to, id } = stanza.value.attrs;
    // RFC 6121 §8.5: nobody answers a headline, whoever it is taken for.
    await uplink.inject(element("message", { type: "headline", from: to, to: from, id }), item);
  };

  const downlink = makeDownlink({
    ...shared,
    onWritten: (xml) => counters.stanza(/^<([a-z]+)/.exec(xml)?.[1] ?? "", "Out"),
    setAside: (queue, letter) => setAside(shared, queue, letter),
    bounce,
    routed,
    context: {
      domain,
      now: options.now ?? Date.now,
      versions: makeVersions(limits.broadcastVersionsMax),
      limits,
    },
  });

  const announce = makeAnnounce({ ...shared, now: options.now ?? Date.now });

  const stream = makeStream({
    ...shared,
    inbound: {
      ...uplink,
      accept(stanza, bytes) {
        counters.stanza(stanza.name, "In");
        uplink.accept(stanza, bytes);
      },
    },
    onUp(session) {
      downlink.up(timeBarriers(session, counters));
      announce.up(session.fence);
    },
    onDown(fence, reason) {
      downlink.down();
      // The stream is another's by now, and not down.
      if (lease.term() !== undefined) announce.down(fence, reason);
    },
  });

  return {
    counters,
    start() {
      lease.start({ onClose: () => stream.close("lease-ending"), onLost: () => stream.close("lease-lost") });
      policy.start();
      stream.start();
    },
    async stop() {
      const begunAt = performance.now();
      const leftMs = () => Math.max(0, begunAt + 0.9 * limits.stopMsMax - performance.now());
      lease.leave();
      // Half of the time for confirmations; most of the rest for the server's last words, the end for the queues.
      await downlink.stop(limits.stopMsMax / 2);
      // Beside the rest: queues may be slow, and the stream is to be closed in order all the same.
      const givenBack = downlink.giveBack();
      await stream.stop(leftMs());
      await uplink.flush();
      gate.end();
      await announce.told();
      await atMost(leftMs(), givenBack);
      await lease.release();
      giveUp.abort();
    },
    health() {
      const session = stream.session();
      const { role, fresh } = lease.view();
      return {
        domain,
        stream: stream.state(),
        ...(role !== "off" && { lease: role, leaseFresh: fresh }),
        ...(session && { fence: session.fence, since: new Date(session.since).toISOString() }),
        windowStanzas: uplink.size(),
        held: downlink.held(),
      };
    },
  };
}
