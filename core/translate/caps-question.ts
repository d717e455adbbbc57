/** Asks a contact's device what its capabilities stand for (XEP-0115 §6.2), and reads what it answers. */
import type { Element } from "ltx";
import {
  type Caps,
  type CapsHash,
  type DiscoInfo,
  isCapsHash,
  isVer,
  nodeOf,
  readInfo,
} from "../xmpp/caps.ts";
import { element, ns } from "../xmpp/stanza.ts";

/** What the id of a question says. */
export interface CapsQuestion {
  readonly hash: CapsHash;
  readonly ver: string;
  /** Known to nobody but us and whom we asked. */
  readonly token: string;
}

/** @param from the ghost's full JID @param to the device's */
export function capsQuestion(from: string, to: string, caps: Caps, token: string): Element {
  return element(
    "iq",
    { type: "get", from, to, id: `caps/${caps.hash}/${token}/${caps.ver}` },
    element("query", { xmlns: ns.discoInfo, node: nodeOf(caps) }),
  );
}

/** The question that an IQ of type result or error says that it answers; undefined for every other stanza. */
export function answeredQuestion(stanza: Element): CapsQuestion | undefined {
  const { type, id = "" } = stanza.attrs;
  if (type !== "result" && type !== "error") return undefined;
  const [, hash, token = "", ver = ""] = /^caps\/([a-z0-9-]+)\/([\w-]{1,64})\/(.+)$/.exec(id) ?? [];
  return isCapsHash(hash) && isVer(hash, ver) ? { hash, ver, token } : undefined;
}

/** What the answer says; undefined for an error, and for what XEP-0115 §5.4 calls ill-formed. */
export function answeredInfo(stanza: Element): DiscoInfo | undefined {
  const query = stanza.attrs["type"] === "result" ? stanza.getChild("query", ns.discoInfo) : undefined;
  return query && readInfo(query);
}
