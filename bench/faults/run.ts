/** Runs one fault on one server, and says what has become of every message. */
import { pause } from "#connector/pause.ts";
import type { ServerKind } from "#local/servers/server.ts";
import { wordsOf } from "#local/words.ts";
import { type Figures, judge } from "./account.ts";
import { allowedBy } from "./allowed.ts";
import type { Fault } from "./fault.ts";
import { makeRandom } from "./random.ts";
import { type RigOptions, type RunningRig, startRig } from "./rig.ts";

export interface RunOptions extends Omit<RigOptions, "random" | "ratePerS"> {
  /** Messages a second in all; default: as fast as this machine does, and slow enough for all strokes. */
  readonly ratePerS?: number;
  readonly seed: number;
}

/** What a run has shown. */
export interface Outcome {
  readonly fault: string;
  readonly server: ServerKind;
  readonly seed: number;
  readonly ratePerS: number;
  /** From the first message to the end of it all. */
  readonly seconds: number;
  readonly strokes: number;
  readonly inbound: Figures;
  readonly outbound: Figures;
  /** Inbound messages that may be lost: see `inboundLoss` of {@link Fault}. */
  readonly inboundLostMax: number;
  /** Lay between server and connector at a stroke, at most. */
  readonly underWay: number;
  /** Went into a dead network. */
  readonly swallowed: number;
  /** Dead letters by reason; one may hold many messages. */
  readonly letters: Readonly<Record<string, number>>;
  /** The longest time without an arrival. */
  readonly gapMs: { readonly inbound: number; readonly outbound: number };
  /** How long each other connector took to have the stream. */
  readonly takeOverMs: readonly number[];
  /** What is promised of that, judged at full size only. */
  readonly takeOverMsMax?: number;
  /** What is broken of the promises; nothing when all is well. */
  readonly broken: readonly string[];
}

const ratePerSDefault = 400;
const progressMs = 5_000;

/** Tells how far it is until `done`. */
async function tellProgress({ traffic, rig }: RunningRig, done: AbortSignal): Promise<void> {
  for (;;) {
    await pause(progressMs, done);
    if (done.aborted) return;
    const { inbound, outbound, total } = traffic;
    const sent = inbound.sentCount + outbound.sentCount;
    rig.log(`${sent} of ${total} sent; arrived: ${inbound.arrivedCount} in, ${outbound.arrivedCount} out`);
  }
}

async function textOf(work: () => unknown): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    return [wordsOf(error)];
  }
}

/** Strikes in the middle of the traffic; resolves with what went wrong besides the messages. */
async function play(running: RunningRig, fault: Fault): Promise<string[]> {
  const { rig, traffic } = running;
  const told = new AbortController();
  const telling = tellProgress(running, told.signal);
  try {
    const [wrong] = await Promise.all([textOf(() => fault.strike(rig)), traffic.run()]);
    rig.log("all sent; waiting until nothing is on its way");
    // What is checked afterwards may be more than messages.
    await traffic.settled(!rig.full && running.checks.length === 0);
    const after: string[] = [];
    for (const check of running.checks) after.push(...(await textOf(check)));
    return [...wrong, ...after];
  } finally {
    told.abort();
    await telling;
  }
}

/** Runs it; rejects when it could not be run or was given up. */
export async function runFault(options: RunOptions): Promise<Outcome> {
  const { fault, server, seed, signal } = options;
  const ratePerS = options.ratePerS ?? Math.min(ratePerSDefault, options.messages / fault.lastsS);
  options.log("starting a bridge and its clients");
  const running = await startRig({ ...options, ratePerS, random: makeRandom(seed) });
  try {
    const begun = performance.now();
    const wrong = await play(running, fault);
    signal.throwIfAborted();
    const { traffic, rig, counts, takeOverMs } = running;
    const figures = traffic.figures();
    const { swallowed } = rig.link;
    const { lostBeforeLink } = figures.inbound;
    const allowed = allowedBy(fault, { ...options, ...counts, ratePerS, swallowed, lostBeforeLink });
    return {
      fault: fault.name,
      server,
      seed,
      ratePerS,
      seconds: (performance.now() - begun) / 1000,
      ...counts,
      ...figures,
      inboundLostMax: allowed.inboundLostMax,
      swallowed,
      letters: traffic.letters,
      gapMs: { inbound: traffic.inbound.gapMsMax, outbound: traffic.outbound.gapMsMax },
      takeOverMs,
      ...(fault.takeOverMsMax !== undefined && { takeOverMsMax: fault.takeOverMsMax }),
      broken: [...wrong, ...judge({ ...figures, takeOverMs }, allowed)],
    };
  } finally {
    await running.stop();
  }
}
