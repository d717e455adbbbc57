/** `npm run policy` and `npm run ops -- policy`: with whom the users of a domain may have to do. */
import type { Policy } from "#core/policy.ts";
import { err, type Result } from "#core/result.ts";
import { openBridge } from "../bridge-access.ts";
import type { Bridge } from "../ops/bridge.ts";
import { awsBridge } from "../ops/bridge-aws.ts";
import { explainFailure } from "../ops/calls.ts";
import { chooseDomain } from "../read-endpoints.ts";
import { wordsOf } from "../words.ts";
import { changed, helpOf, type Options, readOptions, takenAway } from "./options.ts";

/** Where it says what: the answer, and complaints. */
interface Screen {
  readonly say: (text: string) => void;
  readonly tell: (text: string) => void;
}

type Access = Pick<Bridge, "table" | "domains">;

/** The table of the bridge that is meant; by its parameters on AWS, where a profile or region is named. */
async function open(
  options: Options,
  env: NodeJS.ProcessEnv,
  { tell }: Screen,
): Promise<Result<Access, string>> {
  const { endpoints, profile, region } = options;
  if (profile === undefined && region === undefined) return openBridge(endpoints, env, []);
  const who = profile === undefined ? "your AWS identity" : `profile ${profile}`;
  try {
    return await awsBridge({ endpoints, profile, region }, tell);
  } catch (error) {
    return err(explainFailure(error, who));
  }
}

const rowsOf = ({ allow, deny, strangers }: Policy) =>
  [
    ["denied domains ", deny.join(", ") || "none"],
    ["allowed domains", allow?.join(", ") ?? "any"],
    ["strangers may  ", strangers],
  ] as const;

/** What changes is shown as it was, too. */
function textOf(domain: string, policy: Policy, before: Policy): string {
  const was = rowsOf(before);
  const rows = rowsOf(policy).map(([name, value], index) => {
    const [, old = value] = was[index] ?? [];
    return `  ${name}  ${old === value ? value : `${old} → ${value}`}`;
  });
  return [`Policy of ${domain}`, ...rows].join("\n");
}

async function run(
  { change, yes, json }: Options,
  { table }: Access,
  domain: string,
  say: Screen["say"],
): Promise<number> {
  const before = await table.readPolicy(domain);
  const policy = change === undefined ? before : changed(before, change);
  const takesAway = takenAway(before, policy);
  const done = change !== undefined && (yes || takesAway.length === 0);
  if (done) await table.writePolicy(domain, policy);
  if (json) {
    const told = change === undefined ? {} : { before, takesAway, done };
    say(JSON.stringify({ domain, ...policy, ...told }, undefined, 2));
  } else {
    say(textOf(domain, policy, before));
    if (done) say("It holds everywhere within 10 seconds.");
    else if (change !== undefined)
      say(`Nothing is set yet: it takes away ${takesAway.join(", ")}. Name those too, or give --yes.`);
  }
  return done || change === undefined ? 0 : 1;
}

/**
 * Shows or changes the policy.
 *
 * @param command how it was called: `npm run policy --`
 * @returns the exit code
 */
export async function runPolicy(args: readonly string[], screen: Screen, command: string): Promise<number> {
  const { say, tell } = screen;
  const complain = (text: string, exit = 1) => {
    tell(text);
    return exit;
  };
  const options = readOptions(args);
  if (!options.ok) return complain(`${options.error}\n\n${command} --help says more.`, 2);
  if (options.value === "help") {
    say(helpOf(command));
    return 0;
  }
  const { domain: wanted } = options.value;
  const access = await open(options.value, process.env, screen);
  if (!access.ok) return complain(access.error);
  const domain = chooseDomain(wanted, access.value.domains);
  if (!domain.ok) return complain(domain.error, 2);
  try {
    return await run(options.value, access.value, domain.value, say);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return complain(`the table cannot be reached: ${code ?? wordsOf(error)}`);
  }
}
