import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { makeSender, type SendItem } from "#connector/sender.ts";
import { limits as defaults, type Limits } from "#core/limits.ts";
import { type HandQueues, makeHandQueues } from "./hand-queues.ts";

const limits = {
  ...defaults,
  // Long enough that what need not wait for it is done before.
  backoffMsMin: 20,
  sendRetryMsMax: 40,
  packBytesMax: 60,
  queueMessageBytesMax: 200,
};
const queue = "messageStanzas";

function rig(queues: HandQueues, chosen: Partial<Limits> = {}) {
  const settled: string[] = [];
  const sender = makeSender<SendItem>({
    queue,
    queues,
    limits: { ...limits, ...chosen },
    domain: "im.example.com",
    random: () => 0.5,
    log: () => {},
  });
  const add = (cause: string, lane: string | undefined) =>
    sender.add({
      lane,
      cause,
      encoded: JSON.stringify(`${lane}:${cause}`),
      sent: () => settled.push(`sent ${cause}`),
      isLate: () => false,
      late: () => settled.push(`late ${cause}`),
      refused: (reason) => settled.push(`refused ${cause} ${reason}`),
    });
  return { sender, add, settled };
}

/** What each call held, as `lane:cause` per message. */
function callsOf(queues: HandQueues): string[][] {
  return queues.calls.flatMap((call) =>
    call.kind === "send" ? [call.messages.map(({ body }) => JSON.parse(body).items.join(" "))] : [],
  );
}

test("what one read brings goes in one call at once, lanes apart", async () => {
  const queues = makeHandQueues();
  const { sender, add, settled } = rig(queues);
  add("1", "a");
  add("2", "b");
  add("3", "a");
  await sender.idle();
  assert.deepEqual(callsOf(queues), [["a:1 a:3", "b:2"]]);
  assert.deepEqual(settled, ["sent 1", "sent 3", "sent 2"]);
});

test("in a row of calls full tens go, and what is beyond them with the next; alone a call takes all", async () => {
  const queues = makeHandQueues();
  const first = Promise.withResolvers<[]>();
  queues.answer = () => (queues.calls.length === 1 ? first.promise : Promise.resolve([]));
  const { sender, add } = rig(queues, { packBytesMax: 1000, queueMessageBytesMax: 10_000 });
  const addMany = (first: number, count: number) => {
    for (let n = first; n < first + count; n += 1) add(String(n), n % 2 === 0 ? "a" : "b");
  };
  addMany(0, 12);
  await turn();
  addMany(12, 13);
  first.resolve([]);
  await sender.idle();
  const sizes = callsOf(queues).map((call) => call.join(" ").split(" ").length);
  assert.deepEqual(sizes, [12, 10, 3]);
  const order = callsOf(queues).flat().join(" ").split(" ");
  const ofLane = (lane: string) => order.filter((item) => item.startsWith(lane));
  assert.deepEqual(
    ofLane("a"),
    Array.from({ length: 13 }, (_, n) => `a:${2 * n}`),
  );
});

test("while a call is under way what comes is packed into the next, and never two calls run at once", async () => {
  const queues = makeHandQueues();
  const first = Promise.withResolvers<[]>();
  let running = 0;
  queues.answer = async () => {
    running += 1;
    assert.equal(running, 1);
    if (queues.calls.length === 1) await first.promise;
    running -= 1;
    return [];
  };
  const { sender, add } = rig(queues);
  add("1", "a");
  await turn();
  add("2", "a");
  add("3", "a");
  await turn();
  assert.equal(queues.calls.length, 1);
  first.resolve([]);
  await sender.idle();
  assert.deepEqual(callsOf(queues), [["a:1"], ["a:2 a:3"]]);
});

/** Never in a test: only what is enough goes. */
const forEver = 1_000_000_000;

