/** What is remembered of clients, and what of a contact follows from it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clientFeaturesOf, commonFeatures, isWhole } from "#core/client-features.ts";
import type { DiscoInfo } from "#core/xmpp/caps.ts";

const receipts = "urn:xmpp:receipts";
const chatStates = "http://jabber.org/protocol/chatstates";
const client = (...features: string[]): DiscoInfo => ({ identities: [], features, forms: [] });

test("features that make a difference are remembered, those that are lacking too, others not", () => {
  const features = clientFeaturesOf(client(receipts, "urn:example:other"));
  assert.equal(features?.[receipts], true);
  assert.equal(features[chatStates], false);
  assert.ok(!Object.hasOwn(features, "urn:example:other"));
  assert.ok(isWhole(features));
  const { [receipts]: _, ...lacking } = features;
  assert.ok(!isWhole(lacking));
});

test("a name of a feature that is passed off as something else says nothing", () => {
  const form = (formType: string, name: string, value: string) => ({
    ...client(),
    forms: [{ formType, fields: [{ name, values: [value] }] }],
  });
  for (const info of [
    form(receipts, "a", "b"),
    form("a", receipts, "b"),
    form("a", "b", receipts),
    // Four parts of an identity that together are the name.
    {
      ...client(),
      identities: [{ category: "http:", type: "", lang: "jabber.org", name: "protocol/chatstates" }],
    },
  ]) {
    assert.equal(clientFeaturesOf(info), undefined);
  }
  assert.ok(clientFeaturesOf(form("urn:xmpp:dataforms:softwareinfo", "software", "urn:xmpp:receipts:x")));
});

test("a contact can what every client of it can", () => {
  const of = (...features: string[]) => clientFeaturesOf(client(...features));
  assert.deepEqual(commonFeatures([of(receipts, chatStates), of(receipts)]), new Set([receipts]));
  assert.deepEqual(commonFeatures([of()]), new Set());
  assert.equal(commonFeatures([of(receipts), undefined]), undefined);
  assert.equal(commonFeatures([]), undefined);
});
