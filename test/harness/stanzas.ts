/** Stanzas that the tests' XMPP users send. */
import type { Element } from "ltx";
import { element } from "#core/xmpp/stanza.ts";

/** A chat message. */
export function chat(to: string, id: string | undefined, body: string, ...more: Element[]): Element {
  return element("message", { type: "chat", to, id }, element("body", {}, body), ...more);
}

/** Availability, or with `type` any other presence. */
export function presence(attrs: Readonly<Record<string, string>> = {}, ...more: Element[]): Element {
  return element("presence", attrs, ...more);
}

/** An IQ around one request. */
export function iq(type: "get" | "set", to: string, request: Element): Element {
  return element("iq", { type, to }, request);
}
