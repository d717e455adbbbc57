/** The command line of `npm run bench`. */
import { err, ok, type Result } from "#core/result.ts";
import { parseArguments } from "#local/parse-arguments.ts";
import type { Settings } from "./bench.ts";
import { readCount } from "./read-count.ts";
import { readServers } from "./read-servers.ts";

export interface Options extends Settings {
  /** Which benches; all when none is named. */
  readonly names: readonly string[];
  /** File for the figures. */
  readonly json?: string;
}

const defaults = {
  server: "prosody",
  runs: "5",
  quickRuns: "1",
  subscribers: "100000",
  pairs: "10000",
  minutes: "10",
} as const;
const countMax = 1_000_000;

export function helpText(purposes: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(purposes).map((name) => name.length)) + 2;
  return `npm run bench -- [name …] [options]     measures the bridge on this machine; all of it where no name is given

${Object.entries(purposes)
  .map(([name, purpose]) => `  ${name.padEnd(width)}${purpose}`)
  .join("\n")}

  --server prosody|ejabberd|both   of those that need a server (${defaults.server})
  --runs N          repetitions of what is compared (${defaults.runs})
  --quick           a few messages each: shows that it works, and measures nothing (runs: ${defaults.quickRuns})
  --json FILE       write all figures there
  --subscribers N   presence: of the user whose presence changes (${defaults.subscribers})
  --pairs N         presence: that a resync goes through (${defaults.pairs})
  --minutes N       soak: how long (${defaults.minutes})
  --rate N          soak: messages a second (half of what goes through)
  --help            this text

Tables go to standard output, as Markdown; progress goes to standard error.`;
}

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;
const spec = {
  server: { ...text, default: defaults.server },
  runs: text,
  quick: flag,
  json: text,
  subscribers: { ...text, default: defaults.subscribers },
  pairs: { ...text, default: defaults.pairs },
  minutes: { ...text, default: defaults.minutes },
  rate: text,
  help: { ...flag, short: "h" },
} as const;

/** @returns what is asked, "help", or a sentence for people. */
export function readOptions(
  args: readonly string[],
  known: readonly string[],
): Result<Options | "help", string> {
  const read = parseArguments({ args, options: spec, allowPositionals: true });
  if (!read.ok) return read;
  const { values, positionals } = read.value;
  if (values.help) return ok("help");
  const stranger = positionals.find((name) => !known.includes(name));
  if (stranger !== undefined) return err(`no bench is called ${stranger}: ${known.join(", ")}`);
  const servers = readServers(values.server);
  if (!servers.ok) return servers;
  const runs = readCount(
    "runs",
    values.runs ?? (values.quick ? defaults.quickRuns : defaults.runs),
    countMax,
  );
  if (!runs.ok) return runs;
  const subscribers = readCount("subscribers", values.subscribers, countMax);
  if (!subscribers.ok) return subscribers;
  const pairs = readCount("pairs", values.pairs, countMax);
  if (!pairs.ok) return pairs;
  const minutes = readCount("minutes", values.minutes, countMax);
  if (!minutes.ok) return minutes;
  const rate = values.rate === undefined ? undefined : readCount("rate", values.rate, countMax);
  if (rate?.ok === false) return rate;
  return ok({
    names: positionals,
    servers: servers.value,
    runs: runs.value,
    quick: values.quick,
    subscribers: subscribers.value,
    pairs: pairs.value,
    soakMinutes: minutes.value,
    ...(rate && { soakPerS: rate.value }),
    ...(values.json !== undefined && { json: values.json }),
  });
}
