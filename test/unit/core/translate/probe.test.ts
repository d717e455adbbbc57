import assert from "node:assert/strict";
import { test } from "node:test";
import type { SubscriptionState } from "#core/subscription.ts";
import { unknownUserReply } from "#core/translate/message-to-event.ts";
import { answerProbe, decideProbe } from "#core/translate/probe.ts";
import { serializeStanza } from "#core/xmpp/codec.ts";
import { contact, domain, ghost, internalsOf, lines, makeContext, presence, stanzasOf } from "./support.ts";

const ctx = makeContext();

function probe(state: SubscriptionState, attrs = 'id="p1"') {
  return decideProbe(ctx, { state, preApproved: false }, presence(`type="probe" ${attrs}`));
}

test("who may see the user is shown it by the one writer of its presence", () => {
  for (const state of ["from", "from+out", "both"] as const) {
    const effects = probe(state);
    assert.equal(effects.length, 1);
    assert.deepEqual(internalsOf(effects), [
      ["internal.probed", { domain, user: "nina", contact, id: "p1" }],
    ]);
  }
  assert.deepEqual(internalsOf(probe("both", ""))[0]?.[1]["id"], undefined);
});

test("an id too long for an event is not carried along", () => {
  const effects = probe("both", `id="${"x".repeat(5000)}"`);
  assert.deepEqual(internalsOf(effects), [["internal.probed", { domain, user: "nina", contact }]]);
});

test("a stranger gets unsubscribed under its probe's id, as if nobody were there", () => {
  const nobody = unknownUserReply(presence('type="probe" id="p1"'));
  for (const state of ["none", "none+in", "none+out", "to"] as const) {
    const effects = probe(state);
    assert.equal(effects.length, 1);
    assert.deepEqual(lines(effects), [`presence unsubscribed ${ghost} > ${contact}`]);
    assert.equal(stanzasOf(effects)[0]?.toString(), nobody && serializeStanza(nobody));
  }
});

test("an answer carries the version of the presence, so that it never undoes a newer broadcast", () => {
  const current = { show: "dnd", version: 9, time: "2026-11-02T09:00:00Z" } as const;
  const effects = answerProbe(ctx, current, "p1");
  assert.deepEqual(lines(effects), [`presence available ${ghost}/causeway > ${contact}`]);
  assert.deepEqual(
    effects.map((effect) => effect.kind === "stanza" && effect.availability),
    [{ ghost, version: 9 }],
  );
});

test("a user that never said anything is offline", () => {
  const [stanza] = stanzasOf(answerProbe(ctx, undefined, "p1"));
  const { from, to, type, id } = stanza?.attrs ?? {};
  assert.deepEqual({ from, to, type, id }, { from: ghost, to: contact, type: "unavailable", id: "p1" });
});
