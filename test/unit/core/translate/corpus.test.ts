/** What clients in the field send, and what it becomes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allCapabilities } from "#core/capabilities.ts";
import type { Effect } from "#core/decision.ts";
import { messageToEvent } from "#core/translate/message-to-event.ts";
import { readError } from "#core/xmpp/error.ts";
import { corpus, type Shape } from "#test/fixtures/corpus.ts";
import {
  contact as bareContact,
  ghost as bareGhost,
  deliveriesOf,
  makeContext,
  read,
  readTime,
  stanzasOf,
} from "./support.ts";

function stanzaOf({ attrs, children }: Shape): string {
  const from = /(?:^|\s)from="/.test(attrs) ? "" : `from="${bareContact}/phone"`;
  return `<message ${from} to="${bareGhost}" ${attrs}>${children}</message>`;
}

function answersOf(effects: readonly Effect[]): string[] {
  return stanzasOf(effects).map((stanza) => {
    if (stanza.attrs["type"] === "error") return `error ${readError(stanza).condition}`;
    return stanza.getChild("body") === undefined ? "decline" : "text";
  });
}

describe("a stanza of the field", () => {
  for (const shape of corpus) {
    test(`${shape.client}: ${shape.name} (${shape.xeps})`, () => {
      const { effects } = messageToEvent(makeContext(), read(stanzaOf(shape)), allCapabilities);
      assert.deepEqual(deliveriesOf(effects), shape.events);
      assert.deepEqual(answersOf(effects), shape.answers ?? []);
      const [first] = effects.filter((effect) => effect.kind === "deliver");
      if (first !== undefined) assert.equal(first.event.time, shape.time ?? readTime);
    });
  }

  test("is one of many", () => {
    assert.ok(corpus.length >= 60, `${corpus.length}`);
    assert.equal(new Set(corpus.map(({ name }) => name)).size, corpus.length);
  });
});
