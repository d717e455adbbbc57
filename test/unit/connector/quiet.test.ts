import assert from "node:assert/strict";
import { test } from "node:test";
import { makeQuiet } from "#connector/quiet.ts";

const limits = { closeMsMax: 5, closeStuckMsMax: 20 };

test("a server that is silent has so long to end, from the closing tag", () => {
  const quiet = makeQuiet(limits, 0);
  assert.equal(quiet.isOver(1_000), false, "it is not closing");
  quiet.close(1_000);
  assert.equal(quiet.isOver(1_004), false);
  assert.equal(quiet.isOver(1_005), true);
});

test("one that sends has longer, but not for ever", () => {
  const quiet = makeQuiet(limits, 0);
  quiet.close(100);
  for (let now = 101; now < 120; now += 1) {
    quiet.read(now);
    assert.equal(quiet.isOver(now), false);
  }
  quiet.read(120);
  assert.equal(quiet.isOver(120), true);
});

for (const heldAt of [50, 103]) {
  test(`while reading is held (since ${heldAt}) no time counts, however long it lasts`, () => {
    const quiet = makeQuiet(limits, 0);
    if (heldAt < 100) quiet.hold(heldAt);
    quiet.close(100);
    if (heldAt > 100) quiet.hold(heldAt);
    assert.equal(quiet.isOver(9_000), false);
    quiet.goOn(9_000);
    assert.equal(quiet.isOver(9_004), false, "nothing can have been read yet");
    assert.equal(quiet.isOver(9_005), true);
    const spent = Math.max(heldAt - 100, 0);
    for (let now = 9_001; now < 9_020 - spent; now += 1) {
      quiet.read(now);
      assert.equal(quiet.isOver(now), false);
    }
    quiet.read(9_020 - spent);
    assert.equal(quiet.isOver(9_020 - spent), true, "what had counted before counts on");
  });
}
