import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { makeWindow, type Ticket } from "#connector/window.ts";

const limits = { windowStanzasMax: 10, windowBytesMax: 1000, readChunkBytes: 50 };

test("one unsent stanza holds the window even when all after it have left", () => {
  const window = makeWindow(limits);
  const first = window.enter(1);
  for (let i = 1; i < 10; i += 1) window.leave(window.enter(1));
  assert.equal(window.isFull(0), true);
  assert.equal(window.size(), 1);
  window.leave(first);
  assert.equal(window.isFull(0), false);
});

test("bytes that are no stanza yet count, and so does the next chunk", () => {
  const window = makeWindow(limits);
  window.enter(900);
  assert.equal(window.isFull(50), false);
  assert.equal(window.isFull(51), true);
});

test("an empty window takes a stanza of any size", () => {
  const window = makeWindow(limits);
  assert.equal(window.isFull(100_000), false);
  window.leave(window.enter(100_000));
  assert.equal(window.isFull(0), false);
});

test("leaving twice counts once", () => {
  const window = makeWindow(limits);
  const ticket = window.enter(1);
  window.leave(ticket);
  window.leave(ticket);
  assert.equal(window.size(), 0);
});

test("whoever reads only while it is not full never has more than the limits after the oldest", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(fc.record({ bytes: fc.integer({ min: 1, max: 50 }) }), fc.record({ leave: fc.nat() })),
        {
          maxLength: 300,
        },
      ),
      (steps) => {
        const window = makeWindow(limits);
        let read = 0;
        let inside: { ticket: Ticket; number: number; before: number }[] = [];
        let bytesRead = 0;
        for (const step of steps) {
          if ("leave" in step) {
            const chosen = inside[step.leave % Math.max(1, inside.length)];
            if (chosen) window.leave(chosen.ticket);
            inside = inside.filter((other) => other !== chosen);
          } else if (!window.isFull(0)) {
            inside.push({ ticket: window.enter(step.bytes), number: read, before: bytesRead });
            read += 1;
            bytesRead += step.bytes;
          }
          const oldest = inside[0];
          assert.equal(window.size(), inside.length);
          if (!oldest) continue;
          assert.ok(read - oldest.number <= limits.windowStanzasMax);
          assert.ok(bytesRead - oldest.before <= limits.windowBytesMax);
        }
      },
    ),
  );
});
