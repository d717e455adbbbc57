/** What the events page says beside the tables that come from the schemas. */
import { type RejectReason, rejectReasons } from "#core/contract/rejection.ts";
import { limits } from "#core/limits.ts";

const kib = (bytes: number) => `${bytes / 1024} KiB`;

export const opening = `<!-- Generated from core/contract by \`npm run docs\`. -->
# Events

The native system and Causeway talk through two FIFO queues. On \`native-events\` the native system says what its users do; on \`native-deliveries\` Causeway says what their contacts on XMPP do, in the same words: \`message.sent\` there means that the user sent a message, here that the contact did.

Every message body is one [CloudEvent 1.0](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) in structured JSON, at most ${kib(limits.eventBytesMax)}. The same as schemas for machines: [events.schema.json](events.schema.json), [asyncapi.json](asyncapi.json).`;

export const sending = `## Sending

- Where the queues are: \`npm start\` writes their URLs into \`.local/endpoints.json\` (\`sqs.queues\`; any credentials do); a deployment has them as stack outputs and as SSM parameters below \`/causeway/queues/\`.
- **Message group: the user, always**: \`data.user\` itself where it is 1 to 128 printable ASCII characters without spaces, else its SHA-256 in hex. What a user does then happens in the order in which it was sent. Deduplication id: the event's \`id\`, or a hash of it where it holds more than SQS allows there.
- **Write ASCII JSON**: characters above U+007F as \`\\uXXXX\`, so that no queue on the way can garble them. What Causeway sends is written so.
- \`id\` is unique per \`source\`. The same event twice within five minutes makes one stanza; a later repeat makes a stanza with the same stanza id.
- A user exists from its first \`user.updated\`; events of users that do not exist are rejected (\`unknown-user\`), unless the deployment is set up with an open directory.
- Unknown extra fields are ignored. What cannot be accepted comes back as \`event.rejected\`; a body that is no JSON object goes to the dead letters too.
- Text for people is made safe for XML: vertical tab and form feed become a line feed, what else XML 1.0 forbids becomes U+FFFD. In ids and addresses control characters are refused.
- \`presence.changed\` with a \`contact\` (\`{ "user": "nina", "contact": "bob@example.org", "show": "online" }\`) shows the user to that contact alone, subscribed or not: once, as it was said. Later changes reach the contact only as a subscriber; that the user is gone it is told in any case, by \`offline\` for it or for all.
- Ids of messages must not end in a slash and digits: \`<id>/2\` is how the second attachment of \`<id>\` is named.
- With several attachments the text goes first, under the message's id, then one stanza per attachment under \`<id>/1\`, \`<id>/2\` …; without text the first attachment takes the message's id and the next is \`<id>/2\`. What comes back about one of them has \`id\` and \`part\`.
- A text whose stanza would be larger than ${kib(limits.stanzaOutBytesMax)} is rejected (\`too-large\`): Causeway never cuts a message in two, the native system may.
- Whoever the user blocks gets nothing: what is said to it is rejected (\`blocked\`). Receipts, markers and typing go only to contacts who may see the user's presence; for others nothing happens, and nothing is said.
- What a contact's clients are known not to support reaches them in words: a correction as a new message that begins with \`* \`, reactions as a line. Where nothing is known of them, they are taken to support it.`;

