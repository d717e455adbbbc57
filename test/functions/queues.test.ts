/** The queues port over a real engine: sends, failures, dead letters, giving back. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { SendMessageBatchCommandOutput, SQSClient } from "@aws-sdk/client-sqs";
import { letterBody } from "#aws/dead-letter.ts";
import { makeQueues, type OutgoingMessage } from "#aws/queues.ts";
import { queuesOfDomain } from "#aws/queues-of-domain.ts";
import { limits } from "#core/limits.ts";
import { sqsClientFor } from "#local/aws-clients.ts";
import { take, takeDeadLetters } from "#test/harness/functions.ts";
import { unique } from "#test/harness/lambda-events.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines();
const clients: SQSClient[] = [];

after(() => {
  for (const client of clients) client.destroy();
});

const message = (body: string, group: string): OutgoingMessage => ({ body, group, dedup: `d${unique()}` });
const bodiesOf = async (group: string) => {
  const arrived = await take(engines, "nativeDeliveries");
  return arrived.filter((each) => each.group === group).map(({ body }) => body);
};

/**
 * The port over a client whose answers to batch calls pass through `change`; a thrown error is the network's.
 *
 * @param what whole calls, or each try of the SDK within one
 */
function queuesWith(
  change: (answer: SendMessageBatchCommandOutput, call: number) => SendMessageBatchCommandOutput,
  what: "calls" | "tries" = "calls",
) {
  const client = sqsClientFor(engines.endpoints.sqs);
  clients.push(client);
  let calls = 0;
  const changed = <R extends { output?: unknown }>(result: R) => {
    calls += 1;
    return { ...result, output: change(result.output as SendMessageBatchCommandOutput, calls) };
  };
  const stack = client.middlewareStack;
  if (what === "calls")
    stack.add((next) => async (args) => changed(await next(args)), { step: "initialize" });
  // Outside of what reads the answer.
  else
    stack.add((next) => async (args) => changed(await next(args)), { step: "deserialize", priority: "high" });
  return { queues: makeQueues({ client, ...engines.addresses }), calls: () => calls };
}

const gone = () => Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });

