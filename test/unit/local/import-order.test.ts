/** Which pair is sent when, and which lines are done. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseUserId } from "#core/mapping.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import { linesOf, makeDoneLines } from "#local/import/done-lines.ts";
import { makePace } from "#local/import/pace.ts";
import { makeWaitingPairs, type WaitingPair } from "#local/import/waiting-pairs.ts";

function waitingPair(line: number, name: string): WaitingPair {
  const user = parseUserId(name);
  const contact = parseBareJid(`c${line}@example.org`);
  assert.ok(user.ok && contact.ok);
  return { line, pair: { user: user.value, contact: contact.value, subscription: "to" } };
}

describe("waiting pairs", () => {
  test("leave in each user's order, never two of one at a time, also when they come back", () => {
    const users = fc.array(fc.constantFrom("a", "b", "c", "d e"), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(users, fc.infiniteStream(fc.nat({ max: 5 })), (names, choices) => {
        const choose = () => choices.next().value;
        const waiting = makeWaitingPairs();
        const under: WaitingPair[][] = [];
        const sent: WaitingPair[] = [];
        for (const [line, name] of names.entries()) {
          waiting.add(waitingPair(line, name));
          if (choose() < 2) under.push(waiting.take(3));
        }
        while (waiting.size > 0) {
          const taken = waiting.take(1 + choose());
          if (taken.length > 0) under.push(taken);
          const busy = under.flat().map(({ pair }) => pair.user);
          assert.equal(new Set(busy).size, busy.length, "two of one user are under way");
          const [batch = []] = under.splice(choose() % under.length, 1);
          const back = batch.filter(() => choose() === 0);
          waiting.settle(batch, back);
          sent.push(...batch.filter((each) => !back.includes(each)));
        }
        for (const name of new Set(names)) {
          const lines = sent.filter(({ pair }) => pair.user === name).map(({ line }) => line);
          const expected = [...names.keys()].filter((line) => names[line] === name);
          assert.deepEqual(lines, expected);
        }
      }),
    );
  });

  test("of many users fill a call before any user has its turn again", () => {
    const waiting = makeWaitingPairs();
    for (let line = 0; line < 30; line += 1) waiting.add(waitingPair(line, `user${line % 12}`));
    const first = waiting.take(10);
    assert.deepEqual(
      first.map(({ line }) => line),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    assert.equal(waiting.ready, 2);
    waiting.settle(first, []);
    assert.deepEqual(
      waiting.take(3).map(({ line }) => line),
      [10, 11, 12],
    );
  });
});

describe("lines that are done", () => {
  test("move the position up to the first that is not, and the others are told apart", () => {
    const order = fc
      .integer({ min: 1, max: 60 })
      .chain((count) => fc.shuffledSubarray(Array.from({ length: count }, (_, index) => index + 5)));
    fc.assert(
      fc.property(order, (finished) => {
        const done = makeDoneLines({ line: 4, offset: 40 });
        const last = Math.max(5, ...finished);
        for (let number = 5; number <= last; number += 1) done.begin({ number, end: number * 10 });
        for (const line of finished) done.finish(line);
        let first = 5;
        while (finished.includes(first)) first += 1;
        assert.deepEqual(done.position, { line: first - 1, offset: (first - 1) * 10 });
        assert.deepEqual(
          [...linesOf(done.beyond())],
          finished.filter((line) => line > first).sort((a, b) => a - b),
        );
        assert.equal(done.ahead, last - first + 1);
        assert.equal(done.bytes, 40 + finished.length * 10);
      }),
    );
  });

  test("are told as ranges", () => {
    const done = makeDoneLines({ line: 0, offset: 0 });
    for (let number = 1; number <= 9; number += 1) done.begin({ number, end: number });
    for (const line of [7, 3, 4, 9, 5]) done.finish(line);
    assert.deepEqual(done.beyond(), [
      [3, 5],
      [7, 7],
      [9, 9],
    ]);
  });
});

describe("the pace", () => {
  test("keeps so many events a second, and does not catch up after a pause", () => {
    const pace = makePace(100);
    assert.equal(pace.waitMs(10, 1_000), 0);
    assert.equal(pace.waitMs(10, 1_000), 100);
    assert.equal(pace.waitMs(5, 1_050), 150);
    assert.equal(pace.waitMs(10, 60_000), 0);
    assert.equal(pace.waitMs(10, 60_000), 100);
  });

  test("without a bound never waits", () => {
    const pace = makePace(undefined);
    for (let call = 0; call < 3; call += 1) assert.equal(pace.waitMs(10, 5), 0);
  });
});
