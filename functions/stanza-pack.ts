/** Packs of stanzas from the connector: read, sorted by pair, handled pair by pair, the broken ones set aside. */
import { isTransient, TransientFault } from "#aws/faults.ts";
import { hashId } from "#aws/hash.ts";
import { encodeItem, type InboundItem, readInboundPack, writePack } from "#core/contract/envelope.ts";
import { stanzaMark } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { parseStanza } from "#core/xmpp/codec.ts";
import { parseJid } from "#core/xmpp/jid.ts";
import { admit } from "./admission.ts";
import { crashed, withNote } from "./crash-notes.ts";
import { logFailed, underSpans } from "./item-span.ts";
import { errorWord, type IsLate, type QueueRecord, setAside, type Work } from "./pipeline.ts";
import type { Ports } from "./ports.ts";
import type { StanzaJob } from "./stanza-job.ts";

/** Handles the stanzas of one pair, in order. */
export type HandlePair = (jobs: readonly StanzaJob[], ports: Ports) => Promise<void>;

const groupOf = ({ group, messageId }: QueueRecord) => group || hashId(messageId);
const causeId = (item: InboundItem) => `${item.fence}.${item.seq}`;

function toJob(item: InboundItem, domains: readonly string[]): StanzaJob | { reason: string; text: string } {
  const stanza = parseStanza(item.xml);
  if (!stanza.ok) return { reason: "malformed", text: stanza.error };
  const to = parseJid(stanza.value.attrs["to"] ?? "");
  if (!to.ok) return { reason: "wrong-to", text: to.error };
  if (!domains.includes(to.value.domain)) return { reason: "wrong-to", text: "`to` is not ours" };
  const from = parseJid(stanza.value.attrs["from"] ?? "");
  if (!from.ok) return { reason: "wrong-from", text: from.error };
  if (domains.includes(from.value.domain)) return { reason: "own-domain", text: "`from` is ours" };
  return {
    item,
    stanza: stanza.value,
    to: to.value,
    from: from.value,
    cause: {
      id: causeId(item),
      side: "xmpp",
      mark: stanzaMark(item.fence, item.seq),
      time: item.time,
      trace: item.trace,
      hops: 1,
    },
  };
}

/** Runs at most `count` of the tasks at a time. */
async function atMost(count: number, tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = [...tasks];
  const faults: unknown[] = [];
  const worker = async () => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      try {
        await task();
      } catch (error) {
        faults.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, tasks.length) }, worker));
  if (faults.length > 0) throw faults[0];
}

/** Makes the work of a function that reads stanzas. */
export function stanzaWork(name: string, queue: Work["queue"], handlePair: HandlePair): Work {
  async function itemAside(
    ports: Ports,
    group: string,
    item: InboundItem,
    why: { reason: string; text: string },
  ) {
    const body = writePack([encodeItem(item)]);
    const letter = { ...why, cause: causeId(item), trace: item.trace, body, group };
    const span = ports.tracer.follow("set aside", item.trace, () => ({ queue, cause: causeId(item) }));
    span.fail(why.reason);
    await underSpans([span], () => setAside(ports, { name, queue }, letter));
  }

  /** Handles the jobs of a pair, each under a span of its own. */
  async function handleTraced(ports: Ports, jobs: readonly StanzaJob[], record: QueueRecord): Promise<void> {
    const spans = jobs.map(({ item, stanza, to, from, cause }) =>
      ports.tracer.follow(name, item.trace, () => ({
        queue,
        message: record.messageId,
        receives: record.receives,
        lane: record.group,
        cause: cause.id,
        stanza: stanza.attrs["id"],
        type: stanza.attrs["type"],
        domain: to.domain,
        ghost: to.bare,
        contact: from.bare,
        together: jobs.length,
      })),
    );
    // What comes of an item is caused by its span.
    const traced = jobs.map((job, index) => {
      const { trace = job.cause.trace } = spans[index] ?? {};
      return trace === job.cause.trace ? job : { ...job, cause: { ...job.cause, trace } };
    });
    await underSpans(spans, async () => handlePair(await admit(traced, ports), ports));
  }

  /** Handles the jobs of a pair; when our code fails, one by one, so that only the culprit is set aside. */
  async function isolate(ports: Ports, record: QueueRecord, jobs: readonly StanzaJob[]): Promise<void> {
    try {
      await handleTraced(ports, jobs, record);
    } catch (error) {
      if (isTransient(error)) {
        const traces = jobs.slice(0, limits.traceIdsLoggedMax).map(({ item }) => item.trace);
        logFailed(ports, name, error, traces);
        throw error;
      }
      const [only] = jobs;
      const group = groupOf(record);
      if (jobs.length > 1) {
        for (const job of jobs) await isolate(ports, record, [job]);
      } else if (only !== undefined) {
        await itemAside(ports, group, only.item, { reason: "fault", text: errorWord(error) });
      }
    }
  }

  /** Handles all items of a message: pairs in parallel, each in order. */
  async function together(ports: Ports, record: QueueRecord, items: readonly InboundItem[]): Promise<void> {
    const jobs: StanzaJob[] = [];
    for (const item of items) {
      const job = toJob(item, ports.domains);
      if ("reason" in job) await itemAside(ports, groupOf(record), item, job);
      else jobs.push(job);
    }
    const pairs = Map.groupBy(jobs, ({ to, from }) => `${to.bare} ${from.bare}`);
    await atMost(
      limits.pairsAtOnceMax,
      [...pairs.values()].map((pair) => () => isolate(ports, record, pair)),
    );
  }

  async function handle(record: QueueRecord, ports: Ports, isLate: IsLate): Promise<void> {
    const group = groupOf(record);
    const pack = readInboundPack(record.body);
    if (!pack.ok) {
      // A newer writer: wait for the newer reader.
      if (pack.error.kind === "version") throw new TransientFault(pack.error.text);
      const { text } = pack.error;
      await setAside(
        ports,
        { name, queue },
        { reason: "malformed", text, cause: record.messageId, body: record.body, group },
      );
      return;
    }
    const { items } = pack.value;
    if (record.receives === 1) return together(ports, record, items);
    const suspects = items.map((item) => ({
      cause: causeId(item),
      handle: () => together(ports, record, [item]),
      giveUp: () => itemAside(ports, group, item, crashed),
    }));
    await withNote(ports, record.messageId, suspects, {
      together: () => together(ports, record, items),
      isLate,
    });
  }

  return { name, queue, handle };
}
