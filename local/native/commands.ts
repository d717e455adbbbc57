/** What a line typed into the native chat means. Pure: the session acts on it. */

import type { NativeEventOf } from "#core/contract/events.ts";
import type { Show } from "#core/presence.ts";
import { err, ok, type Result } from "#core/result.ts";
import { type BareJid, parseBareJid } from "#core/xmpp/jid.ts";

export type Command =
  | { readonly kind: "nothing" | "roster" | "help" | "quit" }
  | { readonly kind: "say"; readonly text: string; readonly contact: BareJid }
  | { readonly kind: "reply"; readonly text: string; readonly contact: BareJid }
  | { readonly kind: "edit"; readonly text: string; readonly contact: BareJid }
  | { readonly kind: "react"; readonly emojis: readonly string[]; readonly contact: BareJid }
  | { readonly kind: "typing"; readonly state: ChatState; readonly contact: BareJid }
  | { readonly kind: "retract"; readonly contact: BareJid }
  | { readonly kind: "read"; readonly contact: BareJid }
  | { readonly kind: "to" | "accept" | "decline" | "remove"; readonly contact: BareJid }
  | { readonly kind: "add"; readonly contact: BareJid; readonly note?: string }
  | { readonly kind: "presence"; readonly show: Show; readonly status?: string };

type ChatState = NativeEventOf<"typing.changed">["data"]["state"];

const states: readonly string[] = ["active", "composing", "paused", "inactive", "gone"] satisfies ChatState[];
const shows: readonly string[] = ["online", "chat", "away", "xa", "dnd", "offline"] satisfies Show[];

export const commandsHelp = `  text                     say it to the current contact
  /to JID                  choose the current contact
  /reply TEXT              answer the contact's last message
  /edit TEXT               correct your last message
  /retract                 take your last message back
  /react [EMOJI …]         react to the contact's last message, or no more
  /read                    say that you have read the contact's messages
  /typing STATE            ${states.join(", ")}
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
    case "/reply":
    case "/edit":
    case "/retract":
    case "/react":
    case "/read":
    case "/typing":
      return inConversation(word, line.trim().slice(word.length).trim(), current);
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
  return contact === undefined ? err(toWhom) : ok({ kind: "say", text, contact });
}

const toWhom = "to whom? Choose a contact first: /to alice@localhost";

/** Commands about what was said, or is being said, to the current contact. */
function inConversation(
  word: "/reply" | "/edit" | "/retract" | "/react" | "/read" | "/typing",
  rest: string,
  contact: BareJid | undefined,
): Result<Command, string> {
  if (contact === undefined) return err(toWhom);
  switch (word) {
    case "/reply":
    case "/edit":
      if (rest === "") return err(`${word} needs a text`);
      return ok({ kind: word === "/reply" ? "reply" : "edit", text: rest, contact });
    case "/react":
      return ok({ kind: "react", emojis: [...new Set(rest.split(/\s+/).filter(Boolean))], contact });
    case "/typing":
      if (!states.includes(rest)) return err(`/typing takes one of ${states.join(", ")}`);
      return ok({ kind: "typing", state: rest as ChatState, contact });
    case "/retract":
    case "/read":
      if (rest !== "") return err(`${word} stands alone`);
      return ok({ kind: word === "/read" ? "read" : "retract", contact });
    default:
      return word satisfies never;
  }
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
