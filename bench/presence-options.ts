import { parseArgs } from "node:util";
import { err, ok, type Result } from "#core/result.ts";

export interface PresenceOptions {
  readonly subscribers: number;
  readonly pairs: number;
  /** File for the figures. */
  readonly json?: string;
}

const defaults = { subscribers: "100000", pairs: "10000" } as const;
const countMax = 1_000_000;

export const presenceHelp = `npm run bench -- presence [options]

  --subscribers N   of the user whose presence changes (${defaults.subscribers})
  --pairs N         that a resync goes through (${defaults.pairs})
  --json FILE       write the figures there as well
  --help            this text`;

function readCount(name: string, text: string): Result<number, string> {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= countMax) return ok(count);
  return err(`--${name} takes a whole number, 1 to ${countMax}, not ${text}`);
}

/** Reads the arguments; the error is a sentence for people. */
export function readPresenceOptions(args: readonly string[]): Result<PresenceOptions | "help", string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        subscribers: { type: "string", default: defaults.subscribers },
        pairs: { type: "string", default: defaults.pairs },
        json: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return ok("help");
    const subscribers = readCount("subscribers", values.subscribers);
    if (!subscribers.ok) return subscribers;
    const pairs = readCount("pairs", values.pairs);
    if (!pairs.ok) return pairs;
    const { json } = values;
    return ok({ subscribers: subscribers.value, pairs: pairs.value, ...(json !== undefined && { json }) });
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}