describe("send", () => {
  test("keeps the order of each group, in no more calls than the rules ask for", async () => {
    const all = ["a", "b", "c"].flatMap((group) => [1, 2, 3, 4].map((n) => message(`${group}${n}`, group)));
    engines.requests.length = 0;
    assert.deepEqual(await engines.queues.send("nativeDeliveries", all), []);
    assert.equal(engines.requests.length, 4);
    const arrived = (await take(engines, "nativeDeliveries")).map(({ body }) => body);
    for (const group of ["a", "b", "c"]) {
      const ofGroup = arrived.filter((body) => body.startsWith(group));
      assert.deepEqual(
        ofGroup,
        [1, 2, 3, 4].map((n) => `${group}${n}`),
      );
    }
  });

  test("spreads what is larger than a call over several", async () => {
    const half = "x".repeat(limits.queueMessageBytesMax / 2);
    const all = ["a", "b", "c", "d"].map((group) => message(`${group}${half.slice(1)}`, group));
    engines.requests.length = 0;
    assert.deepEqual(await engines.queues.send("nativeDeliveries", all), []);
    assert.equal(engines.requests.length, 2);
    assert.equal((await take(engines, "nativeDeliveries")).length, 4);
  });

  test("refuses for good what is too large or no text, alone, and sends what stands behind it", async () => {
    const large = "x".repeat(limits.queueMessageBytesMax + 1);
    const all = [message("1", "a"), message(large, "a"), message("\u0001", "a"), message("2", "a")];
    const failures = await engines.queues.send("nativeDeliveries", all);
    assert.deepEqual(failures, [
      { index: 1, reason: "too-large", permanent: true },
      { index: 2, reason: "InvalidMessageContents", permanent: true },
    ]);
    assert.deepEqual(await bodiesOf("a"), ["1", "2"]);
  });

  test("tries again in process what fails for a moment, in order and once", async () => {
    const { queues, calls } = queuesWith((answer, call) => {
      if (call <= 3) throw gone();
      return answer;
    });
    const all = [message("1", "a"), message("2", "a"), message("1", "b")];
    assert.deepEqual(await queues.send("nativeDeliveries", all), []);
    assert.equal(calls(), 5);
    assert.deepEqual(await bodiesOf("a"), ["1", "2"]);
  });

  test("takes throttling for what it is, although SQS calls it the sender's fault", async () => {
    const { queues } = queuesWith((answer, call) =>
      call > 1
        ? answer
        : {
            ...answer,
            Successful: [],
            Failed: [{ Id: "0", Code: "RequestThrottled", SenderFault: true }],
          },
    );
    assert.deepEqual(await queues.send("nativeDeliveries", [message("1", "a")]), []);
  });

  for (const [whose, what] of [
    ["its own", "calls"],
    ["the SDK's", "tries"],
  ] as const) {
    test(`asks before each try, ${whose} included, whether it may go on`, async () => {
      let mayGoOn = true;
      const { queues, calls } = queuesWith(() => {
        mayGoOn = false;
        throw gone();
      }, what);
      const all = [message("1", "a"), message("2", "a"), message("1", "b")];
      // As a connector has it.
      const own = queuesOfDomain(queues, "im.example.com", ["im.example.com"]);
      const startedAt = performance.now();
      const failures = await own.send("nativeDeliveries", all, () => mayGoOn);
      assert.equal(calls(), 1);
      assert.ok(performance.now() - startedAt < limits.retryInProcessMs, "it ends at once");
      assert.deepEqual(
        failures.map(({ index, permanent }) => [index, permanent]).sort(),
        [0, 1, 2].map((index) => [index, false]),
      );
      // Its answer was lost.
      assert.deepEqual(await bodiesOf("a"), ["1"]);
    });
  }

  for (const [when, tries] of [
    ["during a try", 2],
    ["between two tries", 1],
  ] as const) {
    test(`asks once more what became of a call when the process stood still ${when}: ${tries > 1}`, async (t) => {
      let stoodStillMs = 0;
      const standStill = () => {
        stoodStillMs = limits.leaseMs;
      };
      const now = performance.now.bind(performance);
      t.mock.method(performance, "now", () => now() + stoodStillMs);
      const { queues, calls } = queuesWith((answer, call) => {
        if (call > 1) return answer;
        if (tries > 1) standStill();
        else setImmediate(standStill);
        throw gone();
      }, "tries");
      const all = [message("1", "a"), message("2", "a"), message("1", "b")];
      const failures = await queues.send("nativeDeliveries", all, () => calls() === 0);
      assert.equal(calls(), tries);
      // Nothing more is sent in either case.
      assert.deepEqual(failures.map(({ index }) => index).sort(), tries > 1 ? [1] : [0, 1, 2]);
      assert.deepEqual(await bodiesOf("a"), ["1"]);
    });
  }

  test("sends nothing more once it may not, also when nothing has failed", async () => {
    let mayGoOn = true;
    const { queues } = queuesWith((answer) => {
      mayGoOn = false;
      return answer;
    });
    const all = [message("1", "a"), message("2", "a"), message("1", "b")];
    const failures = await queues.send("nativeDeliveries", all, () => mayGoOn);
    assert.deepEqual(
      failures.map(({ index }) => index),
      [1],
    );
    assert.deepEqual(await bodiesOf("a"), ["1"]);
  });

  test("gives up after its time, with all that stands behind, and says what was not sent", async () => {
    let broken = true;
    const { queues } = queuesWith((answer) => {
      if (broken) throw gone();
      return answer;
    });
    const startedAt = performance.now();
    const all = [message("1", "a"), message("2", "a"), message("1", "b")];
    const failures = await queues.send("nativeDeliveries", all);
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs >= limits.retryInProcessMs && tookMs < 3 * limits.retryInProcessMs, `${tookMs} ms`);
    const byIndex = [...failures].sort((a, b) => a.index - b.index);
    assert.deepEqual(
      byIndex.map(({ index, permanent }) => ({ index, permanent })),
      [
        { index: 0, permanent: false },
        { index: 1, permanent: false },
        { index: 2, permanent: false },
      ],
    );
    broken = false;
    assert.deepEqual(await queues.send("nativeDeliveries", all), []);
    // What had arrived in spite of the answer is a repeat.
    assert.deepEqual(await bodiesOf("a"), ["1", "2"]);
  });
});

