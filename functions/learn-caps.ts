/**
 * Learns what contacts' clients can do: each verification string (XEP-0115) is asked for once, whoever bears it, and
 * is then known of everybody who does.
 */
import { capsDigest } from "#aws/hash.ts";
import type { CapsRecord } from "#aws/table.ts";
import { newToken } from "#aws/token.ts";
import { clientFeaturesOf } from "#core/client-features.ts";
import { limits } from "#core/limits.ts";
import { ghostResource } from "#core/presence.ts";
import { seesContact } from "#core/subscription.ts";
import {
  answeredInfo,
  answeredQuestion,
  type CapsQuestion,
  capsQuestion,
} from "#core/translate/caps-question.ts";
import type { Context } from "#core/translate/context.ts";
import { type Caps, verificationText } from "#core/xmpp/caps.ts";
import { serializeStanza } from "#core/xmpp/codec.ts";
import type { Jid } from "#core/xmpp/jid.ts";
import { sendEffects } from "./effects.ts";
import type { Ports } from "./ports.ts";
import type { StanzaJob } from "./stanza-job.ts";

const fullJid = ({ bare, resource }: Pick<Jid, "bare" | "resource">) => `${bare}/${resource}`;
const nowS = (ports: Ports) => Math.floor(ports.clock() / 1000);

/**
 * Asks a device what it can do, where nobody knows and nobody has asked: not of strangers, and not of a contact that
 * the user does not see. 0 requests for what this instance has met before; else 1 read; for what is new to all 1 more
 * read, 1 write and 1 message.
 */
export async function learnCaps(ctx: Context, from: Jid, caps: Caps, ports: Ports): Promise<void> {
  const { pair, cause } = ctx;
  const { table, knownCaps } = ports;
  const known = await knownCaps.read(caps, Number.POSITIVE_INFINITY);
  if (known !== undefined && knownCaps.holds(known)) {
    const { state, token } = known;
    // The presence comes again, and perhaps the question was not sent.
    const isOurs = state.kind === "asked" && state.cause === cause.id && state.device === fullJid(from);
    return isOurs ? ask(ctx, state.device, caps, token, ports) : undefined;
  }
  const record = await table.readPair(pair);
  if (record === undefined || record.state.blocked || !seesContact(record.state.state)) return;
  if (!knownCaps.mayAsk(pair.contact)) return;
  const device = fullJid(from);
  const asked: CapsRecord = {
    token: newToken(),
    expires: nowS(ports) + limits.capsAnswerS,
    state: {
      kind: "asked",
      cause: cause.id,
      ghost: fullJid({ bare: ctx.ghost, resource: ghostResource }),
      device,
    },
  };
  if (!(await table.replaceCaps(caps, known?.token, asked))) return;
  knownCaps.put(caps, asked);
  await ask(ctx, device, caps, asked.token, ports);
}

async function ask(ctx: Context, device: string, caps: Caps, token: string, ports: Ports): Promise<void> {
  const ghost = fullJid({ bare: ctx.ghost, resource: ghostResource });
  const xml = serializeStanza(capsQuestion(ghost, device, caps, token));
  const question = { kind: "stanza", id: `${ctx.cause.id}/caps`, xml } as const;
  await sendEffects(ports, ctx.pair, ctx.cause, [question]);
}

/**
 * Takes in what a device answers. An answer counts only from the device that was asked, to the ghost that asked, with
 * the id that only the two know, and only while it is waited for; what it says only where it has the hash that it was
 * asked about (XEP-0115 §5.4). Everything else is dropped. 1 read for what claims to be an answer, 1 write for one.
 */
export async function takeCapsAnswer({ stanza, from, to }: StanzaJob, ports: Ports): Promise<void> {
  const question = answeredQuestion(stanza);
  const record = question && (await ports.table.readCaps(question));
  if (question === undefined || record?.token !== question.token || record.state.kind !== "asked") return;
  const { device, ghost } = record.state;
  if (device !== fullJid(from) || ghost !== fullJid(to)) return;
  const state = learnt(stanza, question);
  const keptS = state.kind === "known" ? limits.capsKeptS : limits.capsUnknownS;
  const answered = { token: record.token, expires: nowS(ports) + keptS, state };
  if (await ports.table.replaceCaps(question, record.token, answered))
    ports.knownCaps.put(question, answered);
}

function learnt(stanza: StanzaJob["stanza"], { hash, ver }: CapsQuestion) {
  const info = answeredInfo(stanza);
  const isTrue = info !== undefined && capsDigest(hash, verificationText(info)) === ver;
  const features = isTrue ? clientFeaturesOf(info) : undefined;
  return features === undefined ? ({ kind: "unknown" } as const) : ({ kind: "known", features } as const);
}
