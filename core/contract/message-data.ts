/** What message events say, on both sides; only who chooses the ids differs. */
import * as v from "valibot";
import { limits } from "../limits.ts";
import { opaqueField, pairFields, textField, urlField } from "./fields.ts";

const attachment = v.object({
  url: urlField,
  name: v.exactOptional(textField("File name.", limits.nameCharsMax)),
  mediaType: v.exactOptional(opaqueField("Media type, like `image/png`.", limits.nameCharsMax)),
  size: v.exactOptional(v.pipe(v.number(), v.description("Size in bytes."), v.safeInteger(), v.minValue(0))),
  hash: v.exactOptional(
    v.pipe(
      v.string(),
      v.description("Hash of the content: the algorithm as XEP-0300 names it, a colon, base64."),
      v.maxLength(limits.nameCharsMax),
      v.regex(/^[a-z0-9-]+:[A-Za-z0-9+/]+={0,2}$/, "a hash like sha-256:47DEQpj8HBSa+/TImW+5JA=="),
    ),
  ),
  width: v.exactOptional(
    v.pipe(v.number(), v.description("Width in pixels."), v.safeInteger(), v.minValue(0)),
  ),
  height: v.exactOptional(
    v.pipe(v.number(), v.description("Height in pixels."), v.safeInteger(), v.minValue(0)),
  ),
  description: v.exactOptional(textField("What it shows, for people.", limits.statusCharsMax)),
});

export const partField = v.pipe(
  v.number(),
  v.description("The attachment, counted as its stanza id `<id>/<part>` says; absent: the message itself."),
  v.safeInteger(),
  v.minValue(1),
);

const replyTo = v.pipe(
  v.object({
    id: opaqueField("The message that is answered.", limits.referredIdCharsMax),
    originId: v.exactOptional(
      opaqueField("Its origin-id (XEP-0359) where it differs from `id`.", limits.referredIdCharsMax),
    ),
    part: v.exactOptional(partField),
    author: v.pipe(v.picklist(["user", "contact"]), v.description("Who wrote it.")),
    quote: v.exactOptional(
      textField(
        "Its text, for clients that cannot show the message itself: it goes in front of `body`, each line behind `> `.",
      ),
    ),
  }),
  v.description("The message that this one answers (XEP-0461)."),
);

/** `body` may be absent only where there are attachments. */
export const contentRule = { anyOf: [{ required: ["body"] }, { required: ["attachments"] }] };

/** Fields of `message.sent` and `message.edited` besides the ids. */
export const contentFields = {
  body: v.exactOptional(textField("The text. May be absent only where there are attachments.")),
  subject: v.exactOptional(textField("Subject line.", limits.statusCharsMax)),
  thread: v.exactOptional(opaqueField("The conversation it belongs to (RFC 6121 §5.2.5).")),
  threadParent: v.exactOptional(opaqueField("The conversation that `thread` branched off from.")),
  kind: v.exactOptional(
    v.pipe(
      v.picklist(["normal", "headline"]),
      v.description(
        "The stanza's type where it is no `chat` (RFC 6121 §5.2.2): a single message, or news that nobody answers.",
      ),
    ),
  ),
  replyTo: v.exactOptional(replyTo),
  attachments: v.exactOptional(
    v.pipe(
      v.array(attachment),
      v.description(
        "Files, by their URLs (XEP-0066, XEP-0447). Each goes as a stanza of its own, after the text.",
      ),
      v.nonEmpty(),
      v.maxLength(limits.attachmentsMax),
    ),
  ),
  style: v.exactOptional(
    v.pipe(
      v.picklist(["plain", "xep0393"]),
      v.description(
        "How the text is to be read: as it is, or with Message Styling (XEP-0393). Absent: as the declared capabilities say.",
      ),
    ),
  ),
  hints: v.exactOptional(
    v.pipe(
      v.array(v.picklist(["store", "no-store", "no-copy", "no-permanent-store"])),
      v.description("What servers should do with it (XEP-0334)."),
    ),
  ),
};

/** {@link contentRule}, and a parent only where there is a thread that has it. */
export const sentRule = { ...contentRule, dependentRequired: { threadParent: ["thread"] } };

/** Whether a thread with a parent is named itself. */
export function hasThread(data: { thread?: string; threadParent?: string }): boolean {
  return data.threadParent === undefined || data.thread !== undefined;
}

/** Words for {@link hasThread}. */
export const threadWords = "`thread` where there is `threadParent`";

/** Whether there is something to say. */
export function hasContent(data: { body?: string; attachments?: readonly unknown[] }): boolean {
  return data.body !== undefined || data.attachments !== undefined;
}

/** Words for {@link hasContent}. */
export const contentWords = "`body`, or at least one of `attachments`";

export const emojisField = v.pipe(
  v.array(opaqueField("One emoji.", limits.emojiCharsMax)),
  v.description("The whole set of reactions as it now is; empty: none is left."),
  v.maxLength(limits.emojisMax),
  v.metadata({ uniqueItems: true }),
  v.check((emojis) => new Set(emojis).size === emojis.length, "each emoji once (XEP-0444 §3.1)"),
);

export const typingData = v.pipe(
  v.object({
    ...pairFields,
    state: v.pipe(
      v.picklist(["active", "composing", "paused", "inactive", "gone"]),
      v.description("The chat state (XEP-0085 §3)."),
    ),
  }),
  v.description(
    "Somebody types, or stopped typing (XEP-0085). Dropped when older than 30 seconds; goes only to who may see the user's presence.",
  ),
);
