/** Events that the terminal sends as the native system. Pure: ids and time are passed in. */
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import type { NativeEventType } from "#core/contract/events.ts";
import type { UserId } from "#core/mapping.ts";
import type { Command } from "./commands.ts";

export interface Stamp {
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
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

/** The event that a command sends; undefined for commands that concern the terminal alone. */
export function eventFor(command: Command, user: UserId, stamp: Stamp): CloudEvent | undefined {
  switch (command.kind) {
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
