/**
 * After a stream came up: what was missed is asked and told again, pair by pair, paced, from a checkpoint; then
 * who stayed silent is forgotten.
 */
import { TransientFault } from "#aws/faults.ts";
import { hashId } from "#aws/hash.ts";
import type { UserRecord, WalkEntry } from "#aws/table.ts";
import { makeDelivery } from "#core/contract/delivery.ts";
import type { WalkTaskOf } from "#core/contract/envelope.ts";
import { type Pair, stanzaMark } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { parseUserId } from "#core/mapping.ts";
import { aggregate } from "#core/presence.ts";
import { presenceChanged } from "#core/translate/availability.ts";
import type { Context } from "#core/translate/context.ts";
import { forgetSilent, greetAgain, silentResources, toldSince } from "#core/translate/resync.ts";
import { sendDelivery, sendEffects, sendWalk } from "./effects.ts";
import { pairByPair } from "./pair-by-pair.ts";
import { itemsOf, pairContext, type UserOf, visitPairs, visitPairsOf } from "./pair-walk.ts";
import type { Ports } from "./ports.ts";

type Task = WalkTaskOf<"resync">;

/**
 * Steps in the order in which they are taken; those of a newer stream come after all of an older one, and those that
 * an operator has asked for after the stream's own.
 */
function markOf({ fence, begun, phase, step }: Task): string {
  const order = phase === "greet" ? "0." : "1.";
  return stanzaMark(fence, step).replace(".", begun === undefined ? `.${order}` : `.2.${begun}.${order}`);
}

/** What ids of this walk begin with. */
const nameOf = ({ fence, begun }: Task) => (begun === undefined ? `${fence}` : `${fence}.${begun}`);

function contextOf(task: Task, pair: Pair, record: UserRecord, ports: Ports): Context {
  return pairContext(ports, task, pair, record, {
    id: `resync.${nameOf(task)}.${hashId(pair.user, pair.contact)}`,
    mark: stanzaMark(task.fence, 0),
  });
}

/** 0 to 2 stanzas about a pair, in one message; one more where the user has shown itself to the contact alone. */
async function greet(task: Task, entry: WalkEntry, userOf: UserOf, ports: Ports): Promise<void> {
  if (entry.kind !== "subscription") return;
  const record = await userOf(entry.pair);
  if (record === undefined || record.removing) return;
  const ctx = contextOf(task, entry.pair, record, ports);
  await sendEffects(ports, entry.pair, ctx.cause, greetAgain(ctx, entry.state, record.presence));
}

/** A contact of whom the native side was told, and the mark of the last stanza that this took in. */
interface Told {
  readonly pair: Pair;
  readonly ctx: Context;
  readonly mark: string;
}

/** Forgets the resources that nobody has spoken for since the stream came up. */
async function settle(task: Task, entry: WalkEntry, userOf: UserOf, ports: Ports): Promise<Told | undefined> {
  if (entry.kind !== "availability") return undefined;
  const { pair, resources, mark, settled, settledMark } = entry;
  const silent = silentResources(resources, task.fence);
  if (silent.length === 0 && settled !== task.fence) return undefined;
  const record = await userOf(pair);
  if (record === undefined) return undefined;
  const ctx = contextOf(task, pair, record, ports);
  if (silent.length === 0) {
    // The step comes again, and perhaps nobody was told: what is true now does no harm.
    const since = mark === settledMark ? [] : toldSince(ctx, resources, mark);
    await sendEffects(ports, pair, ctx.cause, [...presenceChanged(ctx, aggregate(resources)), ...since]);
    return { pair, ctx, mark };
  }
  const effects = forgetSilent(ctx, entry, silent, task.fence);
  const toldBy = effects.length === 0 ? settled : task.fence;
  if (!(await ports.table.forgetResources(entry, toldBy, silent))) {
    throw new TransientFault("the contact's presence changed meanwhile");
  }
  if (effects.length === 0) return undefined;
  await sendEffects(ports, pair, ctx.cause, effects);
  return { pair, ctx, mark };
}

