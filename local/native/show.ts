/** How deliveries look in the terminal. Pure. */
import type { Delivery, DeliveryData } from "#core/contract/events.ts";

/** Looks up the text of a message that was sent from here. */
export type TextOf = (id: string) => string | undefined;

/** The lines that show a delivery to its user. */
export function showDelivery(event: Delivery, textOf: TextOf): string {
  return safe(`${clock(event.time)} ${describe(event, textOf)}`);
}

/** Hours, minutes and seconds here, for a time in RFC 3339. */
export function clock(time: string): string {
  return new Date(time).toTimeString().slice(0, 8);
}

/** Terminal control sequences have no business in what contacts write; lines after the first are set in. */
function safe(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "\ufffd").replaceAll("\n", "\n         ");
}

function describe(event: Delivery, textOf: TextOf): string {
  const { type, data } = event;
  switch (type) {
    case "message.sent":
      return `${data.contact}${answered(data, textOf)}: ${content(data)}`;
    case "message.edited":
      return `${data.contact} corrects: ${content(data)}`;
    case "message.retracted":
      return `${data.contact} takes a message back (${data.id})`;
    case "message.reacted":
      return `${data.contact} reacts with ${data.emojis.join(" ") || "nothing any more"} to ${named(data, textOf)}`;
    case "message.delivered":
    case "message.displayed":
    case "message.routed":
      return `${type.slice(8)} to ${data.contact}: ${named(data, textOf)}`;
    case "message.failed":
      return `! message to ${data.contact} failed: ${named(data, textOf)}: ${failure(data)}`;
    case "typing.changed":
      return `${data.contact} is ${data.state}`;
    case "presence.changed":
      return `${data.contact} is ${data.show}${remark(data.status)}, ${count(data.devices, "device")}`;
    case "contact.requested":
      return `${data.contact} asks to see when you are there${remark(data.note)}: ${answerTo(data)}`;
    case "contact.accepted":
      return `${data.contact} lets you see when they are there${state(data)}`;
    case "contact.declined":
      return `${data.contact} declines your request${state(data)}`;
    case "contact.removed":
      return `${data.contact} ends a subscription (${data.direction})${state(data)}`;
    case "contact.failed":
      return `! ${data.contact} cannot be asked: ${failure(data)}`;
    case "contact.updated":
      return `${data.contact} is called ${data.nick ?? data.name ?? "something new"}`;
    case "roster.listed":
      return [count(data.contacts.length, "contact"), ...data.contacts.map(rosterLine)].join("\n");
    case "event.rejected":
      return `! ${data.type ?? "an event"} was rejected (${rejection(data)}): ${data.text}`;
    case "bridge.connected":
      return `the bridge is connected for ${data.domain}`;
    case "bridge.disconnected":
      return `! the bridge lost its connection for ${data.domain}${remark(data.reason)}`;
    default:
      return event satisfies never;
  }
}

function content(data: DeliveryData<"message.sent">): string {
  const files = (data.attachments ?? []).map(
    ({ url, name }) => `[${name === undefined ? "" : `${name}: `}${url}]`,
  );
  return [data.body, ...files].filter((part) => part !== undefined).join("\n");
}

/** A message, or an attachment of it. */
function named({ id, part }: { id: string; part?: number }, textOf: TextOf): string {
  return `${part === undefined ? "" : `attachment ${part} of `}${quote(id, textOf)}`;
}

function answered({ replyTo }: DeliveryData<"message.sent">, textOf: TextOf): string {
  if (replyTo === undefined) return "";
  const { id, quote: text } = replyTo;
  return ` answers ${quote(id, () => text ?? textOf(id))}`;
}

function quote(id: string, textOf: TextOf): string {
  const text = textOf(id);
  if (text === undefined) return id;
  return text.length > 40 ? `"${text.slice(0, 40)}…"` : `"${text}"`;
}

function failure(data: { text: string; condition: string; permanent: boolean }): string {
  return `${data.text} (${data.condition}, ${data.permanent ? "for good" : "may work later"})`;
}

function rejection(data: DeliveryData<"event.rejected">): string {
  const { reason, path, expected } = data;
  const where = path === undefined ? reason : `${reason} at ${path || "the whole event"}`;
  return expected === undefined ? where : `${where}, expected ${expected}`;
}

function answerTo(data: DeliveryData<"contact.requested">): string {
  const { contact, preApproved } = data;
  return preApproved ? "accepted, as you had said before" : `/accept ${contact} or /decline ${contact}`;
}

function state(data: { subscription: string; pending: string }): string {
  const pending = data.pending === "none" ? "" : `, pending ${data.pending}`;
  return ` (subscription ${data.subscription}${pending})`;
}

function rosterLine(entry: DeliveryData<"roster.listed">["contacts"][number]): string {
  const nick = entry.nick === undefined ? "" : ` "${entry.nick}"`;
  return `${entry.contact}${nick} is ${entry.show}${state(entry)}`;
}

function remark(text: string | undefined): string {
  return text === undefined ? "" : ` (${text})`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
