/** What the operator's tool says in words, and how it is asked. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseUserId } from "#core/mapping.ts";
import type { PairState } from "#core/pair.ts";
import { openPolicy } from "#core/policy.ts";
import { clockCheck, tableChecks } from "#local/ops/checks-aws.ts";
import { certificateCheck } from "#local/ops/checks-net.ts";
import { readArguments } from "#local/ops/command.ts";
import { deadLetters } from "#local/ops/dead-letters.ts";
import { doctor } from "#local/ops/doctor.ts";
import { filterPattern, partOfGroup } from "#local/ops/logs-aws.ts";
import { message } from "#local/ops/message.ts";
import { stepsOf, whereNow } from "#local/ops/message-path.ts";
import { pair, publicFacts } from "#local/ops/pair.ts";
import { explainPair, type PairFacts } from "#local/ops/pair-explain.ts";
import { resync } from "#local/ops/resync.ts";
import { status } from "#local/ops/status.ts";
import { columns, duration } from "#local/ops/text.ts";

const user = parseUserId("nina");
assert.ok(user.ok);
const time = "2026-11-02T09:30:00Z";
const record = { domain: "im.example.com", user: user.value, localpart: "nina", mark: "" };
const marks = { xmpp: "", native: "" };
const stored = (state: PairState) => ({
  state,
  marks,
  version: 1,
  outbox: [],
});
const both: PairFacts = {
  domain: "im.example.com",
  user: "nina",
  contact: "alice@example.org",
  contactDomain: "example.org",
  record: { ...record, presence: { show: "away", status: "private", version: 1, time } },
  pair: stored({ state: "both", preApproved: false }),
  resources: { phone: { show: "dnd", status: "private", priority: 0, epoch: 3, time } },
  fence: 3,
  streamUp: true,
  policy: openPolicy,
};

describe("a silent contact is explained", () => {
  const [phone] = Object.values(both.resources);
  assert.ok(phone);
  for (const [name, change, says] of [
    ["who is there", {}, /alice@example\.org is dnd, on 1 device that count/],
    ["of a user that nobody knows", { record: undefined }, /nina is not known/],
    ["of a user that is leaving", { record: { ...record, removing: "9" } }, /is being removed/],
    [
      "whose domain is denied",
      { policy: { ...openPolicy, deny: ["example.org"] } },
      /policy of im\.example\.com denies example\.org/,
    ],
    [
      "who is blocked",
      { pair: stored({ state: "both", preApproved: false, blocked: true }) },
      /blocks alice/,
    ],
    ["while the stream is down", { streamUp: false }, /stream of im\.example\.com is down/],
    ["who is a stranger", { pair: undefined }, /strangers.*its messages are let in/],
    [
      "who is a stranger and may do nothing",
      { pair: undefined, policy: { ...openPolicy, strangers: "nothing" } },
      /strangers.*nothing of theirs/,
    ],
    [
      "who was asked",
      { pair: stored({ state: "none+out", preApproved: true }) },
      /has asked to see alice@example\.org, which has not answered/,
    ],
    [
      "who has asked",
      { pair: stored({ state: "to+in", preApproved: false }) },
      /alice@example\.org has asked to see nina/,
    ],
    [
      "who was never asked",
      { pair: stored({ state: "from", preApproved: false }) },
      /does not see alice@example\.org: it has not asked/,
    ],
    ["without a device", { resources: {} }, /Nothing is known of any device/],
    ["who hides", { resources: { phone: { ...phone, priority: -1 } } }, /negative priority/],
    ["whose device is of an earlier stream", { fence: 4 }, /last spoke on an earlier stream/],
    ["of a user that never showed itself", { record }, /never told its presence/],
    ["who was told", {}, /was last told that nina is away/],
    [
      "whose last effects wait",
      {
        pair: {
          ...stored({ state: "both", preApproved: false }),
          outbox: [{ kind: "stanza", id: "e1", xml: "<presence/>" }],
        },
      },
      /1 effects of the last change/,
    ],
  ] as const) {
    test(name, () => assert.match(explainPair({ ...both, ...change } as PairFacts).join("\n"), says));
  }

  test("without any status text", () => {
    const told = publicFacts({
      ...both,
      pair: {
        ...stored({ state: "both", preApproved: false }),
        outbox: [{ kind: "stanza", id: "e1", xml: "<message>private</message>" }],
      },
    });
    assert.deepEqual(told.outbox, ["message e1"]);
    assert.ok(!JSON.stringify(told).includes("private"));
  });
});

describe("the way of a message", () => {
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const line = (part: string, event: string, fields: object) => ({
    part,
    event,
    at: 1,
    level: "info",
    fields: { ...fields },
  });
  const lines = [
    line("function-native", "handled", {
      items: [
        ["e1", "m1", trace],
        ["e2", "m2", "other"],
      ],
    }),
    line("function-native", "rejected", { id: "e3", reason: "invalid" }),
    line("function-message", "set-aside", {
      cause: "5.3",
      trace: `00-${trace}-b7ad6b7169203331-01`,
      reason: "fault",
    }),
    line("function-native", "retry", { message: "sqs-1", error: "E" }),
    line("connector", "stream.up", { fence: 1 }),
  ];
  const eventsOf = (...ids: string[]) => stepsOf(lines, new Set(ids)).map(({ event }) => event);

  test("is found by event, message, trace and cause, and by nothing that is merely like it", () => {
    assert.deepEqual(eventsOf("e1"), ["handled"]);
    assert.deepEqual(eventsOf("m2"), ["handled"]);
    assert.deepEqual(eventsOf(trace), ["handled", "set-aside"]);
    assert.deepEqual(eventsOf("5.3"), ["set-aside"]);
    assert.deepEqual(eventsOf("e3"), ["rejected"]);
    assert.deepEqual(eventsOf("sqs-1"), ["retry"]);
    assert.deepEqual(eventsOf("e", "m", ""), []);
  });

  test("ends somewhere", () => {
    const where = (...ids: string[]) =>
      whereNow({ steps: stepsOf(lines, new Set(ids)), deadLetters: [], waitingIn: [], streamUp: false });
    assert.match(where(), /No part has logged it/);
    assert.match(where("e3"), /refused/);
    assert.match(where("sqs-1"), /tries it again/);
    assert.match(where("m1"), /stream is down, so it waits/);
    assert.match(where("5.3"), /replayed, or dropped/);
    const routed = line("connector", "downlink.routed", { items: [["e1", "m1", trace]] });
    for (const both of [
      [routed, ...lines],
      [...lines, routed],
    ]) {
      const steps = stepsOf(both, new Set(["m1"]));
      assert.match(whereNow({ steps, deadLetters: [], waitingIn: [], streamUp: true }), /has routed it/);
    }
    const found = { steps: [], streamUp: true, waitingIn: ["walks"], deadLetters: [] };
    assert.match(whereNow(found), /waits in walks/);
    const letter = { id: "0123456789", queue: "walks", reason: "fault" };
    assert.match(
      whereNow({ ...found, deadLetters: [letter] }),
      /dead letters of walks, for fault.*show 01234567$/,
    );
  });
});

describe("the command line", () => {
  for (const [command, args, complaint] of [
    [status, ["now"], /takes no word/],
    [status, ["--color"], /^--color is no option here$/],
    [status, ["--region"], /^--region needs a value$/],
    [status, ["--domain", "--json"], /^--domain needs a value$/],
    [status, ["--json=yes"], /^--json takes no value$/],
    [status, ["--endpoints", "f", "--profile", "p"], /give one of them/],
    [status, ["--domain", "a b"], /--domain/],
    [doctor, ["--service", "im.example.com:5347"], /--service im.example.com:5347: give the XMPP server's/],
    [pair, ["nina"], /USER and CONTACT/],
    [resync, [], /USER, DOMAIN and all/],
    [message, [], /one ID/],
    [message, ["x", "--hours", "0"], /--hours 0/],
    [deadLetters, [], /^what of them\? give list, show, replay, drop$/],
    [deadLetters, ["burn"], /burn is no such command/],
    [deadLetters, ["list", "x"], /takes no ID/],
    [deadLetters, ["show"], /which one/],
    [deadLetters, ["list", "--max", "many"], /--max many/],
    [deadLetters, ["list", "--contact", "a@b@c@"], /--contact/],
  ] as const) {
    test(`${args.join(" ") || "nothing"} is wrong`, () => {
      const read = readArguments(command, args);
      assert.ok(!read.ok);
      assert.match(read.error, complaint);
    });
  }

  test("is read, and help is help whatever else is there", () => {
    assert.deepEqual(readArguments(status, ["--help", "now"]), { ok: true, value: "help" });
    const read = readArguments(deadLetters, [
      "replay",
      "--queue",
      "walks",
      "--yes",
      "--domain",
      "IM.example.com",
    ]);
    assert.ok(read.ok && read.value !== "help");
    const { given } = read.value;
    assert.deepEqual(
      [given.yes, given.json, given.domain, given.text("queue")],
      [true, false, "im.example.com", "walks"],
    );
  });
});

test("filter patterns mean what they say, and fit", () => {
  assert.equal(filterPattern(['a"b', "c"]), '?"a\\"b" ?"c"');
  const many = filterPattern(Array.from({ length: 99 }, () => "0123456789abcdef0123"));
  assert.ok(many.length <= 1024 && many.length > 900);
  assert.equal(partOfGroup("Causeway-Compute-MessageFunctionLogs1A"), "function-message");
  assert.equal(partOfGroup("Causeway-Compute-ConnectorLogs1A"), "connector");
});

test("checks tell clock, certificate and table", () => {
  assert.deepEqual(
    [0, -900, 6_000, -300_000].map((ms) => clockCheck(ms).level),
    ["ok", "ok", "warn", "fail"],
  );
  const now = Date.parse(time);
  assert.equal(certificateCheck("Jan  1 00:00:00 2028 GMT", now).level, "ok");
  assert.equal(certificateCheck("Nov  5 00:00:00 2026 GMT", now).level, "warn");
  const levels = (facts: Parameters<typeof tableChecks>[0]) => tableChecks(facts).map(({ level }) => level);
  assert.deepEqual(levels({ keys: "pk HASH, sk RANGE", expires: "expires", recovery: "ENABLED" }), [
    "ok",
    "ok",
    "ok",
  ]);
  assert.deepEqual(levels({ keys: "pk HASH", expires: "DISABLED", recovery: "DISABLED" }), [
    "fail",
    "warn",
    "warn",
  ]);
  assert.deepEqual(levels({ keys: "pk HASH, sk RANGE" }), ["ok", "skip", "skip"]);
});

test("tables and durations are easy to read", () => {
  assert.equal(
    columns([
      ["a", "b"],
      ["long", ""],
    ]),
    "a     b\nlong",
  );
  assert.deepEqual([0, 59, 60, 7200, 200_000].map(duration), ["0 s", "59 s", "1 min", "2 h", "2 d"]);
});