/** Tells what has come in since. 1 read, and more for each stanza that comes in meanwhile. */
async function tellSince({ pair, ctx, mark: markThen }: Told, ports: Ports): Promise<void> {
  let mark = markThen;
  for (let attempt = 0; attempt < limits.commitAttemptsMax; attempt++) {
    const last = await ports.table.lastAvailability(pair);
    if (last?.mark === mark) return;
    await sendEffects(ports, pair, ctx.cause, toldSince(ctx, last?.resources ?? {}, last?.mark));
    // The contact was blocked, or its last subscription ended: nothing more can come.
    if (last === undefined) return;
    mark = last.mark;
  }
  throw new TransientFault("the contact's presence never rests");
}

/**
 * Looks again at whom the step has told of. Who took in a stanza meanwhile may have told it before the step did, and
 * the step's would be the last word. 1 scan.
 */
async function lookAgain(task: Task, told: readonly Told[], ports: Ports): Promise<void> {
  if (told.length === 0) return;
  const page = await ports.table.walkPairs(task.domain, task.cursor, itemsOf(ports));
  const keyOf = ({ user, contact }: Pair) => `${user} ${contact}`;
  const now = new Map(
    page.entries.flatMap((entry) => (entry.kind === "availability" ? [[keyOf(entry.pair), entry.mark]] : [])),
  );
  const changed = told.filter(({ pair, mark }) => now.get(keyOf(pair)) !== mark);
  await pairByPair(ports, task, changed, (one) => tellSince(one, ports));
}

async function tellConnected({ domain, fence, since, trace }: Task, ports: Ports): Promise<void> {
  const origin = { id: `connected.${fence}`, domain, domains: ports.domains, time: since, trace };
  await sendDelivery(
    ports,
    hashId("bridge", domain),
    makeDelivery("bridge.connected", origin, { domain, since }),
  );
}

function nextStep(
  task: Task,
  cursor: string | undefined,
  settleS: number,
): { task: Task; delayS: number } | undefined {
  const { cursor: _, ...rest } = task;
  const id = `${nameOf(task)}.${task.phase}.${task.step + 1}`;
  if (cursor !== undefined) return { task: { ...rest, id, step: task.step + 1, cursor }, delayS: 1 };
  // One user is not worth the look for silence, which goes through all.
  if (task.phase === "settle" || task.user !== undefined) return undefined;
  return { task: { ...rest, id, phase: "settle", step: 0 }, delayS: settleS };
}

/** One step through the pairs of one user, beside any walk through all. */
async function greetUser(task: Task, id: string, ports: Ports): Promise<void> {
  const user = parseUserId(id);
  if (!user.ok) return;
  const visit = (entry: WalkEntry, userOf: UserOf) => greet(task, entry, userOf, ports);
  const cursor = await visitPairsOf(ports, task, user.value, visit);
  const next = nextStep(task, cursor, ports.resync.settleS);
  if (next !== undefined) await sendWalk(ports, next.task, next.delayS);
}

/**
 * One step, and the next into the queue: 1 write, 1 scan, 2 where it told of silence, 1 read a user, 1 message a pair
 * that has something to say. A step that comes again repeats itself under the same ids; one of an older walk does
 * nothing.
 */
export async function resyncStep(task: Task, ports: Ports): Promise<void> {
  if (task.user !== undefined) return greetUser(task, task.user, ports);
  if (!(await ports.table.claimWalk(task.domain, markOf(task)))) return;
  if (task.begun === undefined && task.phase === "greet" && task.step === 0) await tellConnected(task, ports);
  const told: Told[] = [];
  const cursor = await visitPairs(ports, task, async (entry, userOf) => {
    if (task.phase === "greet") return greet(task, entry, userOf, ports);
    const one = await settle(task, entry, userOf, ports);
    if (one !== undefined) told.push(one);
  });
  await lookAgain(task, told, ports);
  const next = nextStep(task, cursor, ports.resync.settleS);
  if (next !== undefined) await sendWalk(ports, next.task, next.delayS);
}

/** Tells the native system that the stream has ended. */
export async function tellDisconnected(task: WalkTaskOf<"disconnected">, ports: Ports): Promise<void> {
  const { domain, fence, since, reason, trace } = task;
  const origin = { id: `disconnected.${fence}`, domain, domains: ports.domains, time: since, trace };
  const event = makeDelivery("bridge.disconnected", origin, { domain, since, reason });
  await sendDelivery(ports, hashId("bridge", domain), event);
}
