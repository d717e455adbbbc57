/** What users say of themselves follows from what the native system can do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { allCapabilities, type Capabilities } from "#core/capabilities.ts";
import { accountInfo, deviceInfo } from "#core/disco.ts";
import { limits } from "#core/limits.ts";
import { ghostCaps } from "#functions/ghost-caps.ts";

const all = deviceInfo(allCapabilities);
const lackingOf = (change: Partial<Capabilities>) => {
  const { features } = deviceInfo({ ...allCapabilities, ...change });
  return all.features.filter((feature) => !features.includes(feature));
};

test("a native system that can do everything restricts nothing", () => {
  assert.deepEqual(all.forms, []);
  assert.equal(new Set(all.features).size, all.features.length);
  for (const feature of ["http://jabber.org/protocol/caps", "urn:xmpp:hints", "urn:xmpp:sid:0"]) {
    assert.ok(all.features.includes(feature), feature);
  }
});

test("what it cannot do is not offered", () => {
  for (const [change, lacking] of [
    [{ typing: false }, ["http://jabber.org/protocol/chatstates"]],
    [{ receipts: "off" }, ["urn:xmpp:receipts"]],
    [{ receipts: "handover" }, []],
    [{ markers: false }, ["urn:xmpp:chat-markers:0"]],
    [{ edits: false }, ["urn:xmpp:message-correct:0"]],
    [{ retractions: false }, ["urn:xmpp:message-retract:1"]],
    [{ reactions: false }, ["urn:xmpp:reactions:0"]],
    [{ replies: false }, ["urn:xmpp:reply:0"]],
    [{ attachments: false }, ["jabber:x:oob", "urn:xmpp:sfs:0"]],
    [{ styling: false }, ["urn:xmpp:styling:0"]],
  ] as const satisfies [Partial<Capabilities>, string[]][]) {
    assert.deepEqual(lackingOf(change), lacking);
  }
});

test("restricted reactions are told as a form", () => {
  const formsOf = (reactions: Capabilities["reactions"]) =>
    deviceInfo({ ...allCapabilities, reactions }).forms;
  assert.deepEqual(formsOf({ max: 1, allowed: ["💘", "❤️"] }), [
    {
      formType: "urn:xmpp:reactions:0:restrictions",
      fields: [
        { name: "max_reactions_per_user", values: ["1"] },
        { name: "allowlist", values: ["💘", "❤️"] },
      ],
    },
  ]);
  assert.deepEqual(formsOf({ max: limits.emojisMax, allowed: ["💘"] })[0]?.fields, [
    { name: "allowlist", values: ["💘"] },
  ]);
  assert.deepEqual(formsOf(false), []);
});

test("an account offers what its device does, but for the capabilities of a device's presence", () => {
  const account = accountInfo(allCapabilities);
  const more = all.features.filter((feature) => !account.features.includes(feature));
  assert.deepEqual(more, ["http://jabber.org/protocol/caps"]);
});

test("every change of what is offered changes what presence says", () => {
  const changes = [{}, { edits: false }, { typing: false }, { reactions: { max: 1 } }, { reactions: false }];
  const vers = changes.map((change) => ghostCaps({ ...allCapabilities, ...change } as Capabilities).ver);
  assert.equal(new Set(vers).size, changes.length);
  assert.equal(ghostCaps({ ...allCapabilities, tellStrangers: true }).ver, vers[0]);
});
