/** What was encrypted for a device of somebody's: nobody here can read it, and both sides are told so. */
import type { Element } from "ltx";
import { limits } from "../limits.ts";
import { idAboutNothing } from "../stanza-id.ts";
import { element, ns } from "../xmpp/stanza.ts";
import { deliverOne, type Incoming, idsOf, type Outcome } from "./incoming.ts";
import { ownText, shorten } from "./text.ts";

/** XEP-0380 §3.2, by the name that people know. */
const methods: Readonly<Record<string, string>> = {
  "jabber:x:encrypted": "Legacy OpenPGP",
  "urn:xmpp:openpgp:0": "OpenPGP for XMPP",
  "urn:xmpp:otr:0": "OTR",
  // XEP-0384, as most clients still have it, and its later versions.
  "eu.siacs.conversations.axolotl": "OMEMO",
  "urn:xmpp:omemo:0": "OMEMO",
  "urn:xmpp:omemo:1": "OMEMO",
  "urn:xmpp:omemo:2": "OMEMO",
};

/**
 * A placeholder for the native side, whole however long; never in the sender's words, which any stranger may have
 * written, be it the name of a method. Of who asks for a receipt nothing is said: nothing has arrived that anybody
 * could read.
 */
export function encryptedToEvent(incoming: Incoming): Outcome {
  const { ctx, stanza, effects } = incoming;
  // XEP-0384: without a payload it only renews the keys between two devices.
  if (omemoOf(stanza) !== undefined && omemoOf(stanza)?.getChild("payload") === undefined) return "taken";
  const encrypted = methodOf(stanza);
  if (encrypted === undefined) return "other";
  const known = Object.values(methods).includes(encrypted) ? ` with ${encrypted}` : "";
  const body = `(This message is encrypted${known} and cannot be read here.)`;
  const outcome = deliverOne(incoming, "message.sent", { ...idsOf(incoming), body, encrypted });
  const explanation = element(
    "message",
    { from: ctx.ghost, to: ctx.pair.contact, type: "chat", id: idAboutNothing(ctx.cause.id) },
    element(
      "body",
      {},
      `Your message is encrypted${known}, which cannot be read where it arrives. ` +
        "Please switch encryption off for this conversation and send it again.",
    ),
  );
  effects.stanza(explanation, { afterwards: "not-told" });
  return outcome;
}

function omemoOf(stanza: Element): Element | undefined {
  return stanza.getChildElements().find((child) => {
    return child.getName() === "encrypted" && methods[child.getNS() ?? ""] === "OMEMO";
  });
}

/** By which method a message is encrypted; undefined where it is not. */
function methodOf(stanza: Element): string | undefined {
  const mark = stanza.getChild("encryption", ns.encryption);
  const namespace = mark?.attrs["namespace"] ?? "";
  const payload = stanza
    .getChildElements()
    .find((child) => ["encrypted", "openpgp", "x"].includes(child.getName()) && isMethod(child.getNS()));
  const known = payload?.getNS() ?? namespace;
  // XEP-0380 §4: a name of our own goes before the sender's.
  if (isMethod(known)) return methods[known];
  const name = shorten(mark?.attrs["name"] || namespace, limits.nameCharsMax);
  if (name !== "") return name;
  const body = (ownText(stanza, "body") ?? "").trimStart();
  // XEP-0364: what OTR sends begins so.
  if (body.startsWith("?OTR")) return "OTR";
  // XEP-0454: the file is of use only to who can read the message around it.
  return body.startsWith("aesgcm://") ? "OMEMO" : undefined;
}

function isMethod(namespace: string | undefined): namespace is string {
  return namespace !== undefined && Object.hasOwn(methods, namespace);
}
