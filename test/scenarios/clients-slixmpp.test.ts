/** Every kind of message to and from a client of another make: made and read by slixmpp's own plugins. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { acquaint } from "#test/harness/acquaint.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import {
  type SlixmppClient,
  type SlixmppCommand,
  type SlixmppEvent,
  startSlixmpp,
} from "#test/harness/slixmpp.ts";

const to = "nina@im.localhost";
const contact = "alice@localhost";
const url = "https://files.example.com/a%20b.png";

/** What the client sends, and the event that the native system gets. */
interface Sent {
  readonly name: string;
  readonly commands: readonly SlixmppCommand[];
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Fields that must not be there. */
  readonly absent?: readonly string[];
  readonly time?: string;
}

const message = (
  more: Omit<Extract<SlixmppCommand, { kind: "message" }>, "kind" | "to">,
): SlixmppCommand => ({
  kind: "message",
  to,
  ...more,
});

const sent: readonly Sent[] = [
  {
    name: "0184, 0333, 0359: what is asked for, and an origin-id",
    commands: [message({ id: "s1", body: "Hello", receipt: true, markable: true, origin_id: "o1" })],
    type: "message.sent",
    data: { id: "s1", originId: "o1", body: "Hello", asks: ["delivered", "displayed"] },
  },
  {
    name: "a subject and a thread",
    commands: [message({ id: "s2", body: "Hello", subject: "Lunch", thread: "t1" })],
    type: "message.sent",
    data: { id: "s2", subject: "Lunch", thread: "t1" },
    absent: ["asks", "kind"],
  },
  {
    name: "a single message",
    commands: [message({ id: "s3", body: "Once", type: "normal" })],
    type: "message.sent",
    data: { id: "s3", body: "Once", kind: "normal" },
  },
  ...(["composing", "paused", "active", "inactive", "gone"] as const).map((state) => ({
    name: `0085: ${state}`,
    commands: [message({ state })],
    type: "typing.changed",
    data: { state },
  })),
  {
    name: "0184: received",
    commands: [{ kind: "receipt", to, id: "m1" }],
    type: "message.delivered",
    data: { id: "m1" },
  },
  {
    name: "0333: displayed",
    commands: [{ kind: "marker", to, id: "m1", marker: "displayed" }],
    type: "message.displayed",
    data: { id: "m1" },
  },
  {
    name: "0308: correction",
    commands: [message({ id: "s4", body: "Hullo", replaces: "s1" })],
    type: "message.edited",
    data: { id: "s4", replaces: "s1", body: "Hullo" },
  },
  {
    name: "0424, version 0: retraction",
    commands: [{ kind: "retraction", to, id: "s1" }],
    type: "message.retracted",
    data: { id: "s1" },
  },
  {
    name: "0444: reactions",
    commands: [{ kind: "reactions", to, id: "m1", emojis: ["👍", "❤️"] }],
    type: "message.reacted",
    data: { id: "m1", emojis: ["👍", "❤️"] },
  },
  {
    name: "0444: the last reaction is taken back",
    commands: [{ kind: "reactions", to, id: "m1", emojis: [] }],
    type: "message.reacted",
    data: { id: "m1", emojis: [] },
  },
  {
    name: "0461: reply without a quotation",
    commands: [{ kind: "reply", to, id: "m1", author: to, body: "Yes" }],
    type: "message.sent",
    data: { body: "Yes", replyTo: { id: "m1", author: "user" } },
  },
  {
    name: "0461: reply to the contact's own message",
    commands: [{ kind: "reply", to, id: "s1", author: contact, body: "And" }],
    type: "message.sent",
    data: { body: "And", replyTo: { id: "s1", author: "contact" } },
  },
  {
    name: "0461: reply with a quotation, as feature fallback",
    commands: [message({ id: "s5", body: "> 😀?\nYes", reply_to: "m1", reply_author: to, quote_length: 5 })],
    type: "message.sent",
    data: { id: "s5", body: "Yes", replyTo: { id: "m1", author: "user" } },
  },
  {
    name: "0066: a file",
    commands: [message({ id: "s6", body: url, url })],
    type: "message.sent",
    data: { id: "s6", attachments: [{ url }] },
    absent: ["body"],
  },
  {
    name: "0334: hints",
    commands: [message({ id: "s7", body: "Psst", hints: ["no-copy", "no-permanent-store"] })],
    type: "message.sent",
    data: { id: "s7", hints: ["no-copy", "no-permanent-store"] },
  },
  {
    name: "0172: nickname",
    commands: [message({ id: "s8", body: "Me", nick: "Ali" })],
    type: "contact.updated",
    data: { nick: "Ali" },
  },
  {
    name: "0203: when it was written",
    commands: [message({ id: "s9", body: "Late", stamp: "2026-01-02T03:04:05Z" })],
    type: "message.sent",
    data: { id: "s9", body: "Late" },
    time: "2026-01-02T03:04:05.000Z",
  },
  {
    name: "0380: encrypted for somebody else",
    commands: [
      message({
        id: "s10",
        body: "This message is encrypted",
        encrypted_by: "eu.siacs.conversations.axolotl",
      }),
    ],
    type: "message.sent",
    data: { id: "s10", encrypted: "OMEMO" },
  },
  {
    name: "0297: what is forwarded is not the sender's word",
    commands: [{ kind: "forward", to, body: "Look", forwarded_body: "I owe you a million" }],
    type: "message.sent",
    data: { body: "Look" },
  },
  {
    name: "0224: attention, which is nothing of its own",
    commands: [{ kind: "attention", to }, message({ id: "s11", body: "after" })],
    type: "message.sent",
    data: { id: "s11", body: "after" },
  },
];

