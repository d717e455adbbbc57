/** What all commands have in common: their options, how they answer, how they end. */
import { err, ok, type Result } from "#core/result.ts";
import { prepareDomain } from "#core/xmpp/jid.ts";
import { parseArguments } from "../parse-arguments.ts";
import type { Bridge } from "./bridge.ts";

/** Exit codes of every command. */
export const exits = { fine: 0, unhealthy: 1, wrongUsage: 2 } as const;

type Flags = Readonly<Record<string, { readonly type: "string" | "boolean"; readonly short?: string }>>;

export interface Given {
  readonly positionals: readonly string[];
  /** Text of an option; `undefined` where it is not given. */
  text(name: string): string | undefined;
  flag(name: string): boolean;
  readonly json: boolean;
  /** What changes something is done, not only told. */
  readonly yes: boolean;
  /** The domain that is meant: the one named, or the bridge's first. */
  readonly domain: string | undefined;
}

export interface Screen {
  /** The answer, to standard output. */
  readonly say: (text: string) => void;
  /** Progress and complaints, to standard error. */
  readonly tell: (text: string) => void;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Everything after the name, for people. */
  readonly help: string;
  /** Options beside the common ones. */
  readonly options?: Flags;
  /** Reads what is special to the command; an error is wrong usage. */
  readonly check?: (given: Given) => string | undefined;
  /** @returns the exit code */
  readonly run: (bridge: Bridge, given: Given, screen: Screen) => Promise<number>;
}

const commonFlags = {
  endpoints: { type: "string" },
  profile: { type: "string" },
  region: { type: "string" },
  domain: { type: "string" },
  json: { type: "boolean" },
  yes: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const satisfies Flags;

export const commonHelp = `  --endpoints FILE  a bridge on this machine says there how to reach it (default: .local/endpoints.json)
  --profile NAME    a bridge on AWS instead, with this profile of your AWS configuration
  --region NAME     its region; without --profile your usual credentials are taken
  --domain DOMAIN   the component domain, where the bridge serves several; status, queues, drain and message tell of all
  --json            the answer as JSON, on standard output; complaints stay plain, on standard error
  --help            this text`;

/** Where the bridge is. */
export interface Place {
  readonly endpoints: string | undefined;
  readonly profile: string | undefined;
  readonly region: string | undefined;
}

export interface Read {
  readonly place: Place;
  readonly given: Given;
}

/** Reads the arguments after the command's name; the error is for people. */
export function readArguments(command: Command, args: readonly string[]): Result<Read | "help", string> {
  const options = { ...command.options, ...commonFlags };
  const read = parseArguments({ args, options, allowPositionals: true });
  if (!read.ok) return read;
  const { positionals } = read.value;
  const values: Record<string, unknown> = read.value.values;
  const text = (name: string) => {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  };
  const flag = (name: string) => values[name] === true;
  if (flag("help")) return ok("help");
  if (text("endpoints") !== undefined && (text("profile") ?? text("region")) !== undefined) {
    return err(
      "--endpoints is a bridge on this machine, --profile and --region one on AWS: give one of them",
    );
  }
  const named = text("domain");
  const domain = named === undefined ? ok(undefined) : prepareDomain(named);
  if (!domain.ok) return err(`--domain: ${domain.error}`);
  const given = { positionals, text, flag, json: flag("json"), yes: flag("yes"), domain: domain.value };
  const complaint = command.check?.(given);
  if (complaint !== undefined) return err(complaint);
  const place = { endpoints: text("endpoints"), profile: text("profile"), region: text("region") };
  return ok({ place, given });
}

/** The domain that is meant; throws where the bridge does not serve it. */
export function domainOf(bridge: Bridge, { domain }: Pick<Given, "domain">): string {
  const [first = ""] = bridge.domains;
  if (domain === undefined || bridge.domains.includes(domain)) return domain ?? first;
  throw new Complaint(`${domain} is not served here: ${bridge.domains.join(", ")}`, exits.wrongUsage);
}

/** Something that people can mend, said as it is. */
export class Complaint extends Error {
  override readonly name = "Complaint";
  readonly exit: number;
  constructor(text: string, exit: number = exits.unhealthy) {
    super(text);
    this.exit = exit;
  }
}

/** Answers as text or as JSON. */
export function answer(screen: Screen, given: Given, facts: unknown, text: () => string): void {
  screen.say(given.json ? JSON.stringify(facts, undefined, 2) : text());
}
