/** What a line typed into the native chat means. Pure: the session acts on it. */

import type { Show } from "#core/presence.ts";
import { err, ok, type Result } from "#core/result.ts";
import { type BareJid, parseBareJid } from "#core/xmpp/jid.ts";

export type Command =
  | { readonly kind: "nothing" | "roster" | "help" | "quit" }
  | { readonly kind: "say"; readonly text: string; readonly contact: BareJid }
  | { readonly kind: "to" | "accept" | "decline" | "remove"; readonly contact: BareJid }
  | { readonly kind: "add"; readonly contact: BareJid; readonly note?: string }
  | { readonly kind: "presence"; readonly show: Show; readonly status?: string };

const shows: readonly string[] = ["online", "chat", "away", "xa", "dnd", "offline"] satisfies Show[];

export const commandsHelp = `  text                     say it to the current contact
  /to JID                  choose the current contact
  /presence SHOW [STATUS]  ${shows.join(", ")}
  /add JID [NOTE]          ask to see a contact's presence
  /accept [JID]            let a contact see yours
  /decline [JID]           decline a contact's request
  /remove [JID]            end the subscriptions with a contact
  /roster                  list your contacts
  /help                    this list
  /quit                    leave (so do Ctrl-C and Ctrl-D)
A line that begins with // or /me is said as it is (// without its first slash).`;

/**
 * Reads a typed line.
 *
 * @param current the contact that plain text goes to, and that commands mean where they name none
 * @returns the command, or a sentence that says what is wrong
 */
export function parseLine(line: string, current: BareJid | undefined): Result<Command, string> {
  if (line.trim() === "") return ok({ kind: "nothing" });
  if (line.startsWith("//")) return say(line.slice(1), current);
  if (!line.startsWith("/") || /^\/me\s/.test(line)) return say(line, current);
  const [word = "", argument, rest] = words(line);
  switch (word) {
    case "/roster":
    case "/help":
    case "/quit":
      return ok({ kind: word.slice(1) as "roster" | "help" | "quit" });
    case "/presence":
      return presence(argument, rest);
    case "/to":
      return withContact("to", argument, undefined, rest);
    case "/add":
      return add(argument, rest);
    case "/accept":
    case "/decline":
    case "/remove":
      return withContact(word.slice(1) as "accept" | "decline" | "remove", argument, current, rest);
    default:
      return err(`there is no command ${word}; /help lists them`);
  }
}

/** The first two words, and the rest of the line. */
function words(line: string): string[] {
  const [, first, second, rest] = /^\s*(\S+)(?:\s+(\S+))?(?:\s+(.*\S))?\s*$/s.exec(line) ?? [];
  return [first, second, rest].filter((word) => word !== undefined);
}

function say(text: string, contact: BareJid | undefined): Result<Command, string> {
  return contact === undefined
    ? err("to whom? Choose a contact first: /to alice@localhost")
    : ok({ kind: "say", text, contact });
}

function presence(show: string | undefined, status: string | undefined): Result<Command, string> {
  if (show === undefined || !shows.includes(show)) return err(`/presence takes one of ${shows.join(", ")}`);
  return ok({ kind: "presence", show: show as Show, ...(status !== undefined && { status }) });
}

function add(argument: string | undefined, note: string | undefined): Result<Command, string> {
  const contact = contactOf("add", argument, undefined);
  return contact.ok
    ? ok({ kind: "add", contact: contact.value, ...(note !== undefined && { note }) })
    : contact;
}

function withContact(
  kind: "to" | "accept" | "decline" | "remove",
  argument: string | undefined,
  current: BareJid | undefined,
  rest: string | undefined,
): Result<Command, string> {
  if (rest !== undefined) return err(`/${kind} takes one address, like alice@localhost`);
  const contact = contactOf(kind, argument, current);
  return contact.ok ? ok({ kind, contact: contact.value }) : contact;
}

function contactOf(
  word: string,
  argument: string | undefined,
  current: BareJid | undefined,
): Result<BareJid, string> {
  if (argument === undefined) {
    return current === undefined ? err(`/${word} needs a contact, like alice@localhost`) : ok(current);
  }
  const contact = parseBareJid(argument);
  return contact.ok ? contact : err(`${argument} is no contact: ${contact.error}`);
}