/** An event of the native system, and what the client's plugins make of the stanza. */
interface Got {
  readonly name: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly time?: string;
  /** The plugin's event, and how the one that is meant is told from others. */
  readonly wanted: Partial<SlixmppEvent>;
  readonly seen: Partial<SlixmppEvent>;
}

const got: readonly Got[] = [
  {
    name: "0184, 0333, 0359: asked for and named",
    type: "message.sent",
    data: { id: "m1", body: "Hello", subject: "Lunch", thread: "t1" },
    wanted: { kind: "message", id: "m1" },
    seen: {
      type: "chat",
      body: "Hello",
      subject: "Lunch",
      thread: "t1",
      originId: "m1",
      receiptRequested: true,
      markable: true,
    },
  },
  {
    name: "0308: edit",
    type: "message.edited",
    data: { id: "m2", replaces: "m1", body: "Hullo" },
    wanted: { kind: "message_correction", replaces: "m1" },
    seen: { body: "Hullo", type: "chat" },
  },
  {
    name: "0424: a text, for a client that knows version 0 alone",
    type: "message.retracted",
    data: { id: "m1" },
    wanted: { kind: "message", isFallback: true },
    seen: { type: "chat", hints: ["store"] },
  },
  {
    name: "0444: reactions",
    type: "message.reacted",
    data: { id: "s1", emojis: ["👍", "🎉"] },
    wanted: { kind: "reactions", reactedTo: "s1" },
    seen: { emojis: ["🎉", "👍"], hints: ["store"] },
  },
  {
    name: "0444: none is left",
    type: "message.reacted",
    data: { id: "s2", emojis: [] },
    wanted: { kind: "reactions", reactedTo: "s2" },
    seen: { hasReactions: true },
  },
  {
    name: "0184: delivered",
    type: "message.delivered",
    data: { id: "s1" },
    wanted: { kind: "receipt_received", receipt: "s1" },
    seen: {},
  },
  {
    name: "0333: displayed",
    type: "message.displayed",
    data: { id: "s1" },
    wanted: { kind: "marker_displayed", displayed: "s1" },
    seen: {},
  },
  ...(["composing", "paused", "active", "inactive", "gone"] as const).map((state) => ({
    name: `0085: ${state}`,
    type: "typing.changed",
    data: { state },
    wanted: { kind: "chatstate", chatState: state },
    seen: { type: "chat", hints: ["no-store"] },
  })),
  {
    name: "0461: reply",
    type: "message.sent",
    data: { id: "m3", body: "Yes", replyTo: { id: "s1", author: "contact" } },
    wanted: { kind: "message_reply", id: "m3" },
    seen: { replyTo: "s1", replyAuthor: contact, body: "Yes" },
  },
  {
    name: "0066: a file",
    type: "message.sent",
    data: { id: "m4", attachments: [{ url, name: "a b.png", mediaType: "image/png", size: 7 }] },
    wanted: { kind: "message", id: "m4" },
    seen: { body: url, url },
  },
  {
    name: "0334: hints",
    type: "message.sent",
    data: { id: "m5", body: "Psst", hints: ["no-store", "no-copy"] },
    wanted: { kind: "message", id: "m5" },
    seen: { hints: ["no-store", "no-copy"] },
  },
  {
    name: "0203: written long ago",
    type: "message.sent",
    data: { id: "m6", body: "Late" },
    time: "2026-01-02T03:04:05.000Z",
    wanted: { kind: "message", id: "m6" },
    seen: { stamp: "2026-01-02T03:04:05+00:00" },
  },
  {
    name: "a headline",
    type: "message.sent",
    data: { id: "m7", body: "News", kind: "headline" },
    wanted: { kind: "message", id: "m7" },
    seen: { type: "headline", body: "News" },
  },
];

