/** An attachment in its own stanza, for clients that know file sharing, and for those that know URLs. */
import type { Element } from "ltx";
import type { NativeData } from "../contract/events.ts";
import { element, ns } from "../xmpp/stanza.ts";
import { fallback } from "./out-stanza.ts";

type Attachment = NonNullable<NativeData<"message.sent">["attachments"]>[number];

/** What a client may well show where it stands. */
const shownInline = /^(?:image|video|audio)\//i;

/** What describes an attachment in a message whose body is its URL; its subject, where it has one, is no fallback. */
export function attachmentElements(attachment: Attachment, hasSubject: boolean): readonly Element[] {
  const { url, name, mediaType = "", description } = attachment;
  const words = description ?? name;
  const said = words === undefined ? undefined : element("desc", {}, words);
  // XEP-0447 §3.2: "attachment" is not to be fetched unasked.
  const disposition = shownInline.test(mediaType) ? "inline" : "attachment";
  const source = element("url-data", { xmlns: ns.urlData, target: url });
  return [
    element(
      "file-sharing",
      { xmlns: ns.fileSharing, disposition },
      fileElement(attachment),
      element("sources", {}, source),
    ),
    element("x", { xmlns: ns.outOfBand }, element("url", {}, url), said),
    fallback(ns.fileSharing, hasSubject ? "body" : "all"),
  ];
}

/** XEP-0446 §2. */
function fileElement(attachment: Attachment): Element {
  const { name, mediaType, size, width, height, hash, description } = attachment;
  const dimensions = width === undefined || height === undefined ? undefined : `${width}x${height}`;
  const told = { "media-type": mediaType, name, size, dimensions, desc: description };
  const children = Object.entries(told).map(([key, value]) =>
    value === undefined ? undefined : element(key, {}, String(value)),
  );
  return element(
    "file",
    { xmlns: ns.fileMetadata },
    ...children,
    hash === undefined ? undefined : hashElement(hash),
  );
}

/** XEP-0300, from its algorithm, a colon and base64. */
function hashElement(hash: string): Element {
  const colon = hash.indexOf(":");
  return element("hash", { xmlns: ns.hashes, algo: hash.slice(0, colon) }, hash.slice(colon + 1));
}