export const receiving = `## Receiving

- **Drop repeats by event id**: a delivery may come twice, then with the same \`id\`; ids are deterministic functions of what caused them.
- \`id\` in data is the message spoken about; only \`message.sent\` and \`message.edited\` name a new one. \`replaces\` is always the first id of a message, also when it is edited again.
- Events of one user and contact come in order; delete a message from the queue only when it is dealt with.
- \`domain\` is in \`data\` only where the bridge serves several domains; \`source\` is always \`xmpp:<domain>\`.
- \`presence.changed\` takes all of a contact's devices together; it comes when what is seen changes, not when only the number of devices does.
- \`time\` is when the stanza was read, or what its delay stamp said, never in the future.
- Expect new types and new fields, and ignore those that you do not know.
- What is marked "not carried yet" is part of the contract and not of this version.
- What the native system is declared not to do arrives otherwise: a correction as a new message that begins with \`✎ \`, a retraction as the line \`(I have taken a message back.)\`, reactions as a message of those emojis, files as addresses in the text.

## What consumers must check

**A message is identified by (user, contact, author, id).** The bridge keeps no list of messages: it says who spoke, which nobody can forge, and passes on what they said, which may be anything.

- **Authors.** \`message.edited\` and \`message.retracted\` are the contact's own claim, and count only for a message whose author is this contact, in the conversation with this user. Whoever names the id of the user's message, or of another contact's, has changed nothing: look \`replaces\` and \`id\` up among this contact's messages to this user, and treat an edit of anything else as a new message, a retraction of anything else as nothing.
- **Ids of contacts are foreign**: of any length and any characters, missing (then the origin-id, or one made up), the same from two contacts, used again. An id that came before with other words is another message, not an edit. Where nothing has the \`id\` that an edit, a retraction or a reaction names, look among the \`originId\`s of the contact's messages: some clients name those.
- **Edits of edits** name the first id. Some clients name the last one: an edit whose \`replaces\` is the \`id\` of an earlier edit is one of that edit's message.
- **Reactions** are the whole set of this contact's reactions to a message of either of the two: look up (\`id\`, \`part\`) among the user's messages, then \`id\`, or \`id\`/\`part\`, among the contact's. Of two sets the one with the later \`time\` counts. Those to a message that you do not know are nothing.
- **\`message.delivered\` and \`message.displayed\`** may name a message that you never sent, or come again for each device. \`message.displayed\` covers all earlier messages of the user to this contact. So may \`message.failed\`: it counts for (contact, \`id\`), never for another contact's message of that id.
- **\`replyTo\`** may name what you do not know, then show its \`quote\`. Where the client did not say whose message it is, \`author\` is \`user\`: try the other one too.
- **Pieces.** A text that is longer than the declared \`body.charsMax\` comes as several \`message.sent\`, or is refused if so declared. The first has the message's id, the n-th \`cw:<id>:<n>\` with \`<id>\` percent-encoded. An edit or retraction names the first and means all. A correction that is too long is refused.
- **Files** are addresses that a stranger chose: fetch them as such, check size and hash where they are given, and take \`name\` and \`mediaType\` for what they are, somebody's words.
- **\`encrypted\`** says that \`body\` is a placeholder of ours. The contact is told so, once in 30 days.`;

const reasons: Record<RejectReason, string> = {
  "not-json": "The body is no JSON.",
  "not-cloudevent": "A required CloudEvents attribute is missing or wrong, or the JSON is no object.",
  "unknown-type": "There is no such type on `native-events`.",
  invalid: "A field is missing or wrong: `path` says which, `expected` what it should be.",
  "too-large": "The event, or the stanza that it would make, is larger than what passes.",
  "invalid-contact": "The contact is no bare JID.",
  "own-domain": "The contact is on a domain that the bridge serves itself.",
  "unknown-user": "The user does not exist: no `user.updated` has announced it.",
  "localpart-taken": "The wanted `localpart` is another user's.",
  "localpart-fixed": "The user has its address already; it cannot change.",
  "wrong-group":
    "The message group is not the user's: without it, the order of what the user does would be lost.",
  "no-request": "There is no request to accept; `preApprove` accepts one in advance.",
  blocked: "The user has blocked the contact.",
  policy: "The operator's policy denies the contact's domain; what ends something is never denied.",
  unsupported: "The event is sound, but this version of the bridge cannot do it.",
};

export const rejections = [
  "## Reasons of `event.rejected`",
  "",
  "| reason | meaning |",
  "|---|---|",
  ...rejectReasons.map((reason) => `| \`${reason}\` | ${reasons[reason]} |`),
].join("\n");
