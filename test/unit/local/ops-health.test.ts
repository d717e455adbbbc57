/** From logs and figures to what is wrong, and what to do. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { alarmDefinitions, alarmKinds, runbookOf } from "#infra/definitions/alarms.ts";
import { perQueue, queueAttributesOf, queueDefinitions } from "#infra/definitions/queues.ts";
import { viewsFromLog } from "#local/ops/connector-log.ts";
import { diagnose } from "#local/ops/diagnose.ts";
import { whyNotStopped } from "#local/ops/drain.ts";
import { failureKindOf } from "#local/ops/failure-kinds.ts";
import { type HealthFacts, leaseFacts } from "#local/ops/health-facts.ts";
import { type LogLine, parseLogLine } from "#local/ops/logs.ts";
import { differencesOf, type QueueFacts } from "#local/ops/queue-facts.ts";
import { isHealthy, statusText } from "#local/ops/status.ts";
import { troublesOf } from "#local/ops/troubles.ts";

const now = Date.parse("2026-11-02T09:30:00.000Z");
const domain = "im.example.com";
const line = (part: string, event: string, secondsAgo: number, fields: object = {}): LogLine => ({
  part,
  event,
  at: now - secondsAgo * 1000,
  level: "warn",
  fields: { domain, ...fields },
});

const quiet = (): QueueFacts[] =>
  Object.values(
    perQueue((queue) => ({
      queue,
      base: queueDefinitions[queue].base,
      ...{ waiting: 0, inFlight: 0, delayed: 0, deadLetters: 0, differences: [] },
    })),
  );
const well: HealthFacts = {
  connectors: [{ name: "c", domain, stream: "up", fence: 3, windowStanzas: 0, held: 0 }],
  domains: [{ domain, fence: 3 }],
  queues: quiet(),
  foreign: [],
  troubles: { parts: [], streams: [] },
  failures: [],
};
const [first] = well.connectors;
assert.ok(first);
const withQueue = (change: Partial<QueueFacts>) => ({
  queues: quiet().map((facts) => (facts.queue === "nativeEvents" ? { ...facts, ...change } : facts)),
});

describe("a bridge is diagnosed", () => {
  test("as healthy when nothing is the matter", () => {
    assert.deepEqual(diagnose(well), []);
    assert.match(statusText(well, [], now), /\n\nhealthy$/);
  });

  const standby = { ...first, name: "d", stream: "standby", lease: "standby" };
  for (const [name, change, level, text, next] of [
    ["one that stands by is no fault", { connectors: [first, standby] }, undefined, /$/, /$/],
    ["two streams", { connectors: [first, first] }, "fail", /2 connectors have a stream/, /lease/],
    [
      "nobody answers",
      { connectors: [{ ...first, stream: "unreachable" }] },
      "fail",
      /no connector for/,
      /start one/,
    ],
    [
      "a stream that is down, with its reason",
      {
        connectors: [{ ...first, stream: "waiting" }],
        troubles: troublesOf(
          [line("connector", "stream.down", 9, { reason: "conflict", advice: "end it" })],
          now,
        ),
      },
      "fail",
      /is down: conflict/,
      /^end it; docs\/runbook\.md#stream-down/,
    ],
    [
      "a lease that stands still",
      { domains: [{ domain, fence: 3, lease: { holder: "h", fresh: false, leaving: false } }] },
      "warn",
      /not renewed/,
      /lease-flapping/,
    ],
    [
      "an old message",
      withQueue({ oldestS: 61, waiting: 2 }),
      "fail",
      /oldest of 2 messages in native-events has waited for 1 min/,
      /queue-age/,
    ],
    ["a young one", withQueue({ oldestS: 59, waiting: 2 }), undefined, /$/, /$/],
    [
      "dead letters",
      withQueue({ deadLetters: 1 }),
      "fail",
      /1 dead letter of native-events/,
      /--queue native-events/,
    ],
    [
      "a queue that was changed",
      withQueue({ differences: ["VisibilityTimeout is 1, not 60"] }),
      "warn",
      /VisibilityTimeout/,
      /ops -- queues/,
    ],
    ["a call that failed", { failures: ["profile x lacks sqs:ReceiveMessage"] }, "fail", /lacks/, /doctor/],
  ] as const) {
    test(name, () => {
      const found = diagnose({ ...well, ...change });
      assert.equal(isHealthy(found), level !== "fail");
      assert.equal(found.length, level === undefined ? 0 : 1);
      if (found[0] === undefined) return;
      assert.equal(found[0].level, level);
      assert.match(found[0].text, text);
      assert.match(found[0].next, next);
    });
  }
});

describe("troubles", () => {
  const retry = line("function-native", "retry", 20, { error: "AccessDeniedException dynamodb:PutItem" });

  test("are counted by part, event and reason, and open until the part has worked", () => {
    const open = troublesOf([retry, { ...retry, at: retry.at + 1 }], now);
    assert.deepEqual(
      open.parts.map(({ count, over, reason }) => [count, over, reason]),
      [[2, false, "AccessDeniedException dynamodb:PutItem"]],
    );
    for (const [part, failed, over] of [
      ["function-native", 0, true],
      ["function-native", 1, false],
      ["function-iq", 0, false],
    ] as const) {
      const batch = { ...line(part, "handled", 10, { failed }), level: "info" };
      assert.equal(troublesOf([retry, batch], now).parts[0]?.over, over, `${part} ${failed}`);
    }
  });

  test("of long ago are over, but for those that are told only once", () => {
    const of = (event: string) => troublesOf([line("connector", event, 600)], now).parts[0]?.over;
    assert.equal(of("receive.failed"), true);
    assert.equal(of("policy.unread"), false);
    const read = { ...line("connector", "policy.read", 5), level: "info" };
    assert.equal(troublesOf([line("connector", "policy.unread", 600), read], now).parts[0]?.over, true);
  });

  test("of a stream end when it comes up", () => {
    const down = line("connector", "stream.down", 20, { reason: "conflict" });
    assert.equal(troublesOf([down], now).streams[0]?.reason, "conflict");
    assert.deepEqual(
      troublesOf([down, { ...line("connector", "stream.up", 10), level: "info" }], now).streams,
      [],
    );
  });

  test("mean something to people", () => {
    for (const [event, reason, level, says] of [
      ["retry", "AccessDeniedException dynamodb:PutItem", "fail", /may not do/],
      ["retry", "ProvisionedThroughputExceededException", "fail", /throttled/],
      ["receive.failed", "Error ECONNREFUSED", "fail", /does not reach AWS/],
      ["runtime", "Task timed out", "fail", /ended by Lambda/],
      ["retry", "TransientFault", "warn", /tries again/],
      ["unheard-of", "", "warn", /logged unheard-of/],
    ] as const) {
      const kind = failureKindOf(event, reason);
      assert.equal(kind.level, level, event);
      assert.match(kind.says, says);
    }
  });
});

describe("lines of log", () => {
  const own = '{"time":"2026-11-02T09:30:00.000Z","level":"warn","event":"retry","error":"E"}';
  for (const [name, text] of [
    ["as we write them", own],
    ["behind Lambda's words", `2026-11-02T09:30:00.001Z\t6a5b\tINFO\t${own}`],
    ["wrapped by Lambda", JSON.stringify({ timestamp: "x", level: "INFO", message: own })],
    ["wrapped as an object", `{"level":"INFO","message":${own}}`],
  ]) {
    test(`are read ${name}`, () => {
      const read = parseLogLine("function-iq", text ?? "");
      assert.deepEqual([read?.at, read?.level, read?.event], [now, "warn", "retry"]);
    });
  }

  test("of others are passed over, but for what ended an invocation", () => {
    for (const text of ["", "START RequestId: 1", "{", "null", '{"event":1}']) {
      assert.equal(parseLogLine("function-iq", text, now), undefined, text);
    }
    const read = parseLogLine("function-iq", "2026 6a5b Task timed out after 10.00 seconds", now);
    assert.deepEqual([read?.event, read?.fields["error"]], ["runtime", "Task timed out"]);
  });

  test("tell how a connector is that nobody can ask", () => {
    const metrics = (secondsAgo: number, up: number) =>
      line("connector", "metrics", secondsAgo, { StreamUp: up, LeaseHolder: up, WindowStanzas: 1, Held: 2 });
    const of = (...lines: LogLine[]) => viewsFromLog(lines, [domain])[0];
    assert.equal(of()?.stream, "unreachable");
    const opened = line("connector", "stream.up", 99, { fence: 7 });
    const up = of(opened, metrics(60, 1), metrics(50, 0));
    assert.deepEqual([up?.stream, up?.fence, up?.held, up?.lease], ["up", 7, 2, "holder"]);
    assert.equal(of(metrics(60, 1), line("connector", "stream.down", 10))?.stream, "down");
    assert.equal(of(metrics(60, 0))?.stream, "down");
  });
});

test("a lease is fresh when it was renewed, or has changed hands, between two looks", () => {
  const lease = { holder: "a", version: 1, leaseMs: 5000, leaving: false };
  assert.equal(leaseFacts(lease, { ...lease, version: 2 }).lease?.fresh, true);
  assert.equal(leaseFacts(lease, { ...lease, holder: "b" }).lease?.fresh, true);
  assert.equal(leaseFacts(lease, lease).lease?.fresh, false);
  const { holder: _, ...free } = lease;
  assert.deepEqual(leaseFacts(lease, free), {});
});

test("a queue is compared with its definition, however its policy is spelled", () => {
  const arn = "arn:aws:sqs:us-east-1:1:causeway-walks-dead";
  const wanted = queueAttributesOf("walks", arn);
  const spelled = { ...wanted, RedrivePolicy: `{"maxReceiveCount":"1000","deadLetterTargetArn":"${arn}"}` };
  assert.deepEqual(differencesOf("walks", spelled, arn), []);
  const changed = differencesOf("walks", { ...wanted, VisibilityTimeout: "5", RedrivePolicy: "none" }, arn);
  assert.equal(changed.length, 2);
  assert.match(changed[0] ?? "", /^VisibilityTimeout is 5, not 60$/);
  assert.match(changed[1] ?? "", /^RedrivePolicy is none, not 1000 receives, then to causeway-walks-dead$/);
});

test("every alarm leads to an entry of the runbook, and every link of the tool does", () => {
  const root = join(import.meta.dirname, "../../..");
  const anchors = new Set(
    [...readFileSync(join(root, "docs/runbook.md"), "utf8").matchAll(/<a id="([^"]+)">/g)].map(
      ([, id]) => id,
    ),
  );
  for (const kind of alarmKinds) assert.ok(anchors.has(runbookOf({ kind }).split("#")[1]), kind);
  const ids = alarmDefinitions.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const text = ["failure-kinds", "diagnose"].map((file) =>
    readFileSync(join(root, `local/ops/${file}.ts`), "utf8"),
  );
  const links = [...text.join("").matchAll(/docs\/runbook\.md#([a-z-]+)/g)].map(([, id]) => id);
  assert.ok(links.length > 5);
  for (const id of links) assert.ok(anchors.has(id), id);
});

test("lanes are drained only while no connector runs, whether its stream is up or not", () => {
  const why = (...streams: string[]) =>
    whyNotStopped(
      streams.map((stream) => ({ ...first, stream })),
      "aws",
    );
  for (const stream of ["up", "connecting", "waiting", "standby", "closing", "down"]) {
    assert.match(
      why("unreachable", stream) ?? "",
      new RegExp(`${domain} ${stream}.*desired count to 0`),
      stream,
    );
  }
  assert.equal(why("unreachable", "stopped"), undefined);
  assert.equal(why(), undefined);
});
