/** The command line of `npm run policy`. */
import type { parseArgs } from "node:util";
import { limits } from "#core/limits.ts";
import { type Policy, type StrangersMay, strangersMay } from "#core/policy.ts";
import { err, ok, type Result } from "#core/result.ts";
import { prepareDomain } from "#core/xmpp/jid.ts";
import { parseArguments } from "../parse-arguments.ts";

export interface Options {
  /** The file of a bridge on this machine; undefined for the usual one, or the environment. */
  readonly endpoints: string | undefined;
  /** Of the AWS configuration, for a bridge on AWS. */
  readonly profile: string | undefined;
  readonly region: string | undefined;
  /** Prepared; undefined for the bridge's first domain. */
  readonly domain: string | undefined;
  /** What to change; undefined: nothing, it is only shown. */
  readonly change: Change | undefined;
  /** Takes away what was named before. */
  readonly yes: boolean;
  /** The answer as JSON. */
  readonly json: boolean;
}

/** What is absent stays as it is. */
export interface Change {
  /** `any` lifts the list. */
  readonly allow?: readonly string[] | "any";
  readonly deny?: readonly string[];
  readonly strangers?: StrangersMay;
}

/** @param command how it was called: `npm run policy --` */
export const helpOf = (
  command: string,
) => `Shows or changes with whom the users of a component domain may have to do.

  ${command} show [options]
  ${command} set [--deny LIST] [--allow LIST] [--strangers WORD] [options]

  --deny LIST       domains with which nothing is exchanged, separated by commas, or none
  --allow LIST      the only domains with which anything is exchanged, or any; those on --deny stay denied
  --yes             sets a list that lacks what the one before it has; without it set says what it would take away
  --strangers WORD  what somebody may do with whom a user has nothing to do: nothing, ask (for a subscription),
                    or message (the default)
  --domain DOMAIN   the component domain, where the bridge serves several
  --endpoints FILE  where a bridge on this machine says how to reach it (.local/endpoints.json)
  --profile NAME    a bridge on AWS instead, with this profile of your AWS configuration
  --region NAME     its region
  --json            the answer as JSON
  --help            this text

A domain stands for itself and everything below it: example.com for chat.example.com, too. What is not named
stays as it is; a list is replaced as a whole. A change holds everywhere within 10 seconds. docs/policy.md says what becomes of what is refused.

For a bridge on AWS without parameters of its own leave all three out and set, with your usual credentials, AWS_REGION,
CAUSEWAY_TABLE and CAUSEWAY_DOMAINS as the functions have them.

Exit code: 0 shown or changed, 1 not (without --yes, or it failed), 2 wrong usage.`;

const text = { type: "string" } as const;
const known = {
  allow: text,
  deny: text,
  strangers: text,
  domain: text,
  endpoints: text,
  profile: text,
  region: text,
  yes: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false, short: "h" },
} as const;
type Values = ReturnType<typeof parseArgs<{ options: typeof known }>>["values"];

/** Reads the arguments; `"help"` where help is asked for, an error to show where they are wrong. */
export function readOptions(args: readonly string[]): Result<Options | "help", string> {
  const read = parseArguments({ args, options: known, allowPositionals: true });
  if (!read.ok) return read;
  const { values, positionals } = read.value;
  if (values.help) return ok("help");
  const [command, ...others] = positionals;
  if ((command !== "show" && command !== "set") || others.length > 0) {
    return err(`${positionals.join(" ") || "nothing"} is no command: give show or set`);
  }
  const change = readChange(values);
  if (!change.ok) return change;
  const isEmpty = Object.keys(change.value).length === 0;
  if (command === "show" && !isEmpty) return err("show changes nothing: give set");
  if (command === "set" && isEmpty) return err("nothing to set: give --deny, --allow or --strangers");
  const domain = values.domain === undefined ? ok(undefined) : prepareDomain(values.domain);
  if (!domain.ok) return err(`--domain: ${domain.error}`);
  return ok({
    endpoints: values.endpoints,
    profile: values.profile,
    region: values.region,
    domain: domain.value,
    change: command === "set" ? change.value : undefined,
    yes: values.yes,
    json: values.json,
  });
}

function readChange(values: Values): Result<Change, string> {
  const deny = values.deny === undefined ? undefined : readList("--deny", values.deny, "none");
  if (deny?.ok === false) return deny;
  const allow = values.allow === undefined ? undefined : readList("--allow", values.allow, "any");
  if (allow?.ok === false) return allow;
  const strangers = strangersMay.find((word) => word === values.strangers);
  if (values.strangers !== undefined && strangers === undefined) {
    return err(`--strangers is ${values.strangers}: give ${strangersMay.join(", ")}`);
  }
  return ok({
    ...(deny && { deny: deny.value }),
    ...(allow && { allow: allow.value.length === 0 ? "any" : allow.value }),
    ...(strangers && { strangers }),
  });
}

/** @param empty the word for no list */
function readList(option: string, list: string, empty: string): Result<readonly string[], string> {
  if (list === empty) return ok([]);
  const domains = new Set<string>();
  for (const each of list.split(",")) {
    const domain = prepareDomain(each.trim());
    if (!domain.ok)
      return err(`${option}: ${JSON.stringify(each)}: ${domain.error}; ${empty} empties the list`);
    domains.add(domain.value);
  }
  return domains.size <= limits.policyDomainsMax
    ? ok([...domains])
    : err(`${option} has ${domains.size} domains: ${limits.policyDomainsMax} are the most`);
}

/** Domains that were on a list and are on none like it after a change; a list that is lifted loses all of its own. */
export function takenAway(before: Policy, after: Policy): readonly string[] {
  const lost = (was: readonly string[] = [], is: readonly string[] = []) =>
    was.filter((domain) => !is.includes(domain));
  return [...lost(before.deny, after.deny), ...lost(before.allow, after.allow)];
}

/** The policy after a change. */
export function changed(policy: Policy, { allow, deny, strangers }: Change): Policy {
  const { allow: before, ...rest } = policy;
  const after = allow === undefined ? before : allow === "any" ? undefined : allow;
  return { ...rest, ...(after && { allow: after }), ...(deny && { deny }), ...(strangers && { strangers }) };
}
