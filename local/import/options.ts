/** The command line of `npm run import`. */
import { err, ok, type Result } from "#core/result.ts";
import { prepareDomain } from "#core/xmpp/jid.ts";
import { parseArguments } from "../parse-arguments.ts";

export interface Options {
  readonly file: string;
  readonly restart: boolean;
  readonly dryRun: boolean;
  /** Events a second; undefined for as many as the queue takes. */
  readonly rate: number | undefined;
  /** Prepared; undefined for the bridge's first domain. */
  readonly domain: string | undefined;
  readonly target: Target;
}

/** Where the events go: a bridge on this machine, by the file that tells where it is, or a queue on AWS. */
export type Target =
  | { readonly kind: "bridge"; readonly endpoints: string | undefined }
  | { readonly kind: "queue"; readonly url: string; readonly region: string };

export const help = `Brings the contacts of many users into the bridge, from a file.

  npm run import -- FILE [options]

FILE holds one pair a line, in UTF-8: a JSON object, or CSV with or without its header line.
  {"user":"nina","contact":"alice@example.org","subscription":"both"}
  nina,alice@example.org,both

  to    nina sees alice's presence:  contact.requested, mutual: false
  from  alice sees nina's presence:  contact.accepted, preApprove: true, mutual: false
  both  each sees the other's:       contact.requested, mutual: true

  --endpoints FILE  where the running bridge says how to reach it (.local/endpoints.json)
  --queue-url URL   instead: the URL of the queue native-events on AWS, with your usual credentials
  --region REGION   the queue's region, where its URL does not tell
  --domain DOMAIN   the XMPP domain of the users, where the bridge serves several
  --rate N          at most N events a second (as many as the queue takes)
  --dry-run         only check the lines
  --restart         begin at the first line, whatever was sent before
  --help            this text

Ctrl-C stops it, and the same command goes on where it was: FILE.progress says how far it has come. A
finished file is not sent again. Lines that cannot be used are kept with the reason in FILE.rejected (of a
dry run: FILE.dry-run-rejected); mend them there and import that file.

Exit code: 0 all is sent, 1 it could not go on, 2 lines were rejected, 129, 130 or 143 stopped by a signal.
docs/import.md says more.`;

/** Reads the arguments; `"help"` where help is asked for, an error to show where they are wrong. */
export function readOptions(args: readonly string[]): Result<Options | "help", string> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    endpoints: text,
    "queue-url": text,
    region: text,
    domain: text,
    rate: text,
    "dry-run": flag,
    restart: flag,
    help: { ...flag, short: "h" },
  } as const;
  const read = parseArguments({ args, options, allowPositionals: true });
  if (!read.ok) return read;
  const { values, positionals } = read.value;
  if (values.help) return ok("help");
  const [file, ...more] = positionals;
  if (file === undefined) return err("which file? npm run import -- contacts.csv");
  if (more.length > 0) return err(`one file at a time: ${more.join(", ")} would be left out`);
  const { rate } = values;
  if (rate !== undefined && !/^[1-9]\d{0,8}$/.test(rate)) {
    return err("--rate must be a whole number of events a second, from 1 on");
  }
  const domain = values.domain === undefined ? ok(undefined) : prepareDomain(values.domain);
  if (!domain.ok) return err(`--domain: ${domain.error}`);
  const target = readTarget(values.endpoints, values["queue-url"], values.region);
  if (!target.ok) return target;
  return ok({
    file,
    restart: values.restart,
    dryRun: values["dry-run"],
    rate: rate === undefined ? undefined : Number(rate),
    domain: domain.value,
    target: target.value,
  });
}

function readTarget(
  endpoints: string | undefined,
  url: string | undefined,
  named: string | undefined,
): Result<Target, string> {
  if (url === undefined) {
    if (named !== undefined) return err("--region goes with --queue-url");
    return ok({ kind: "bridge", endpoints });
  }
  if (endpoints !== undefined) return err("either --queue-url or --endpoints, not both");
  if (!URL.canParse(url) || !new URL(url).pathname.endsWith(".fifo")) {
    return err("--queue-url must be the URL of the queue native-events, which ends in .fifo");
  }
  const region = named ?? /^sqs\.([a-z0-9-]+)\.amazonaws\.com/.exec(new URL(url).hostname)?.[1];
  if (region === undefined) return err("--region is missing: the queue's URL does not tell it");
  return ok({ kind: "queue", url, region });
}
