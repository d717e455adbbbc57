/** What was counted by benchmarks and kept in bench/measured/, as far as costs follow from it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { err, ok, type Result } from "#core/result.ts";
import { perMessage, type Quantities } from "../load/bill.ts";
import { isKept, networkMs, type Way, ways } from "../load/rate.ts";
import { readJson } from "./prices.ts";

export const measuredFolder = join(import.meta.dirname, "../measured");

const count = v.pipe(v.number("is no number"), v.minValue(0, "is below 0"));
const positive = v.pipe(v.number("is no number"), v.gtValue(0, "is not above 0"));
const machine = v.object({ cpu: v.string(), cores: positive, memoryGb: positive, node: v.string() });
const part = <Figures extends v.GenericSchema>(figures: Figures) =>
  v.object({ begun: v.string(), load: v.object({ before: count, after: count }), figures });

const packingSchema = v.object({
  machine,
  benches: v.object({
    packing: part(
      v.pipe(
        v.array(
          v.object({
            server: v.string(),
            way: v.picklist(ways),
            delayMs: count,
            perS: v.exactOptional(positive),
            reachedPerS: positive,
            messages: positive,
            lost: count,
            usage: v.object({
              sqs: v.record(
                v.string(),
                v.record(v.string(), v.object({ requests: count, billed: count, empty: count })),
              ),
              dynamodb: v.record(v.string(), count),
              logged: v.object({ invocations: count, handledMs: count, bytes: count }),
            }),
          }),
        ),
        v.minLength(1, "is empty"),
      ),
    ),
  }),
});

const fanOutSchema = v.object({
  subscribers: positive,
  sends: count,
  billedSends: count,
  invocations: count,
  /** From the event to the last template, all functions and their waiting. */
  wallMs: count,
  dynamodb: v.record(v.string(), count),
});

const presenceSchema = v.object({
  machine,
  benches: v.object({
    presence: part(v.object({ fanOut: fanOutSchema })),
  }),
});

/** Where figures are from, for people. */
interface Made {
  readonly date: string;
  readonly machine: v.InferOutput<typeof machine>;
  readonly load: { readonly before: number; readonly after: number };
}

/** What a message takes, at this rate one way. */
export interface Point {
  readonly perS: number;
  readonly each: Quantities;
}
export interface PackingMeasured extends Made {
  readonly server: string;
  readonly points: Readonly<Record<Way, readonly Point[]>>;
}

export type FanOutMeasured = Made & Readonly<v.InferOutput<typeof fanOutSchema>>;

export interface Measured {
  /** `undefined`: nothing was measured yet. */
  readonly packing: PackingMeasured | undefined;
  /** By the number of subscribers, the smallest first. */
  readonly fanOuts: readonly FanOutMeasured[];
}

function checked<S extends v.GenericSchema>(schema: S, value: unknown): Result<v.InferOutput<S>, string> {
  const read = v.safeParse(schema, value, { abortEarly: true });
  if (read.success) return ok(read.output);
  const [issue] = read.issues;
  return err(`${v.getDotPath(issue) ?? "it"} ${issue.message}`);
}

/** Reads what `npm run bench -- packing --json FILE` has written. */
export function parsePacking(value: unknown): Result<PackingMeasured, string> {
  const read = checked(packingSchema, value);
  if (!read.ok) return read;
  const { machine, benches } = read.value;
  const { begun: date, load, figures } = benches.packing;
  const server = figures[0]?.server ?? "";
  const perSMax = Math.max(...figures.map(({ perS = 0 }) => perS));
  const pointsOf = (wanted: Way) =>
    figures
      .filter((one) => one.server === server && one.way === wanted && one.delayMs === networkMs)
      // The run without a rate counts where it went beyond all others.
      .filter(({ perS = perSMax, reachedPerS }) => isKept(perS, reachedPerS))
      .map(({ reachedPerS, messages, lost, usage }) => ({
        perS: reachedPerS,
        each: perMessage(usage, messages - lost),
      }))
      .toSorted((a, b) => a.perS - b.perS);
  const points = { in: pointsOf("in"), out: pointsOf("out") };
  if (points.in.length === 0 || points.out.length === 0)
    return err(`benches.packing.figures has none of both ways that kept its rate with delayMs ${networkMs}`);
  return ok({ date, machine, load, server, points });
}

/** Reads what `npm run bench -- presence --json FILE` has written. */
export function parseFanOut(value: unknown): Result<FanOutMeasured, string> {
  const read = checked(presenceSchema, value);
  if (!read.ok) return read;
  const { machine, benches } = read.value;
  const { begun: date, load, figures } = benches.presence;
  return ok({ date, machine, load, ...figures.fanOut });
}

/** All that is kept in a folder: `packing.json`, and each `presence-….json`. */
export function readMeasured(folder: string): Result<Measured, string> {
  const files = readdirSync(folder);
  const packing = files.includes("packing.json")
    ? readJson(join(folder, "packing.json"), parsePacking)
    : ok(undefined);
  if (!packing.ok) return packing;
  const fanOuts: FanOutMeasured[] = [];
  for (const file of files.filter((name) => /^presence-.*\.json$/.test(name))) {
    const read = readJson(join(folder, file), parseFanOut);
    if (!read.ok) return read;
    fanOuts.push(read.value);
  }
  return ok({
    packing: packing.value,
    fanOuts: fanOuts.toSorted((a, b) => a.subscribers - b.subscribers),
  });
}
