import assert from "node:assert/strict";
import { test } from "node:test";
import type { NativeEventType } from "#core/contract/events.ts";
import { limits } from "#core/limits.ts";
import { refusalOf } from "./events.ts";

const wrongFields: [NativeEventType, Record<string, unknown>, string, string][] = [
  [
    "message.sent",
    { body: undefined, attachments: undefined },
    "/data/body",
    "`body`, or at least one of `attachments`",
  ],
  ["message.sent", { body: 5 }, "/data/body", "text"],
  ["message.sent", { body: null }, "/data/body", "text"],
  ["message.sent", { body: "" }, "/data/body", "text that is not empty"],
  ["message.sent", { id: undefined }, "/data/id", "text"],
  ["message.sent", { id: "" }, "/data/id", "text that is not empty"],
  [
    "message.sent",
    { id: "m/1" },
    "/data/id",
    'an id that neither begins with "cw:" nor ends in a slash and digits',
  ],
  ["message.sent", { id: "a\u0007b" }, "/data/id", "text without control characters or lone surrogates"],
  ["message.sent", { id: "a\nb" }, "/data/id", "text without control characters or lone surrogates"],
  ["message.sent", { id: "a\ud800" }, "/data/id", "text without control characters or lone surrogates"],
  ["message.sent", { id: "x".repeat(limits.idCharsMax + 1) }, "/data/id", "at most 1000 characters"],
  ["message.sent", { user: undefined }, "/data/user", "text"],
  ["message.sent", { user: "" }, "/data/user", "text that is not empty"],
  ["message.sent", { user: "ni\u0000na" }, "/data/user", "a user id that fits an XMPP address"],
  ["message.sent", { contact: undefined }, "/data/contact", "text"],
  ["message.sent", { domain: "other.example" }, "/data/domain", "one of im.example.com, im.example.net"],
  ["message.sent", { domain: 1 }, "/data/domain", "text"],
  ["message.sent", { replyTo: { author: "user" } }, "/data/replyTo/id", "text"],
  ["message.sent", { replyTo: { id: "a", author: "alice" } }, "/data/replyTo/author", "one of user, contact"],
  ["message.sent", { threadParent: "t0" }, "/data/thread", "`thread` where there is `threadParent`"],
  ["message.edited", { threadParent: "t0" }, "/data/thread", "`thread` where there is `threadParent`"],
  [
    "message.sent",
    { attachments: [{ url: "https://a.example/", hash: "47DEQpj8HBSa" }] },
    "/data/attachments/0/hash",
    "a hash like sha-256:47DEQpj8HBSa+/TImW+5JA==",
  ],
  ["message.sent", { attachments: [] }, "/data/attachments", "a list that is not empty"],
  ["message.sent", { attachments: {} }, "/data/attachments", "a list"],
  [
    "message.sent",
    { attachments: Array(33).fill({ url: "https://a.example/" }) },
    "/data/attachments",
    "at most 32 entries",
  ],
  ["message.sent", { attachments: [{ url: "https://a.example/" }, {}] }, "/data/attachments/1/url", "text"],
  [
    "message.sent",
    { attachments: [{ url: "a.png" }] },
    "/data/attachments/0/url",
    "an http or https URL without blanks, like https://files.example.com/a.png",
  ],
  [
    "message.sent",
    { attachments: [{ url: "https://a.example/", size: 1.5 }] },
    "/data/attachments/0/size",
    "a whole number",
  ],
  [
    "message.sent",
    { attachments: [{ url: "https://a.example/", size: -1 }] },
    "/data/attachments/0/size",
    "at least 0",
  ],
  ["message.sent", { style: "html" }, "/data/style", "one of plain, xep0393"],
  [
    "message.sent",
    { hints: ["keep"] },
    "/data/hints/0",
    "one of store, no-store, no-copy, no-permanent-store",
  ],
  ["message.edited", { replaces: undefined }, "/data/replaces", "text"],
  [
    "message.edited",
    { replaces: "m/12" },
    "/data/replaces",
    'an id that neither begins with "cw:" nor ends in a slash and digits',
  ],
  [
    "message.edited",
    { body: undefined, attachments: undefined },
    "/data/body",
    "`body`, or at least one of `attachments`",
  ],
  [
    "message.retracted",
    { id: "m/1" },
    "/data/id",
    'an id that neither begins with "cw:" nor ends in a slash and digits',
  ],
  ["message.retracted", { parts: limits.attachmentsMax + 1 }, "/data/parts", "at most 32"],
  ["message.reacted", { emojis: undefined }, "/data/emojis", "a list"],
  ["message.reacted", { emojis: ["👍", "👍"] }, "/data/emojis", "each emoji once (XEP-0444 §3.1)"],
  ["message.delivered", { id: undefined }, "/data/id", "text"],
  [
    "typing.changed",
    { state: "thinking" },
    "/data/state",
    "one of active, composing, paused, inactive, gone",
  ],
  ["presence.changed", { show: "busy" }, "/data/show", "one of online, chat, away, xa, dnd, offline"],
  [
    "presence.changed",
    { status: "x".repeat(limits.statusCharsMax + 1) },
    "/data/status",
    "at most 1024 characters",
  ],
  [
    "presence.changed",
    { idleSince: "noon" },
    "/data/idleSince",
    "an RFC 3339 date and time with its offset, like 2026-11-02T09:30:00Z",
  ],
  ["contact.requested", { mutual: "yes" }, "/data/mutual", "true or false"],
  ["contact.removed", { direction: "in" }, "/data/direction", "one of to, from, both"],
  ["user.updated", { localpart: "a b" }, "/data/localpart", "a localpart that RFC 7622 allows"],
  [
    "user.updated",
    { avatar: { mediaType: "image/png" } },
    "/data/avatar",
    "a picture by either `url` or `data`",
  ],
  ["user.updated", { vcard: "Nina" }, "/data/vcard", "an object"],
];

for (const [type, data, path, expected] of wrongFields) {
  test(`${type} with ${JSON.stringify(data).slice(0, 60)} is refused at ${path}`, () => {
    const rejection = refusalOf(type, data);
    assert.deepEqual(
      { reason: rejection.reason, path: rejection.path, expected: rejection.expected },
      { reason: "invalid", path, expected },
    );
    assert.ok(rejection.text.includes(path === "/data/domain" ? "domain" : path));
  });
}
