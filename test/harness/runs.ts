/** Runs of functions that can be compared: each with a user, a contact and ids of its own, which are then taken out. */
import assert from "node:assert/strict";
import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import { pairGroup, userGroup } from "#aws/hash.ts";
import { type Pair, queueMark, stanzaMark } from "#core/decision.ts";
import { makeHandler, type Work } from "#functions/pipeline.ts";
import type { Ports } from "#functions/ports.ts";
import {
  domain,
  type Engines,
  pairOf,
  portsOver,
  take,
  takeDeadLetters,
  takeEvents,
  takeStanzas,
} from "./functions.ts";
import { again, nativeEvent, packOf, record, stanza, unique } from "./lambda-events.ts";

/** The stage of one run: nobody else ever uses these names. */
export interface Stage {
  readonly user: string;
  readonly contact: string;
  readonly pair: Pair;
  /** A record of one stanza queue with stanzas from the contact to the user. */
  stanzas(...stanzas: readonly StanzaFromContact[]): SQSRecord;
  /** A record of native-events; the user and, unless left out by `undefined`, the contact are filled in. */
  native(type: string, data?: Readonly<Record<string, unknown>>): SQSRecord;
  /** Text without the names of this stage. */
  neutral(text: string): string;
}

interface StanzaFromContact {
  readonly name: "message" | "presence" | "iq";
  readonly attrs?: Readonly<Record<string, string>>;
  readonly children?: string;
  readonly resource?: string;
}

/** Sequence numbers of the stanzas of one stage. */
const seqsMax = 100;

/** @param user one that several stages share; else each has its own */
export function makeStage(user = `user${unique()}x`): Stage {
  const run = unique();
  const contact = `contact${run}x@example.org`;
  const firstSeq = 1_000_000 + run * seqsMax;
  const sequences: string[] = [];
  const names: [string, string][] = [
    [pairGroup(domain, user, contact), "<pair>"],
    [userGroup(domain, user), "<user>"],
    [user, "<user>"],
    [contact, "<contact>"],
    [`event${run}x`, "<event>"],
  ];
  let seq = firstSeq;
  let records = 0;
  const nextId = () => {
    records += 1;
    return `message${run}x${records}`;
  };
  return {
    user,
    contact,
    pair: pairOf(user, contact),
    stanzas(...all) {
      const items = all.map(({ name, attrs, children, resource }) => {
        const from = resource === undefined ? contact : `${contact}/${resource}`;
        seq += 1;
        return { seq, xml: stanza(name, { from, to: `${user}@${domain}`, ...attrs }, children) };
      });
      for (const item of items) {
        names.push([stanzaMark(7, item.seq), `<mark ${item.seq - firstSeq}>`]);
        names.push([`7.${item.seq}`, `<stanza ${item.seq - firstSeq}>`]);
        // As it stands in the text of a pack within a dead letter.
        names.push([String.raw`\"seq\":${item.seq}`, String.raw`\"seq\":<${item.seq - firstSeq}>`]);
      }
      return record({ body: packOf(items), id: nextId() });
    },
    native(type, data = {}) {
      const about = Object.entries({ user, contact, ...data }).filter(([, value]) => value !== undefined);
      const body = nativeEvent(type, Object.fromEntries(about), `event${run}x${sequences.length}`);
      const made = record({ body, group: user, id: nextId() });
      const sequence = queueMark(made.attributes.SequenceNumber ?? "");
      sequences.push(sequence);
      names.push([sequence, `<mark of event ${sequences.length}>`]);
      return made;
    },
    neutral: (text) => names.reduce((rest, [name, neutral]) => rest.replaceAll(name, neutral), text),
  };
}

/** Effects of a kind in the order of their groups, and what a stage must not tell apart left out. */
async function effectsOf(engines: Engines): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const stanzas = await takeStanzas(engines);
  const templates = await takeStanzas(engines, "outboundPresence");
  return {
    // Who sends an outbox for another cause does so under its own trace.
    stanzas: stanzas.map(({ trace: _, time: __, ...rest }) => rest),
    // Ids of templates are hashes of what they are about.
    templates: templates.map(({ id: _, ...rest }) => rest),
    deliveries: await takeEvents(engines),
    internals: await takeEvents(engines, "nativeEvents"),
    walks: await take(engines, "walks"),
    deadLetters: [
      ...(await takeDeadLetters(engines, "messageStanzas")),
      ...(await takeDeadLetters(engines, "presenceStanzas")),
      ...(await takeDeadLetters(engines, "nativeEvents")),
    ],
  };
}

async function stateOf({ table }: Engines, { pair }: Stage) {
  const { contacts } = await table.subscribers(domain, pair.user, undefined);
  return {
    user: await table.readUser(domain, pair.user),
    pair: await table.readPair(pair),
    availability: await table.readAvailability(pair),
    isSubscriber: contacts.includes(pair.contact),
  };
}

/** What runs have left behind, each on its stage: state, and effects in the order of their groups. */
export async function observe(engines: Engines, stages: readonly Stage[]): Promise<Observation[]> {
  const effects = Object.entries(await effectsOf(engines)).map(([kind, all]) => ({
    kind,
    texts: all.map((effect) => JSON.stringify(effect)),
  }));
  const users = new Set(stages.map(({ user }) => user));
  const seen = stages.map(async (stage) => {
    // What names the contact alone, or the user alone where nobody shares it.
    const names = users.size === stages.length ? [stage.user, stage.contact] : [stage.contact];
    const own = effects.map(({ kind, texts }) => {
      const found = texts.filter((text) => names.some((name) => text.includes(name)));
      return `${JSON.stringify(kind)}:[${found.join()}]`;
    });
    const state = JSON.stringify(await stateOf(engines, stage));
    const text = `{"state":${state},${own.join()}}`;
    return JSON.parse(stage.neutral(text)) as Observation;
  });
  return Promise.all(seen);
}

/** What {@link observe} sees of a stage, by the names of {@link effectsOf}. */
export interface Observation extends Readonly<Record<string, unknown>> {
  readonly state: Awaited<ReturnType<typeof stateOf>>;
}

/** An invocation of a work for records, as one instance of the function does it. */
export function invoke(work: Work, ports: Ports, records: readonly SQSRecord[]): Promise<SQSBatchResponse> {
  return makeHandler(work, ports)({ Records: [...records] });
}

/** The same where all of it is to be done: nothing is returned to its queue. */
export async function perform(work: Work, ports: Ports, ...records: readonly SQSRecord[]): Promise<void> {
  assert.deepEqual(await invoke(work, ports, records), { batchItemFailures: [] });
}

/** Invokes new instances until nothing is left to come again. */
export async function finish(work: Work, engines: Engines, records: readonly SQSRecord[]): Promise<void> {
  let left = records;
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt === 5) throw new Error(`${work.name}: still not done`);
    const { batchItemFailures } = await invoke(work, portsOver(engines), left);
    left = failedOf(left, batchItemFailures).map((one) => again(one));
  }
}

/** The records that an answer returns. */
export function failedOf(
  records: readonly SQSRecord[],
  failures: SQSBatchResponse["batchItemFailures"],
): SQSRecord[] {
  const failed = new Set(failures.map(({ itemIdentifier }) => itemIdentifier));
  return records.filter(({ messageId }) => failed.has(messageId));
}
