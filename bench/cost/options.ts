/** The command line of `npm run cost`. */
import { err, ok, type Result } from "#core/result.ts";
import { parseArguments } from "#local/parse-arguments.ts";
import type { Asked, Presence } from "./estimate.ts";
import { pricesFile } from "./prices.ts";

export interface Options {
  readonly asked: Asked;
  readonly prices: string;
  readonly json: boolean;
}

export const help = `What a bridge costs by the month, from list prices and from requests that were counted.

  npm run cost -- --messages-per-month N [options]

  --messages-per-month N   plain messages, half of them each way; 0 for an idle bridge
  --peak-per-s R           messages a second at the busiest time: tells the total also as if all came at that rate,
                           since busy bridges pack more into each request (they come evenly)
  --users U --subscribers S --presence-changes-per-user-day P
                           presence that users show, to S contacts each (not in it)
  --domains D              component domains that are served, at one server (1)
  --standby on|off         a second connector (on)
  --traces RATIO           the part of all messages that is traced, 0 to 1 (0)
  --free on|off            the account's free alarms, metrics and dashboards are this bridge's (on)
  --prices FILE            another price list (infra/definitions/prices.json)
  --json                   all lines as JSON
  --help                   this text

Requests are those that \`npm run bench -- packing\` and \`presence\` have counted: bench/measured/.`;

const text = { type: "string" } as const;
const spec = {
  "messages-per-month": text,
  "peak-per-s": text,
  users: text,
  subscribers: text,
  "presence-changes-per-user-day": text,
  domains: { ...text, default: "1" },
  standby: { ...text, default: "on" },
  traces: { ...text, default: "0" },
  free: { ...text, default: "on" },
  prices: { ...text, default: pricesFile },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

const presenceNames = ["users", "subscribers", "presence-changes-per-user-day"] as const;
const hugeMax = 1e15;
const domainsMax = 1000;

/** Reads numbers and switches, and keeps the first thing that is wrong with them. */
function makeReader() {
  let problem: string | undefined;
  const refuse = (name: string, wanted: string, given: string) => {
    problem ??= `--${name} takes ${wanted}, not ${JSON.stringify(given)}`;
  };
  return {
    problem: () => problem,
    number(name: string, given: string, min: number, max: number, whole: boolean): number {
      const value = Number(given);
      const isRight = /^\d+(\.\d+)?(e\d+)?$/i.test(given) && value >= min && value <= max;
      if (!isRight || (whole && !Number.isInteger(value)))
        refuse(name, `a ${whole ? "whole " : ""}number, ${min} to ${max}`, given);
      return value;
    },
    isOn(name: string, given: string): boolean {
      if (given !== "on" && given !== "off") refuse(name, "on or off", given);
      return given === "on";
    },
  };
}

/** @returns what is asked, "help", or a sentence for people. */
export function readOptions(args: readonly string[]): Result<Options | "help", string> {
  const read = parseArguments({ args, options: spec });
  if (!read.ok) return read;
  const value = read.value.values;
  if (value.help) return ok("help");
  if (value["messages-per-month"] === undefined)
    return err("--messages-per-month is missing: say how many, 0 for an idle bridge");
  const missing = presenceNames.filter((name) => value[name] === undefined);
  if (missing.length > 0 && missing.length < presenceNames.length)
    return err(`presence takes all of --${presenceNames.join(", --")}: --${missing.join(", --")} is missing`);
  const reader = makeReader();
  const presenceOf = (name: (typeof presenceNames)[number], whole: boolean) =>
    reader.number(name, value[name] ?? "", 0, hugeMax, whole);
  const presence: Presence | undefined =
    missing.length > 0
      ? undefined
      : {
          users: presenceOf("users", true),
          subscribers: presenceOf("subscribers", false),
          changesPerUserDay: presenceOf("presence-changes-per-user-day", false),
        };
  const peak = value["peak-per-s"];
  const asked: Asked = {
    messagesPerMonth: reader.number("messages-per-month", value["messages-per-month"], 0, hugeMax, true),
    peakPerS: peak === undefined ? undefined : reader.number("peak-per-s", peak, 0, hugeMax, false),
    presence,
    domains: reader.number("domains", value.domains, 1, domainsMax, true),
    standby: reader.isOn("standby", value.standby),
    traceRatio: reader.number("traces", value.traces, 0, 1, false),
    free: reader.isOn("free", value.free),
  };
  const problem = reader.problem();
  return problem === undefined ? ok({ asked, prices: value.prices, json: value.json }) : err(problem);
}
