/** What we tell the native system on `native-deliveries`: a data schema per event type. */
import * as v from "valibot";
import { limits } from "../limits.ts";
import {
  avatarField,
  conditionField,
  domainField,
  foreignIdField,
  pairFields,
  pendingField,
  permanentField,
  showField,
  subscriptionField,
  textField,
  timeField,
  userFields,
  vcardField,
} from "./fields.ts";
import {
  contentFields,
  contentRule,
  contentWords,
  emojisField,
  hasContent,
  partField,
  typingData,
} from "./message-data.ts";
import { rejectReasons } from "./rejection.ts";

const originId = v.exactOptional(
  foreignIdField("Its origin-id (XEP-0359) where it has one that differs from `id`."),
);
const asks = v.exactOptional(
  v.pipe(
    v.array(v.picklist(["delivered", "displayed"])),
    v.description(
      "What the contact would like to be told of it: answer with `message.delivered` (XEP-0184), `message.displayed` (XEP-0333), and only where it is asked for. Of a text that came in pieces, the last one asks.",
    ),
  ),
);
const encrypted = v.exactOptional(
  v.pipe(
    v.string(),
    v.description(
      "It was encrypted for somebody's device and cannot be read here: by which method, as XEP-0380 names it. `body` says so for people.",
    ),
  ),
);
const aboutOwn = {
  id: foreignIdField("The user's message that it is about."),
  part: v.exactOptional(partField),
};
const result = { subscription: subscriptionField, pending: pendingField };
const profile = {
  name: v.exactOptional(textField("Full name.")),
  nick: v.exactOptional(textField("Nickname (XEP-0172).")),
  avatar: v.exactOptional(avatarField),
  vcard: v.exactOptional(vcardField),
};
const failure = {
  condition: conditionField,
  text: v.pipe(v.string(), v.description("What happened, for people.")),
  permanent: permanentField,
};
const refused = (description: string) => v.exactOptional(v.pipe(v.string(), v.description(description)));
const stream = {
  domain: domainField,
  since: timeField("Since when."),
  reason: v.exactOptional(v.pipe(v.string(), v.description("Why, for people."))),
};

