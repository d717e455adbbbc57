/** Declared capabilities: what is taken, and one line with the way out for what is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { allCapabilities } from "#core/capabilities.ts";
import { limits } from "#core/limits.ts";
import { parseCapabilities } from "#core/read-capabilities.ts";

function complaint(text: string): string {
  const read = parseCapabilities(text);
  assert.ok(!read.ok, "it was taken");
  assert.ok(!read.error.includes("\n"), "one line");
  assert.match(read.error, /see docs\/capabilities\.md$/);
  return read.error;
}

test("what is left out has its default", () => {
  assert.deepEqual(parseCapabilities("{}"), { ok: true, value: allCapabilities });
  const read = parseCapabilities('{"edits":false,"reactions":{"allowed":["👍"]},"body":{"charsMax":500}}');
  assert.deepEqual(read, {
    ok: true,
    value: {
      ...allCapabilities,
      edits: false,
      reactions: { allowed: ["👍"], max: limits.emojisMax },
      body: { charsMax: 500, tooLong: "split" },
    },
  });
});

test("what was read reads the same once more, as it is handed on to functions", () => {
  const first = parseCapabilities('{"reactions":false,"attachments":{"bytesMax":1},"receipts":"off"}');
  assert.ok(first.ok);
  assert.deepEqual(parseCapabilities(JSON.stringify(first.value)), first);
});

test("what is wrong is named, with what it is and ought to be", () => {
  for (const [json, start] of [
    ["edits", "not JSON: set it to a JSON object"],
    ["[]", "it is a list: set it to an object;"],
    ["null", "it is null: set it to an object;"],
    ['{"edits":1}', "edits is 1: set it to true or false;"],
    ['{"reactions":true}', "reactions is true: set it to false or an object;"],
    ['{"reactions":{"max":0}}', "reactions.max is 0: set it to at least 1;"],
    ['{"reactions":{"max":65}}', "reactions.max is 65: set it to at most 64;"],
    ['{"reactions":{"max":1.5}}', "reactions.max is 1.5: set it to a whole number;"],
    ['{"reactions":{"max":"1"}}', 'reactions.max is "1": set it to a whole number;'],
    ['{"reactions":{"allowed":[]}}', "reactions.allowed is []: set it to a list that is not empty;"],
    ['{"reactions":{"allowed":["👍",""]}}', 'reactions.allowed.1 is "": set it to text that is not empty;'],
    [
      '{"reactions":{"allowed":["\\u0001"]}}',
      'reactions.allowed.0 is "\\u0001": set it to text without control characters;',
    ],
    ['{"receipts":"read"}', 'receipts is "read": set it to "delivered" or "handover" or "off";'],
    ['{"body":{"charsMax":15}}', "body.charsMax is 15: set it to at least 16;"],
    ['{"body":1}', "body is 1: set it to an object;"],
    ['{"edit":true}', "edit is unknown: leave it out;"],
    ['{"attachments":{"max":1}}', "attachments.max is unknown: leave it out;"],
  ] as const) {
    const error = complaint(json);
    assert.ok(error.startsWith(start), `${json}: ${error}`);
  }
});

test("more than fits the environment of a function is refused", () => {
  const allowed = Array.from({ length: 400 }, () => "🤷🏽‍♀️");
  assert.match(complaint(JSON.stringify({ reactions: { allowed } })), /^larger than 2048 bytes: shorten /);
});