describe("dead letters", () => {
  const letter = {
    reason: "malformed",
    text: "no XML",
    cause: "7.1",
    at: "2026-11-02T09:30:00Z",
    group: "lane-0",
  };

  test("go to the queue's own, of either kind", async () => {
    await engines.queues.setAside("messageStanzas", letter);
    await engines.queues.setAside("iqStanzas", letter);
    assert.deepEqual(await takeDeadLetters(engines, "messageStanzas"), [letter]);
    assert.deepEqual(await takeDeadLetters(engines, "iqStanzas"), [letter]);
  });

  test("are kept once for a repeat, but apart for another reason or item", async () => {
    const one = { ...letter, cause: "7.2" };
    const letters = [one, one, { ...one, reason: "fault" }, { ...one, body: "of another domain" }];
    for (const each of letters) await engines.queues.setAside("messageStanzas", each);
    assert.equal((await takeDeadLetters(engines, "messageStanzas")).length, 3);
  });

  test("fit also where somebody's id makes the text long", async () => {
    const text = "я".repeat(limits.stanzaInBytesMax);
    await engines.queues.setAside("iqStanzas", { ...letter, cause: "9.1", text });
    const [kept] = await takeDeadLetters(engines, "iqStanzas");
    assert.equal(kept?.["text"], text.slice(0, limits.letterTextCharsMax));
  });

  test("hold as much of an item as fits", () => {
    for (const character of ["x", '"', "\u0001", "ü", "𝄞"]) {
      const body = character.repeat(limits.queueMessageBytesMax / character.length);
      const text = letterBody({ ...letter, body });
      assert.ok(text.length <= limits.queueMessageBytesMax);
      assert.ok(text.length > 0.8 * limits.queueMessageBytesMax, "and not much less");
      const kept = JSON.parse(text) as { body: string; cut?: true };
      assert.equal(kept.cut, true);
      assert.ok(body.startsWith(kept.body));
    }
    assert.deepEqual(JSON.parse(letterBody({ ...letter, body: "short" })), { ...letter, body: "short" });
  });
});

test("what is received can be kept longer, given back, and removed", async () => {
  const { queues } = engines;
  await queues.send(
    "outboundStanzas",
    Array.from({ length: 12 }, (_, n) => message(`${n}`, `g${n}`)),
  );
  const { signal } = new AbortController();
  const receive = (max: number) =>
    queues.receive("outboundStanzas", { max, waitS: 0, visibilityS: 60, signal });
  const held = [...(await receive(10)), ...(await receive(10))];
  assert.equal(held.length, 12);
  assert.equal(held[0]?.receives, 1);
  assert.match(held[0]?.sequence ?? "", /^\d+$/);
  assert.ok(Math.abs((held[0]?.sentAt ?? 0) - Date.now()) < 60_000);
  await queues.extend("outboundStanzas", held, 0);
  const back = [...(await receive(10)), ...(await receive(10))];
  assert.deepEqual(
    back.map(({ receives }) => receives),
    Array(12).fill(2),
  );
  await queues.remove("outboundStanzas", back);
  await queues.extend("outboundStanzas", back, 0);
  assert.deepEqual(await receive(10), []);
});

test("what SQS could not delete or extend is told, but for receipts that are no longer ours", async () => {
  const failed = (Id: string, SenderFault: boolean, Code: string) => ({ Id, SenderFault, Code });
  const { queues } = queuesWith((answer) => ({
    ...answer,
    Failed: [
      failed("1", false, "InternalError"),
      failed("2", true, "ReceiptHandleIsInvalid"),
      failed("3", true, "RequestThrottled"),
    ],
  }));
  const messages = ["one", "two", "three", "four"].map((receipt) => ({ receipt }));
  const left = [{ receipt: "two" }, { receipt: "four" }];
  assert.deepEqual(await queues.remove("outboundStanzas", messages), left);
  assert.deepEqual(await queues.extend("outboundStanzas", messages, 20), left);
});

test("a queue without a URL is an error that names it", async () => {
  const queues = makeQueues({ client: engines.sqs, urls: {}, deadLetterUrls: {} });
  assert.throws(() => queues.send("walks", [{ body: "x" }]), /walks/);
});
