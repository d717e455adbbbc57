/** Small helpers around stanzas; what a stanza means is said elsewhere. */
import { Element } from "ltx";

/** Namespaces, by the names that the code gives them. */
export const ns = {
  client: "jabber:client",
  component: "jabber:component:accept",
  /** RFC 6120 §8.3.3, conditions and text of stanza errors. */
  stanzas: "urn:ietf:params:xml:ns:xmpp-stanzas",
  /** XEP-0004 */
  dataForms: "jabber:x:data",
  /** XEP-0030 */
  discoInfo: "http://jabber.org/protocol/disco#info",
  discoItems: "http://jabber.org/protocol/disco#items",
  /** XEP-0045 §7.8.2: an invitation by the room. */
  roomUser: "http://jabber.org/protocol/muc#user",
  /** XEP-0060 */
  pubsubEvent: "http://jabber.org/protocol/pubsub#event",
  /** XEP-0066 §3: a URL beside the text. */
  outOfBand: "jabber:x:oob",
  /** XEP-0085 */
  chatStates: "http://jabber.org/protocol/chatstates",
  /** XEP-0103 */
  urlData: "http://jabber.org/protocol/url-data",
  /** XEP-0115 */
  caps: "http://jabber.org/protocol/caps",
  /** XEP-0172 */
  nick: "http://jabber.org/protocol/nick",
  /** XEP-0184 */
  receipts: "urn:xmpp:receipts",
  /** XEP-0199 */
  ping: "urn:xmpp:ping",
  /** XEP-0203 */
  delay: "urn:xmpp:delay",
  /** XEP-0249 */
  invitation: "jabber:x:conference",
  /** XEP-0280 */
  carbons: "urn:xmpp:carbons:2",
  /** XEP-0300 */
  hashes: "urn:xmpp:hashes:2",
  /** XEP-0308 */
  correction: "urn:xmpp:message-correct:0",
  /** XEP-0319 */
  idle: "urn:xmpp:idle:1",
  /** XEP-0333 */
  chatMarkers: "urn:xmpp:chat-markers:0",
  /** XEP-0334 */
  hints: "urn:xmpp:hints",
  /** XEP-0359 */
  originId: "urn:xmpp:sid:0",
  /** XEP-0372 */
  references: "urn:xmpp:reference:0",
  /** XEP-0380 */
  encryption: "urn:xmpp:eme:0",
  /** XEP-0393 */
  styling: "urn:xmpp:styling:0",
  /** XEP-0422, as XEP-0424 used it up to version 0.3. */
  fastening: "urn:xmpp:fasten:0",
  /** XEP-0424, and the same up to its version 0.3. */
  retraction: "urn:xmpp:message-retract:1",
  retraction0: "urn:xmpp:message-retract:0",
  /** XEP-0428 */
  fallback: "urn:xmpp:fallback:0",
  /** XEP-0444 */
  reactions: "urn:xmpp:reactions:0",
  /** XEP-0446 */
  fileMetadata: "urn:xmpp:file:metadata:0",
  /** XEP-0447 */
  fileSharing: "urn:xmpp:sfs:0",
  /** XEP-0461 */
  replies: "urn:xmpp:reply:0",
} as const;

/** A stanza's own namespace, in whichever way it was written down: inherited from the stream, or declared. */
const streamNamespaces: readonly (string | undefined)[] = [undefined, ns.component, ns.client];

/** Builds an element; attributes and children that are undefined are left out. */
export function element(
  name: string,
  attrs: Readonly<Record<string, string | undefined>>,
  ...children: readonly (Element | string | undefined)[]
): Element {
  const given = Object.entries(attrs).filter(([, value]) => value !== undefined);
  const built = new Element(name, Object.fromEntries(given));
  built.append(...children.filter((child) => child !== undefined));
  return built;
}

/**
 * The first child of that name, undefined where there is none. Without `xmlns`, one in the stanza's own namespace:
 * on a component's stream it bears none, since the stream's is inherited.
 */
export function childOf(stanza: Element, name: string, xmlns?: string): Element | undefined {
  return stanza
    .getChildren(name)
    .find((child) =>
      xmlns === undefined ? streamNamespaces.includes(child.getNS()) : child.getNS() === xmlns,
    );
}

/** The text directly inside the child that {@link childOf} finds; "" where the child is empty. */
export function childText(stanza: Element, name: string, xmlns?: string): string | undefined {
  return childOf(stanza, name, xmlns)?.getText();
}
