/** What the native system tells us on `native-events`: a data schema per event type. */
import * as v from "valibot";
import { limits } from "../limits.ts";
import {
  avatarField,
  contactField,
  domainField,
  foreignIdField,
  localpartField,
  nativeIdField,
  opaqueField,
  pairFields,
  showField,
  textField,
  timeField,
  userFields,
  vcardField,
} from "./fields.ts";
import {
  contentFields,
  contentWords,
  emojisField,
  hasContent,
  hasThread,
  partField,
  sentRule,
  threadWords,
  typingData,
} from "./message-data.ts";

const referredId = opaqueField(
  "The contact's message, by the `id` of its `message.sent`.",
  limits.referredIdCharsMax,
);

/** Event types with their data; the description of each says what it does on the XMPP side. */
export const nativeData = {
  "message.sent": v.pipe(
    v.object({ ...pairFields, id: nativeIdField("The new message's id."), ...contentFields }),
    v.description(
      "The user sends a message. Leaves with this id as stanza id and origin-id (XEP-0359), asking for a receipt (XEP-0184) and markable (XEP-0333), unless it is a headline.",
    ),
    v.metadata(sentRule),
    v.forward(
      v.check((data) => hasContent(data), contentWords),
      ["body"],
    ),
    v.forward(
      v.check((data) => hasThread(data), threadWords),
      ["thread"],
    ),
  ),
  "message.edited": v.pipe(
    v.object({
      ...pairFields,
      id: nativeIdField("The id of this edit."),
      replaces: nativeIdField("The first id of the message that is edited, also when edited again."),
      ...contentFields,
    }),
    v.description(
      "The user corrects a message of its own (XEP-0308): the event holds the whole content as it now is. The text takes the place of the first text, the n-th attachment that of the n-th. What is no longer there is not taken away: to drop a text or an attachment, retract the message and send it anew. Clients that are known not to support corrections see a new message that begins with `* `.",
    ),
    v.metadata(sentRule),
    v.forward(
      v.check((data) => hasContent(data), contentWords),
      ["body"],
    ),
    v.forward(
      v.check((data) => hasThread(data), threadWords),
      ["thread"],
    ),
  ),
  "message.retracted": v.pipe(
    v.object({
      ...pairFields,
      id: nativeIdField("The user's message that is taken back."),
      parts: v.exactOptional(
        v.pipe(
          v.number(),
          v.description(
            "How many attachments the message had, before and after edits; each is taken back too.",
          ),
          v.safeInteger(),
          v.minValue(0),
          v.maxValue(limits.attachmentsMax),
        ),
      ),
    }),
    v.description(
      "The user takes a message of its own back (XEP-0424). Clients that cannot show a line that says so, once.",
    ),
  ),
  "message.reacted": v.pipe(
    v.object({
      ...pairFields,
      id: opaqueField("The message that is reacted to.", limits.referredIdCharsMax),
      originId: v.exactOptional(
        opaqueField("Its origin-id (XEP-0359) where it was delivered with one.", limits.referredIdCharsMax),
      ),
      part: v.exactOptional(partField),
      emojis: emojisField,
    }),
    v.description(
      "The user's reactions to a message, as they now are (XEP-0444). Clients that are known not to support reactions show a line with them, and nothing when none is left.",
    ),
  ),
  "message.delivered": v.pipe(
    v.object({ ...pairFields, id: referredId }),
    v.description(
      "The user's device has the contact's message (XEP-0184). Goes only to who may see the user's presence; for others nothing happens. Send it where `asks` of the message says so.",
    ),
  ),
  "message.displayed": v.pipe(
    v.object({ ...pairFields, id: referredId }),
    v.description(
      "The user has read the contact's messages up to this one (XEP-0333). Goes only to who may see the user's presence; for others nothing happens. Send it where `asks` of the message says so.",
    ),
  ),
  "typing.changed": typingData,
  "presence.changed": v.pipe(
    v.object({
      ...userFields,
      contact: v.exactOptional(contactField),
      show: showField,
      status: v.exactOptional(textField("Free text.", limits.statusCharsMax)),
      idleSince: v.exactOptional(timeField("Since when the user has not touched anything (XEP-0319).")),
    }),
    v.description(
      "The user's availability, for all who may see it. One that changes nothing is not sent again. With a `contact` it is directed presence (RFC 6121 §4.6): it changes nothing for anybody else, and the contact is shown no later one but `offline`.",
    ),
  ),
  "contact.requested": v.pipe(
    v.object({
      ...pairFields,
      note: v.exactOptional(textField("A line to the contact.", limits.statusCharsMax)),
      mutual: v.exactOptional(
        v.pipe(v.boolean(), v.description("Approve the contact's asking back in advance.")),
        true,
      ),
    }),
    v.description("The user asks to see the contact's presence (`subscribe`)."),
  ),
  "contact.accepted": v.pipe(
    v.object({
      ...pairFields,
      mutual: v.exactOptional(v.pipe(v.boolean(), v.description("Ask back.")), true),
      preApprove: v.exactOptional(
        v.pipe(v.boolean(), v.description("Accept in advance, where nobody has asked yet.")),
      ),
    }),
    v.description(
      "The user lets the contact see its presence (`subscribed`). Without a pending request it is rejected (`no-request`) unless `preApprove`.",
    ),
  ),
  "contact.declined": v.pipe(
    v.object(pairFields),
    v.description("The user declines the contact's request (`unsubscribed`)."),
  ),
  "contact.removed": v.pipe(
    v.object({
      ...pairFields,
      direction: v.exactOptional(
        v.pipe(
          v.picklist(["to", "from", "both"]),
          v.description("`to`: no longer see the contact. `from`: no longer be seen by it."),
        ),
        "both",
      ),
    }),
    v.description("The user ends a subscription (`unsubscribe`, `unsubscribed`)."),
  ),
  "contact.blocked": v.pipe(
    v.object(pairFields),
    v.description("Nothing passes any more between the two; the contact is not told (XEP-0191)."),
  ),
  "contact.unblocked": v.pipe(v.object(pairFields), v.description("The block is lifted (XEP-0191).")),
  "roster.requested": v.pipe(
    v.object({
      ...userFields,
      cursor: v.exactOptional(
        opaqueField("Where the last `roster.listed` said to go on.", limits.cursorCharsMax),
      ),
    }),
    v.description("The user's contacts are asked for; `roster.listed` answers."),
  ),
  "user.updated": v.pipe(
    v.object({
      ...userFields,
      name: v.exactOptional(textField("Full name.", limits.nameCharsMax)),
      nick: v.exactOptional(textField("Nickname (XEP-0172).", limits.nameCharsMax)),
      localpart: v.exactOptional(localpartField),
      avatar: v.exactOptional(avatarField),
      vcard: v.exactOptional(vcardField),
    }),
    v.description("The user exists, and this is what is known of it. The first one announces the user."),
  ),
  "user.removed": v.pipe(
    v.object(userFields),
    v.description("The user is gone: every subscription ends, both ways."),
  ),
};

/** Events that functions put into `native-events` themselves; no part of the public contract. */
export const internalData = {
  "internal.probed": v.pipe(
    v.object({
      ...pairFields,
      domain: domainField,
      id: v.exactOptional(foreignIdField("Stanza id of the probe.")),
    }),
    v.description("The contact is to be told the user's current presence."),
  ),
};
