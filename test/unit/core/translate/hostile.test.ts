/** Whatever a contact sends: decisions never throw, what leaves is fit to leave, what is delivered is true to the contract. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Element } from "ltx";
import { allCapabilities, type Capabilities } from "#core/capabilities.ts";
import type { Effect } from "#core/decision.ts";
import type { SubscriptionState } from "#core/subscription.ts";
import { decideAvailability, parseAvailability } from "#core/translate/availability.ts";
import { answerIq } from "#core/translate/iq.ts";
import { messageToEvent, unknownUserReply } from "#core/translate/message-to-event.ts";
import { decideProbe } from "#core/translate/probe.ts";
import { decidePresenceError, decideSubscriptionStanza } from "#core/translate/subscription-stanza.ts";
import { checkOutbound, cleanText, serializeStanza } from "#core/xmpp/codec.ts";
import { element, ns } from "#core/xmpp/stanza.ts";
import {
  caps,
  contact,
  deliveriesOf,
  domain,
  ghost,
  internalsOf,
  makeContext,
  must,
  read,
  stanzasOf,
} from "./support.ts";

const text = fc.oneof(
  fc.constantFrom("", " ", "m/1", "2026-11-02T09:00:00Z", "9999-12-31T23:59:59Z", "__proto__", "away", "-1"),
  fc.string({ unit: "binary", maxLength: 20 }).map(cleanText),
);
const names = [
  "body",
  "subject",
  "thread",
  "show",
  "status",
  "priority",
  "nick",
  "idle",
  "delay",
  "error",
  "ping",
];
const messageNames = [
  ...["received", "request", "displayed", "markable", "composing", "gone", "store", "unstyled", "replace"],
  ...[
    "retract",
    "apply-to",
    "reactions",
    "reaction",
    "reply",
    "fallback",
    "encryption",
    "encrypted",
    "payload",
  ],
  ...[
    "x",
    "url",
    "file-sharing",
    "file",
    "sources",
    "url-data",
    "reference",
    "media-sharing",
    "name",
    "size",
  ],
  ...["hash", "dimensions", "invite", "event", "result", "private"],
];
const children = [...names, ...messageNames, "query", "origin-id", "forwarded", "text"];
const namespaces = [
  undefined,
  ...Object.values(ns),
  ...["urn:other", "urn:xmpp:mam:2", "urn:xmpp:sims:1", "urn:xmpp:omemo:2", "jabber:x:encrypted"],
  "urn:xmpp:jingle:apps:file-transfer:5",
];
const url = fc.constantFrom("https://files.example.org/a.png", "http://[", "aesgcm://a/b.png#0", "ftp://a/b");
const number = fc.constantFrom("0", "1", "2", "-1", "1e3", "9".repeat(20), "x");
const attributes = fc.record(
  {
    id: text,
    stamp: text,
    since: text,
    type: text,
    node: text,
    for: fc.constantFrom(...Object.values(ns)),
    start: number,
    end: number,
    target: url,
    uri: url,
    jid: text,
    from: text,
    algo: fc.constantFrom("sha-256", "x"),
    "xml:lang": text,
    xmlns: fc.constantFrom(...namespaces),
  },
  { requiredKeys: [] },
);
const { child } = fc.letrec<{ child: Element | string }>((tie) => ({
  child: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    text,
    url,
    fc
      .tuple(fc.constantFrom(...children), attributes, fc.array(tie("child"), { maxLength: 3 }))
      .map(([name, attrs, inner]) => element(name, attrs, ...inner)),
  ),
}));

const types = ["error", "chat", "groupchat", "headline", "normal", "get", "set", "result", "odd", ""];
const presenceTypes = ["probe", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed"];
const stanzaAttributes = fc.record(
  {
    from: fc.constantFrom(contact, `${contact}/phone`, "Alice@EXAMPLE.org/x y", "example.org"),
    to: fc.constantFrom(ghost, `${ghost}/causeway`, "NINA@im.example.com", domain, "IM.example.com/x"),
    type: fc.constantFrom(...types, ...presenceTypes),
    id: text,
    "xml:lang": text,
  },
  { requiredKeys: ["from", "to"] },
);
const stanza = fc
  .tuple(fc.constantFrom("message", "presence", "iq"), stanzaAttributes, fc.array(child, { maxLength: 5 }))
  .map(([name, attrs, inner]) => read(serializeStanza(element(name, attrs, ...inner))));

const pair = fc.record({
  state: fc.constantFrom<SubscriptionState>(
    "none",
    "none+out",
    "none+in",
    "to",
    "to+in",
    "from",
    "from+out",
    "both",
  ),
  preApproved: fc.boolean(),
});

const capabilities = fc.record<Capabilities>({
  ...{ edits: fc.boolean(), retractions: fc.boolean(), replies: fc.boolean() },
  reactions: fc.constantFrom<Capabilities["reactions"]>(false, { max: 1, allowed: ["away"] }, { max: 64 }),
  receipts: fc.constantFrom("delivered", "handover", "off"),
  ...{ markers: fc.boolean(), typing: fc.boolean() },
  attachments: fc.constantFrom<Capabilities["attachments"]>(false, {}, { bytesMax: 1 }),
  styling: fc.boolean(),
  body: fc.constantFrom<Capabilities["body"]>({ tooLong: "split" }, { tooLong: "split", charsMax: 16 }),
  ...{ routed: fc.boolean(), tellStrangers: fc.boolean() },
});

function assertSound(effects: readonly Effect[]): void {
  stanzasOf(effects);
  deliveriesOf(effects);
  internalsOf(effects);
  const ids = effects.map((effect) => (effect.kind === "stanza" ? effect.id : effect.event.id));
  assert.equal(new Set(ids).size, ids.length, "every effect has its own id");
}

test("decisions on any stanza are sound", () => {
  const ctx = makeContext();
  fc.assert(
    fc.property(stanza, pair, capabilities, (received, current, able) => {
      assertSound(messageToEvent(ctx, received, able).effects);
      assertSound(messageToEvent(ctx, received, allCapabilities).effects);
      assertSound(decideSubscriptionStanza(ctx, current, received).effects);
      assertSound(decidePresenceError(ctx, current, received).effects);
      assertSound(decideProbe(ctx, current, received));
      const update = parseAvailability(received, 1, ctx.cause.time);
      const { after, effects } = decideAvailability(ctx, {}, "phone", update);
      assertSound(effects);
      assertSound(decideAvailability(ctx, after, "phone", undefined).effects);
    }),
    { numRuns: 500 },
  );
});

const abilities = { capabilities: allCapabilities, caps };

test("answers to any stanza are fit to leave, and never answer an answer", () => {
  const addressee = fc.record({
    to: fc.constantFrom("domain", "user", "device"),
    userExists: fc.boolean(),
    mayLook: fc.boolean(),
  });
  fc.assert(
    fc.property(stanza, addressee, (received, who) => {
      const reply = (asked: Element) =>
        asked.name === "iq" ? answerIq(asked, who, abilities) : unknownUserReply(asked);
      const answer = reply(received);
      if (answer === undefined) return;
      must(checkOutbound(serializeStanza(answer), [domain]));
      assert.notEqual(received.attrs["type"], "error");
      assert.equal(reply(answer), undefined);
    }),
    { numRuns: 500 },
  );
});

test("every request gets an answer", () => {
  fc.assert(
    fc.property(stanza, (received) => {
      const asks = received.name === "iq" && ["get", "set"].includes(received.attrs["type"] ?? "");
      const who = { to: "user", userExists: false, mayLook: false } as const;
      if (asks) assert.ok(answerIq(received, who, abilities));
    }),
    { numRuns: 500 },
  );
});
