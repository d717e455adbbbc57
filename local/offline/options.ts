/** The command line of `npm run offline`. */
import { err, ok, type Result } from "#core/result.ts";
import { prepareDomain } from "#core/xmpp/jid.ts";
import { parseArguments } from "../parse-arguments.ts";

export interface Options {
  /** The file of a bridge on this machine; undefined for the usual one, or the environment. */
  readonly endpoints: string | undefined;
  /** Prepared; undefined for the bridge's first domain. */
  readonly domain: string | undefined;
}

export const help = `Tells whoever sees a user of the bridge that the user is unavailable, before a planned stop of the connector.

  npm run offline -- [options]

  --domain DOMAIN   the component domain, where the bridge serves several
  --endpoints FILE  where a bridge on this machine says how to reach it (.local/endpoints.json)
  --help            this text

For a bridge on AWS leave --endpoints out and set, with your usual credentials, AWS_REGION and what the walk
function has: CAUSEWAY_TABLE, CAUSEWAY_DOMAINS, CAUSEWAY_QUEUE_WALKS, CAUSEWAY_QUEUE_OUTBOUND_STANZAS.

It ends when everybody was told and the connector has taken all that was to be written: then stop the
connector. What your users have told stays stored; when the connector is up again, it is told again. Your
users should be quiet meanwhile: what they tell while the connector is up is passed on as always.

Ctrl-C stops watching only. The same command may be given again; it then begins once more.

Exit code: 0 everybody is told, 1 not everybody, 2 wrong usage, 129, 130 or 143 stopped by a signal.`;

/** Reads the arguments; `"help"` where help is asked for, an error to show where they are wrong. */
export function readOptions(args: readonly string[]): Result<Options | "help", string> {
  const text = { type: "string" } as const;
  const options = {
    domain: text,
    endpoints: text,
    help: { type: "boolean", default: false, short: "h" },
  } as const;
  const read = parseArguments({ args, options });
  if (!read.ok) return read;
  const { values } = read.value;
  if (values.help) return ok("help");
  const domain = values.domain === undefined ? ok(undefined) : prepareDomain(values.domain);
  if (!domain.ok) return err(`--domain: ${domain.error}`);
  return ok({ endpoints: values.endpoints, domain: domain.value });
}
