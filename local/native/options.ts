/** The command line of `npm run native`. */
import { parseUserId, type UserId } from "#core/mapping.ts";
import { err, ok, type Result } from "#core/result.ts";
import { type BareJid, parseBareJid, prepareDomain } from "#core/xmpp/jid.ts";
import { parseArguments } from "../parse-arguments.ts";
import { commandsHelp } from "./commands.ts";

export interface Options {
  readonly user: UserId;
  readonly contact: BareJid | undefined;
  /** Prepared; undefined for the bridge's first domain. */
  readonly domain: string | undefined;
  /** Path of the file in which the running bridge says where its queues are. */
  readonly endpoints: string | undefined;
}

export const help = `The native side in a terminal: chat as one of the native system's users.

  npm run native -- --as nina [--to alice@localhost] [--domain DOMAIN] [--endpoints FILE]

  --as USER         the native user to be; announced to the bridge on start
  --to JID          the first contact
  --domain DOMAIN   the component domain, where the bridge serves several (the first)
  --endpoints FILE  where the running bridge says how to reach it (.local/endpoints.json)
  --help            this text

Typed lines:
${commandsHelp}

It needs a bridge: npm start. It speaks nothing but the events of docs/events.md over SQS.

All users' events come through one queue. This reader takes what is for USER, and what is for nobody
(the bridge's connection, rejections of events that name no user). What is for others it hands back, to
appear again after 1 s, then 2, 4 … up to 60 s: so run one reader per user, several at once if you like,
and each gets its own events a moment later. What nobody takes stays in the queue; after 1,000 such
returns, some 16 hours beside a reader that is not its own, it moves to the queue's dead letters.

With input from a pipe it sends every line, then leaves: printf 'hello\\n' | npm run native -- --as nina --to alice@localhost`;

/** Reads the arguments; `"help"` where help is asked for, an error to show where they are wrong. */
export function readOptions(args: readonly string[]): Result<Options | "help", string> {
  const read = parseArguments({
    args,
    options: {
      as: { type: "string" },
      to: { type: "string" },
      domain: { type: "string" },
      endpoints: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (!read.ok) return read;
  const { values } = read.value;
  if (values.help) return ok("help");
  if (values.as === undefined) return err("--as says which native user to be: --as nina");
  const user = parseUserId(values.as);
  if (!user.ok) return err(`--as: ${user.error}`);
  const contact = values.to === undefined ? ok(undefined) : parseBareJid(values.to);
  if (!contact.ok) return err(`--to: ${contact.error}`);
  const domain = values.domain === undefined ? ok(undefined) : prepareDomain(values.domain);
  if (!domain.ok) return err(`--domain: ${domain.error}`);
  const { endpoints } = values;
  return ok({ user: user.value, contact: contact.value, domain: domain.value, endpoints });
}
