import { err, ok, type Result } from "#core/result.ts";
import { parseArguments } from "#local/parse-arguments.ts";
import type { ServerKind } from "#local/servers/server.ts";
import { readCount } from "../read-count.ts";
import { readServers } from "../read-servers.ts";
import { catalogue } from "./catalogue.ts";
import type { Fault } from "./fault.ts";
import { userCount } from "./rig.ts";

export interface FaultsOptions {
  readonly faults: readonly Fault[];
  readonly servers: readonly ServerKind[];
  readonly messages: number;
  readonly pairs: number;
  readonly ratePerS?: number;
  readonly seed?: number;
  /** File for the figures. */
  readonly json?: string;
  readonly keep: boolean;
}

const defaults = { messages: "20000", pairs: "200", server: "both" } as const;
const countMax = 10_000_000;
const seedMax = 2 ** 32 - 1;

export const faultsHelp = `npm run faults -- [options]     breaks the bridge while messages flow, and counts what is lost

  --only NAME[,NAME]            faults to run (default: all; --list names them)
  --server prosody|ejabberd|both   (${defaults.server})
  --messages N                  in all, half of them each way (${defaults.messages})
  --pairs N                     of a native user and an account, a multiple of ${userCount} (${defaults.pairs})
  --rate N                      messages a second in all (default: 400, or slow enough for all strokes of the fault)
  --seed N                      the same strokes at the same places (default: another one each time)
  --json FILE                   write the figures there as well
  --keep                        keep state and logs of each bridge, and say where
  --list                        what there is
  --help                        this text`;

export const faultsList = catalogue.map(({ name, summary }) => `${name.padEnd(24)} ${summary}`).join("\n");

function readFaults(text: string | undefined): Result<readonly Fault[], string> {
  if (text === undefined) return ok(catalogue);
  const names = text.split(",");
  const unknown = names.find((name) => !catalogue.some((fault) => fault.name === name));
  if (unknown !== undefined) return err(`--only: no fault is called ${unknown || "nothing"}: see --list`);
  return ok(catalogue.filter(({ name }) => names.includes(name)));
}

/** Reads the arguments; the error is a sentence for people. */
export function readFaultsOptions(args: readonly string[]): Result<FaultsOptions | "help" | "list", string> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const read = parseArguments({
    args,
    options: {
      only: text,
      server: { ...text, default: defaults.server },
      messages: { ...text, default: defaults.messages },
      pairs: { ...text, default: defaults.pairs },
      rate: text,
      seed: text,
      json: text,
      keep: flag,
      list: flag,
      help: { ...flag, short: "h" },
    },
  });
  if (!read.ok) return read;
  const { values } = read.value;
  if (values.help) return ok("help");
  if (values.list) return ok("list");
  const faults = readFaults(values.only);
  if (!faults.ok) return faults;
  const servers = readServers(values.server);
  if (!servers.ok) return servers;
  const pairs = readCount("pairs", values.pairs, countMax);
  if (!pairs.ok) return pairs;
  if (pairs.value % userCount !== 0) {
    return err(`--pairs takes a multiple of ${userCount}, not ${pairs.value}`);
  }
  const messages = readCount("messages", values.messages, countMax);
  if (!messages.ok) return messages;
  if (messages.value < 2 * pairs.value) {
    return err(
      `--messages takes ${2 * pairs.value} or more with ${pairs.value} pairs: each writes both ways`,
    );
  }
  const rate = values.rate === undefined ? undefined : readCount("rate", values.rate, countMax);
  if (rate?.ok === false) return rate;
  const seed = values.seed === undefined ? undefined : readCount("seed", values.seed, seedMax, 0);
  if (seed?.ok === false) return seed;
  return ok({
    faults: faults.value,
    servers: servers.value,
    messages: messages.value,
    pairs: pairs.value,
    keep: values.keep,
    ...(rate && { ratePerS: rate.value }),
    ...(seed && { seed: seed.value }),
    ...(values.json !== undefined && { json: values.json }),
  });
}