/** Event types with their data; the description of each says what happened on the XMPP side. */
export const deliveryData = {
  "message.sent": v.pipe(
    v.object({
      ...pairFields,
      id: foreignIdField("The message's id."),
      originId,
      ...contentFields,
      asks,
      encrypted,
    }),
    v.description(
      "The contact sent a message. Without `style` its sender said nothing about it: XMPP clients would read it with Message Styling (XEP-0393).",
    ),
    v.metadata(contentRule),
    v.forward(
      v.check((data) => hasContent(data), contentWords),
      ["body"],
    ),
  ),
  "message.edited": v.pipe(
    v.object({
      ...pairFields,
      id: foreignIdField("The id of this edit."),
      originId,
      replaces: foreignIdField(
        "The first id of the message that is edited. The contact may name any; only one of its own counts.",
      ),
      ...contentFields,
      asks,
    }),
    v.description(
      'The contact corrected a message (XEP-0308): this is the whole of it anew. It counts only for a message of the contact\'s own; see "What consumers must check".',
    ),
    v.metadata(contentRule),
    v.forward(
      v.check((data) => hasContent(data), contentWords),
      ["body"],
    ),
  ),
  "message.retracted": v.pipe(
    v.object({
      ...pairFields,
      id: foreignIdField(
        "The message that was taken back. The contact may name any; only one of its own counts.",
      ),
    }),
    v.description("The contact took a message of its own back (XEP-0424), with all pieces in which it came."),
  ),
  "message.reacted": v.pipe(
    v.object({
      ...pairFields,
      id: foreignIdField("The message that was reacted to, the user's or the contact's."),
      originId,
      part: v.exactOptional(partField),
      emojis: emojisField,
    }),
    v.description("The contact's reactions to a message, as they now are (XEP-0444)."),
  ),
  "message.delivered": v.pipe(
    v.object({ ...pairFields, ...aboutOwn }),
    v.description("A device of the contact has the message (XEP-0184, XEP-0333)."),
  ),
  "message.displayed": v.pipe(
    v.object({ ...pairFields, ...aboutOwn }),
    v.description("The contact has read everything up to this message (XEP-0333)."),
  ),
  "message.routed": v.pipe(
    v.object({ ...pairFields, ...aboutOwn }),
    v.description(
      "Where asked for by the capability `routed`: our XMPP server has routed the message. A bounce from a remote server may still follow.",
    ),
  ),
  "message.failed": v.pipe(
    v.object({
      ...pairFields,
      ...aboutOwn,
      event: v.exactOptional(v.pipe(v.string(), v.description("The `id` of the native event that failed."))),
      ...failure,
    }),
    v.description("The message, or what was said about it, came back with an error."),
  ),
  "typing.changed": typingData,
  "presence.changed": v.pipe(
    v.object({
      ...pairFields,
      show: showField,
      status: v.exactOptional(textField("Free text.")),
      idleSince: v.exactOptional(timeField("Since when the contact has not touched anything (XEP-0319).")),
      devices: v.pipe(
        v.number(),
        v.description("On how many devices the contact is online."),
        v.safeInteger(),
        v.minValue(0),
      ),
    }),
    v.description("The contact's availability, all its devices taken together."),
  ),
  "contact.requested": v.pipe(
    v.object({
      ...pairFields,
      note: v.exactOptional(textField("A line to the user.")),
      preApproved: v.exactOptional(
        v.pipe(
          v.literal(true),
          v.description("The user had approved it in advance; it is answered already."),
        ),
      ),
      ...result,
    }),
    v.description(
      "The contact asks to see the user's presence. Answer with `contact.accepted` or `contact.declined`.",
    ),
  ),
  "contact.accepted": v.pipe(
    v.object({ ...pairFields, ...result }),
    v.description("The contact lets the user see its presence."),
  ),
  "contact.declined": v.pipe(
    v.object({ ...pairFields, ...result }),
    v.description("The contact declined the user's request."),
  ),
  "contact.removed": v.pipe(
    v.object({
      ...pairFields,
      direction: v.pipe(
        v.picklist(["to", "from", "both"]),
        v.description(
          "`to`: the user no longer sees the contact. `from`: the contact no longer sees the user.",
        ),
      ),
      ...result,
    }),
    v.description("The contact ended a subscription."),
  ),
  "contact.failed": v.pipe(
    v.object({
      ...pairFields,
      ...failure,
      subscription: v.exactOptional(subscriptionField),
      pending: v.exactOptional(pendingField),
    }),
    v.description("The user's request, or its answer to one, came back with an error."),
  ),
  "contact.updated": v.pipe(
    v.object({ ...pairFields, ...profile }),
    v.description("Something new is known of the contact: only what changed is there."),
  ),
  "roster.listed": v.pipe(
    v.object({
      ...userFields,
      contacts: v.pipe(
        v.array(
          v.object({
            contact: pairFields.contact,
            subscription: subscriptionField,
            pending: pendingField,
            show: showField,
            nick: v.exactOptional(textField("Nickname.")),
          }),
        ),
        v.description("The user's contacts."),
        v.maxLength(limits.rosterPageMax),
      ),
      cursor: v.exactOptional(
        v.pipe(v.string(), v.description("There are more: ask again with this cursor.")),
      ),
    }),
    v.description("Answers `roster.requested`."),
  ),
  "event.rejected": v.pipe(
    v.object({
      id: refused("`id` of the refused event, where it could be read; so the next four."),
      source: refused("Its `source`."),
      type: refused("Its `type`."),
      user: refused("Its `data.user`."),
      contact: refused("Its `data.contact`."),
      messageId: refused("The id of the queue message, where the event's id or source could not be read."),
      reason: v.pipe(v.picklist(rejectReasons), v.description("Why, as a word.")),
      text: v.pipe(v.string(), v.description("Why, for people.")),
      path: refused("Where: a JSON Pointer (RFC 6901) into the whole event, like `/data/body`."),
      expected: refused("What was expected there."),
    }),
    v.description("An event on `native-events` could not be accepted; nothing of it was done."),
  ),
  "bridge.connected": v.pipe(v.object(stream), v.description("The domain is connected to its XMPP server.")),
  "bridge.disconnected": v.pipe(
    v.object(stream),
    v.description("The domain lost its XMPP server; events are kept until it is back."),
  ),
};

/** Types that we send to the native system. */
export const deliveryTypes = Object.keys(deliveryData) as (keyof typeof deliveryData)[];
