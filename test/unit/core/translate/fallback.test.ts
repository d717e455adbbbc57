import assert from "node:assert/strict";
import { test } from "node:test";
import { splitFallback } from "#core/translate/fallback.ts";
import { message } from "./support.ts";

const mark = (inner: string, attrs = 'for="urn:a"', xmlns = "urn:xmpp:fallback:0") =>
  `<fallback xmlns="${xmlns}" ${attrs}>${inner}</fallback>`;
const split = (text: string, marks: string) => splitFallback(message("", marks), text, ["urn:a", "urn:b"]);

test("positions count characters, however many units or bytes they have", () => {
  assert.deepEqual(split("👍🏽é>\nyes", mark('<body start="0" end="5"/>')), {
    kept: "yes",
    fallback: "👍🏽é>\n",
  });
  assert.deepEqual(split("one two", mark('<body start="3" end="7"/>')), { kept: "one", fallback: " two" });
  assert.deepEqual(split("one two", mark('<body start="3"/>')), { kept: "one", fallback: " two" });
});

test("several parts, also overlapping ones and those of several purposes, are one fallback", () => {
  const marks =
    mark('<body start="4" end="6"/><body start="0" end="2"/>') +
    mark('<body start="1" end="3"/>', 'for="urn:b"');
  assert.deepEqual(split("012345678", marks), { kept: "3678", fallback: "01245" });
});

test("without a part it is the whole text, with one of another text none of it", () => {
  const nothing = { kept: "", fallback: "text" };
  assert.deepEqual(split("text", mark("")), nothing);
  assert.deepEqual(split("text", mark("<body/>")), nothing);
  assert.deepEqual(split("text", mark("<body/>", 'for="urn:a"', "urn:xmpp:feature-fallback:0")), nothing);
  assert.deepEqual(split("text", mark("<subject/>")), { kept: "text", fallback: "" });
});

test("what fits nothing, or is for something else, is left alone", () => {
  const ranges = [
    ["2", "2"],
    ["3", "1"],
    ["0", "5"],
    ["-1", "2"],
    ["0x1", "2"],
    ["", "2"],
    ["9".repeat(30), "2"],
  ];
  for (const [start, end] of ranges) {
    const marks = mark(`<body start="${start}" end="${end}"/>`);
    assert.deepEqual(split("text", marks), { kept: "text", fallback: "" }, marks);
  }
  for (const attrs of ["", 'for="urn:c"']) assert.equal(split("text", mark("", attrs)).kept, "text");
});

test("thousands of parts of a long text are each left out", () => {
  const parts = Array.from({ length: 5000 }, (_, n) => `<body start="${n * 2}" end="${n * 2 + 1}"/>`).join(
    "",
  );
  assert.equal(split("ab".repeat(60_000), mark(parts)).fallback, "a".repeat(5000));
});
