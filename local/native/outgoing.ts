/** Events that the terminal sends as the native system. Pure: ids and time are passed in. */
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import type { NativeEventType } from "#core/contract/events.ts";
import type { UserId } from "#core/mapping.ts";
import { err, ok, type Result } from "#core/result.ts";
import type { Command } from "./commands.ts";

export interface Stamp {
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
}

/** What was said last between the user and a contact. */
export interface Talk {
  /** The user's last message, by its first id. */
  readonly mine?: string;
  readonly theirs?: { readonly id: string; readonly originId?: string; readonly text?: string };
}

const contactEvents = {
  accept: "contact.accepted",
  decline: "contact.declined",
  remove: "contact.removed",
} as const satisfies Record<string, NativeEventType>;

/** The event that announces the user. */
export function announcement(user: UserId, stamp: Stamp): CloudEvent {
  return event("user.updated", { user }, stamp);
}

/**
 * The event that a command sends; undefined for commands that concern the terminal alone.
 *
 * @param talk with the contact that the command is about
 * @returns or a sentence that says why there is none
 */
export function eventFor(
  command: Command,
  user: UserId,
  stamp: Stamp,
  talk: Talk = {},
): Result<CloudEvent | undefined, string> {
  switch (command.kind) {
    case "edit":
    case "retract":
      return talk.mine === undefined
        ? err(`you have said nothing yet that you could ${command.kind}`)
        : ok(aboutMine(command, user, stamp, talk.mine));
    case "reply":
    case "react":
    case "read":
      return talk.theirs === undefined
        ? err("the contact has said nothing yet")
        : ok(aboutTheirs(command, user, stamp, talk.theirs));
    default:
      return ok(ofItself(command, user, stamp));
  }
}

type CommandOf<K extends Command["kind"]> = Extract<Command, { kind: K }>;

function aboutMine(
  command: CommandOf<"edit" | "retract">,
  user: UserId,
  stamp: Stamp,
  mine: string,
): CloudEvent {
  const { contact } = command;
  if (command.kind === "retract") return event("message.retracted", { user, contact, id: mine }, stamp);
  const data = { user, contact, id: stamp.id, replaces: mine, body: command.text };
  return event("message.edited", data, stamp);
}

function aboutTheirs(
  command: CommandOf<"reply" | "react" | "read">,
  user: UserId,
  stamp: Stamp,
  { id, originId, text }: NonNullable<Talk["theirs"]>,
): CloudEvent {
  const { contact } = command;
  const named = { id, ...(originId !== undefined && { originId }) };
  switch (command.kind) {
    case "reply": {
      const replyTo = { ...named, author: "contact", ...(text !== undefined && { quote: text }) };
      return event("message.sent", { user, contact, id: stamp.id, body: command.text, replyTo }, stamp);
    }
    case "react":
      return event("message.reacted", { user, contact, ...named, emojis: command.emojis }, stamp);
    case "read":
      return event("message.displayed", { user, contact, id }, stamp);
    default:
      return command satisfies never;
  }
}

function ofItself(
  command: Exclude<Command, CommandOf<"edit" | "retract" | "reply" | "react" | "read">>,
  user: UserId,
  stamp: Stamp,
): CloudEvent | undefined {
  switch (command.kind) {
    case "typing":
      return event("typing.changed", { user, contact: command.contact, state: command.state }, stamp);
    case "say": {
      const { contact, text } = command;
      return event("message.sent", { user, contact, id: stamp.id, body: text }, stamp);
    }
    case "presence": {
      const { kind: _, ...presence } = command;
      return event("presence.changed", { user, ...presence }, stamp);
    }
    case "add": {
      const { kind: _, ...request } = command;
      return event("contact.requested", { user, ...request }, stamp);
    }
    case "accept":
    case "decline":
    case "remove":
      return event(contactEvents[command.kind], { user, contact: command.contact }, stamp);
    case "roster":
      return event("roster.requested", { user }, stamp);
    case "to":
    case "nothing":
    case "help":
    case "quit":
      return undefined;
    default:
      return command satisfies never;
  }
}

function event(type: NativeEventType, data: Record<string, unknown>, stamp: Stamp): CloudEvent {
  return {
    specversion: "1.0",
    source: "urn:causeway:native-terminal",
    type,
    ...stamp,
    datacontenttype: "application/json",
    data,
  };
}