onEachServer("slixmpp's plugins", (scenario) => {
  let client: SlixmppClient;
  const login = (resource: string) => {
    const { host, port } = scenario.bridge.endpoints.xmpp;
    const { certificate } = scenario;
    return startSlixmpp({
      jid: contact,
      password: "alice",
      host,
      port,
      certificate,
      resource,
      carbons: true,
    });
  };
  before(async () => {
    client = await login("one");
    await acquaint(scenario, "nina", contact, {
      asked: () => client.next({ kind: "presence", type: "subscribe", from: to }),
      send: (type) => client.send({ kind: "presence", to, type }),
    });
  });
  after(async () => {
    await client.stop();
  });

  for (const { name, commands, type, data, absent = [], time } of sent) {
    test(`from the contact: ${name}`, async () => {
      scenario.native.inbox.drain();
      for (const command of commands) client.send(command);
      const event = await scenario.native.nextOf(type, "nina");
      assert.partialDeepStrictEqual(event.data, { ...data, contact });
      for (const field of absent) assert.equal(field in event.data, false, field);
      if (time !== undefined) assert.equal(event.time, time);
    });
  }

  for (const { name, type, data, time, wanted, seen } of got) {
    test(`from the user: ${name}`, async () => {
      const event = { type, data: { user: "nina", contact, ...data }, ...(time && { time }) };
      client.inbox.drain();
      await scenario.native.emit(event);
      const told = await client.next({ from: to, ...wanted });
      assert.partialDeepStrictEqual(told, seen);
    });
  }

  test("0280: copies for the account's other client are no messages to the user", async () => {
    const other = await login("two");
    scenario.native.inbox.drain();
    client.send(message({ id: "copied", body: "once" }));
    await other.next({ kind: "carbon_sent", id: "copied" });
    client.send(message({ id: "after", body: "once more" }));
    for (const id of ["copied", "after"]) {
      const { data } = await scenario.native.nextOf("message.sent", "nina");
      assert.equal(data["id"], id);
    }
    await other.stop();
  });

  test("0249: an invitation to a room is refused", async () => {
    client.send({ kind: "invitation", to, room: "room@rooms.example.com", reason: "Join us" });
    await client.next({ kind: "message_error", from: to });
  });
});