for (const [what, chosen, lanes] of [
  ["most of a window", { windowStanzasMax: 5, packWaitMsMax: forEver }, ["a", "b", "c", "d"]],
  ["a full pack", { packBytesMax: 10, packWaitMsMax: forEver }, ["a", "b"]],
] as const) {
  test(`while busy, ${what} is sent at once and less waits`, async () => {
    const queues = makeHandQueues();
    const first = Promise.withResolvers<[]>();
    queues.answer = () => first.promise;
    const { sender, add } = rig(queues, chosen);
    add("0", "a");
    await turn();
    for (const [index, lane] of lanes.slice(0, -1).entries()) add(`${index + 1}`, lane);
    first.resolve([]);
    for (let turns = 0; turns < 10; turns += 1) await turn();
    assert.equal(queues.calls.length, 1, "it does not wait for more");
    add(`${lanes.length}`, lanes.at(-1));
    await sender.idle();
    assert.deepEqual(
      callsOf(queues)[1],
      lanes.map((lane, index) => `${lane}:${index + 1}`),
    );
  });
}

test("while busy, what is too little for a call of its own goes when its time has come", async () => {
  const queues = makeHandQueues();
  const { sender, add } = rig(queues);
  let more = 3;
  queues.answer = () => {
    if (more > 0) add(`${more--}`, "a");
    return [];
  };
  add("0", "a");
  await sender.idle();
  assert.deepEqual(callsOf(queues), [["a:0"], ["a:3"], ["a:2"], ["a:1"]]);
});

test("a pack that was not taken comes again unchanged before what is newer in its lane; other lanes go on", async () => {
  const queues = makeHandQueues();
  const { sender, add, settled } = rig(queues);
  let fail = true;
  queues.answer = (_, messages) => {
    const index = messages.findIndex(({ group }) => group === "a");
    if (!fail || index < 0) return [];
    fail = false;
    add("3", "a");
    add("4", "b");
    return [{ index, reason: "ThrottlingException", permanent: false }];
  };
  add("1", "a");
  add("2", "b");
  await sender.idle();
  const sends = queues.calls.flatMap((call) => (call.kind === "send" ? call.messages : []));
  const [before, again, after] = sends.filter(({ group }) => group === "a");
  assert.deepEqual(before, again, "same body, same deduplication id");
  assert.match(after?.body ?? "", /a:3/);
  assert.deepEqual(
    settled.filter((line) => /[13]/.test(line)),
    ["sent 1", "sent 3"],
  );
  assert.ok(settled.indexOf("sent 4") < settled.indexOf("sent 1"), "lane b did not wait for lane a");
});

test("a call that fails as a whole is made again", async () => {
  const queues = makeHandQueues();
  const { sender, add, settled } = rig(queues);
  queues.answer = () => (queues.calls.length < 3 ? new Error("network") : []);
  add("1", "a");
  await sender.idle();
  assert.equal(queues.calls.length, 3);
  assert.deepEqual(settled, ["sent 1"]);
});

test("when SQS refuses a pack its items are sent alone, so only the poison is refused", async () => {
  const queues = makeHandQueues();
  const { sender, add, settled } = rig(queues);
  queues.answer = (_, messages) =>
    messages.flatMap(({ body }, index) =>
      body.includes("a:2") ? [{ index, reason: "InvalidMessageContents", permanent: true }] : [],
    );
  for (const cause of ["1", "2", "3"]) add(cause, "a");
  await sender.idle();
  assert.deepEqual(settled, ["sent 1", "refused 2 InvalidMessageContents", "sent 3"]);
});

test("through any failures each lane keeps its order and every item ends once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 30 }),
      fc.array(fc.nat({ max: 9 }), { maxLength: 40 }),
      async (lanes, dice) => {
        const queues = makeHandQueues();
        const taken: string[] = [];
        let roll = 0;
        queues.answer = (_, messages) => {
          const failures = messages.flatMap(({ body }, index) => {
            const die = dice[roll++] ?? 0;
            // 7, 8: transient, 9: SQS says that it is the content, though alone it is not.
            if (die > 6)
              return [{ index, reason: "x", permanent: die === 9 && JSON.parse(body).items.length > 1 }];
            taken.push(...JSON.parse(body).items);
            return [];
          });
          return failures;
        };
        const { sender, add, settled } = rig(queues);
        for (const [index, lane] of lanes.entries()) add(String(index), lane);
        await sender.idle();
        assert.equal(settled.length, lanes.length);
        for (const lane of ["a", "b", "c"]) {
          assert.deepEqual(
            taken.filter((item) => item.startsWith(lane)),
            lanes.flatMap((of, index) => (of === lane ? [`${lane}:${index}`] : [])),
          );
        }
      },
    ),
    { numRuns: 60 },
  );
});
