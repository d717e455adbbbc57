/** One user's chat: acts on typed lines and on what arrives. */
import { randomUUID } from "node:crypto";
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import type { Delivery } from "#core/contract/events.ts";
import type { UserId } from "#core/mapping.ts";
import type { BareJid } from "#core/xmpp/jid.ts";
import { commandsHelp, parseLine } from "./commands.ts";
import { announcement, eventFor, type Stamp, type Talk } from "./outgoing.ts";
import { showDelivery } from "./show.ts";

/** Texts that are remembered, to name a message by its words. */
const textsMax = 1_000;

export interface SessionPorts {
  readonly send: (event: CloudEvent) => void;
  readonly print: (text: string) => void;
  /** The contact that plain text goes to has changed. */
  readonly chosen: (contact: BareJid) => void;
  readonly quit: () => void;
}

export interface Session {
  start(): void;
  typed(line: string): void;
  received(event: Delivery): void;
}

export function makeSession(ports: SessionPorts, user: UserId, first: BareJid | undefined): Session {
  let current = first;
  const texts = new Map<string, string>();
  const talks = new Map<BareJid, Talk>();

  const choose = (contact: BareJid): void => {
    current = contact;
    ports.chosen(contact);
  };

  const remember = (id: string, text: string): void => {
    texts.set(id, text);
    const [oldest] = texts.keys();
    if (texts.size > textsMax && oldest !== undefined) texts.delete(oldest);
  };

  return {
    start() {
      ports.send(announcement(user, newStamp()));
    },

    typed(line) {
      const command = parseLine(line, current);
      if (!command.ok) return ports.print(`! ${command.error}`);
      const stamp = newStamp();
      const talk = "contact" in command.value ? talks.get(command.value.contact) : undefined;
      const event = eventFor(command.value, user, stamp, talk);
      if (!event.ok) return ports.print(`! ${event.error}`);
      switch (command.value.kind) {
        case "say":
        case "reply":
          remember(stamp.id, command.value.text);
          talks.set(command.value.contact, { ...talk, mine: stamp.id });
          break;
        case "edit":
          if (talk?.mine !== undefined) remember(talk.mine, command.value.text);
          break;
        case "to":
          choose(command.value.contact);
          break;
        case "help":
          ports.print(commandsHelp);
          break;
        case "quit":
          ports.quit();
          break;
        default:
          break;
      }
      if (event.value !== undefined) ports.send(event.value);
    },

    received(event) {
      ports.print(showDelivery(event, (id) => texts.get(id)));
      if (event.type !== "message.sent") return;
      const { contact, id, originId, body } = event.data;
      const theirs = {
        id,
        ...(originId !== undefined && { originId }),
        ...(body !== undefined && { text: body }),
      };
      talks.set(contact, { ...talks.get(contact), theirs });
      if (current === undefined) choose(contact);
    },
  };
}

function newStamp(): Stamp {
  return { id: randomUUID(), time: new Date().toISOString() };
}
