/** What nobody should send, on every way into the bridge, and how it must end. */
import { pairGroup } from "#aws/hash.ts";
import { asciiJson } from "#core/contract/envelope.ts";
import type { QueueName } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { element } from "#core/xmpp/stanza.ts";
import type { Rig } from "./fault.ts";

/** How one ends: its sender is told, or it is kept, or it waits for who can read it. */
export type End = "rejected" | "error" | "letter" | "waits";

export interface PoisonKind {
  readonly name: string;
  readonly ends: readonly End[];
  /** The word that says why, where there is one. */
  readonly reason?: string;
  /** Puts one that names `id` in whatever tells of it. */
  put(place: PoisonPlace, id: string): Promise<void>;
}

/** Where it is put: among the messages of this pair. */
export interface PoisonPlace extends Pick<Rig, "ends"> {
  readonly domain: string;
  readonly user: string;
  readonly account: string;
  /** The account's address. */
  readonly contact: string;
  /** Puts a body into a queue between connector and functions. */
  putInto(queue: QueueName, id: string, body: string, group?: string): Promise<void>;
}

type Data = Readonly<Record<string, unknown>>;

const source = "urn:causeway:poison";
const event = (id: string, more: Data, data: Data) =>
  asciiJson({
    specversion: "1.0",
    id,
    source,
    type: "message.sent",
    time: new Date().toISOString(),
    ...more,
    data,
  });

/** An event that is refused, in the group of a user with messages of its own. */
function refusedEvent(name: string, of: (place: PoisonPlace) => { more?: Data; data?: Data }): PoisonKind {
  return {
    name: `event: ${name}`,
    ends: ["rejected"],
    reason: name,
    put(place, id) {
      const { more = {}, data = {} } = of(place);
      const { user, contact } = place;
      return place.ends.put(user, id, event(id, more, { user, contact, id, body: "poison", ...data }));
    },
  };
}

/** An event that cannot even be told apart. */
function brokenEvent(reason: string, bodyOf: (id: string) => string): PoisonKind {
  return {
    name: `event: ${reason}, kept`,
    ends: ["letter"],
    reason,
    put: ({ ends, user }, id) => ends.put(user, id, bodyOf(id)),
  };
}

const laneOf = (queue: QueueName, { domain, user, contact }: PoisonPlace) =>
  queue === "messageStanzas" || queue === "presenceStanzas" ? "lane-0" : pairGroup(domain, user, contact);

function brokenEnvelope(queue: QueueName, isFifo: boolean): PoisonKind {
  return {
    name: `envelope: no JSON in ${queue}`,
    ends: ["letter"],
    reason: "malformed",
    put: (place, id) => place.putInto(queue, id, `{ ${id}`, isFifo ? laneOf(queue, place) : undefined),
  };
}

/** In a group of its own, since it keeps its group waiting until somebody can read it. */
function newerEnvelope(queue: QueueName): PoisonKind {
  return {
    name: `envelope: of a newer version in ${queue}`,
    ends: ["waits"],
    put: (place, id) => place.putInto(queue, id, asciiJson({ v: 99, items: [], note: id }), id),
  };
}

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const time = () => new Date().toISOString();

function brokenItem(
  queue: QueueName,
  reason: string,
  itemOf: (place: PoisonPlace, id: string) => Data,
): PoisonKind {
  return {
    name: `item: ${reason} in ${queue}`,
    ends: ["letter"],
    reason,
    put(place, id) {
      const item = { time: time(), trace, ...itemOf(place, id) };
      return place.putInto(queue, id, asciiJson({ v: 1, items: [item] }), laneOf(queue, place));
    },
  };
}

/** A stanza that comes back to its sender. */
function refusedStanza(
  name: string,
  of: (place: PoisonPlace) => {
    to?: string;
    type?: string;
    name?: string;
    children: Parameters<typeof element>[2][];
  },
): PoisonKind {
  return {
    name: `stanza: ${name}`,
    ends: ["error"],
    put(place, id) {
      const {
        to = `${place.user}@${place.domain}`,
        type = "chat",
        name: tag = "message",
        children,
      } = of(place);
      return place.ends.send(place.account, element(tag, { to, type, id }, ...children));
    },
  };
}

const body = element("body", {}, "poison");
const nested = (depth: number) => {
  let inner = element("x", {});
  for (let level = 1; level < depth; level += 1) inner = element("x", {}, inner);
  return inner;
};
const elsewhere = "elsewhere.example";

/** Every kind that there is. */
export const poisonKinds: readonly PoisonKind[] = [
  brokenEvent("not-json", (id) => `{ "id": "${id}`),
  brokenEvent("not-cloudevent", (id) => asciiJson([id])),
  refusedEvent("not-cloudevent", () => ({ more: { specversion: undefined } })),
  refusedEvent("unknown-type", () => ({ more: { type: "message.sung" } })),
  refusedEvent("invalid", () => ({ data: { body: 7 } })),
  refusedEvent("invalid-contact", () => ({ data: { contact: "@@" } })),
  refusedEvent("own-domain", ({ domain }) => ({ data: { contact: `n@${domain}` } })),
  refusedEvent("too-large", () => ({ data: { body: "x".repeat(limits.eventBytesMax) } })),
  refusedEvent("wrong-group", ({ ends, user }) => ({
    data: { user: ends.users.find((other) => other !== user) },
  })),
  {
    name: "event: unknown-user",
    ends: ["rejected"],
    reason: "unknown-user",
    put: ({ ends, contact }, id) =>
      ends.put("nobody", id, event(id, {}, { user: "nobody", contact, id, body: "poison" })),
  },
  refusedStanza("to nobody", ({ domain }) => ({ to: `nobody@${domain}`, children: [body] })),
  refusedStanza("groupchat", () => ({ type: "groupchat", children: [body] })),
  refusedStanza("too deep", () => ({ children: [body, nested(limits.stanzaDepthMax + 1)] })),
  refusedStanza("too many parts", () => ({
    children: [body, ...Array.from({ length: limits.stanzaPartsMax + 1 }, () => element("x", {}))],
  })),
  refusedStanza("unknown question", () => ({
    name: "iq",
    type: "set",
    children: [element("poison", { xmlns: "urn:example:poison" })],
  })),
  brokenEnvelope("messageStanzas", true),
  brokenEnvelope("presenceStanzas", true),
  brokenEnvelope("iqStanzas", false),
  brokenEnvelope("walks", false),
  brokenEnvelope("outboundStanzas", true),
  brokenEnvelope("outboundPresence", true),
  brokenItem("messageStanzas", "malformed", (_, id) => ({ fence: 0, seq: 0, xml: `<message id="${id}"` })),
  brokenItem("messageStanzas", "wrong-to", ({ contact }, id) => ({
    fence: 0,
    seq: 0,
    xml: `<message id="${id}" from="${contact}" to="n@${elsewhere}"/>`,
  })),
  brokenItem("outboundStanzas", "unfit", ({ contact }, id) => ({
    id,
    hops: 1,
    xml: `<message id="${id}" from="n@${elsewhere}" to="${contact}"/>`,
  })),
  newerEnvelope("messageStanzas"),
  newerEnvelope("outboundStanzas"),
];
