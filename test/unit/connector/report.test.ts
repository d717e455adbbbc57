/** What a connector counts, and how it tells CloudWatch and people. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countsSince, makeCounters, reasonCounts } from "#connector/counters.ts";
import { domainFigures, metricLine, statusLine } from "#connector/report.ts";
import { openPolicy } from "#core/policy.ts";
import { readMetrics } from "#test/harness/embedded-metrics.ts";
import {
  chat,
  inboundChat,
  itemsSent,
  outbound,
  presence,
  rawOutbound,
  removed,
  startRig,
} from "./support.ts";

const now = Date.parse("2026-11-24T10:00:00Z");
const health = { domain: "im.example.com", stream: "up", windowStanzas: 2, held: 3 };
const none = makeCounters({ roundTripsKeptMax: 1 }).counts();
const counts = {
  ...none,
  messagesIn: 40,
  messagesOut: 20,
  itemsPacked: 40,
  packs: 16,
  setAside: 1,
  refused: 3,
  refusedDenied: 2,
  setAsideWrongTo: 1,
};

type Json = Readonly<Record<string, unknown>>;

/** All figures of a line, metrics or not. */
const figuresOf = (line: string): Json => JSON.parse(line);

test("a line of metrics is an embedded metric document, the domain a field of it and no dimension", () => {
  const line = metricLine([{ health, counts, roundTrips: { p50Ms: 1.23456, maxMs: 9 } }], now);
  assert.deepEqual(
    Object.fromEntries(Object.entries(readMetrics(line)).map(([name, { value }]) => [name, value])),
    {
      ...{ StreamUp: 1, StreamDown: 0, BarrierMax: 9, SetAside: 1, Refused: 3 },
      ...{ MessagesIn: 40, PresencesIn: 0, MessagesOut: 20, PresencesOut: 0 },
    },
  );
  const { domain, Part, _aws, ...figures } = JSON.parse(line);
  // What is no metric, which would cost, is a field all the same.
  const others = {
    ...{
      LeaseHolder: 1,
      Held: 3,
      WindowStanzas: 2,
      IqsIn: 0,
      IqsOut: 0,
      BarrierP50: 1.23,
      ItemsPerPack: 2.5,
    },
    ...{ RefusedDenied: 2, SetAsideWrongTo: 1 },
  };
  for (const [name, value] of Object.entries(others)) assert.equal(figures[name], value, name);
  assert.deepEqual(
    [domain, Part, _aws.CloudWatchMetrics[0].Dimensions],
    [health.domain, "connector", [["Part"]]],
  );
});

test("what was not measured is left out, and a standby is neither up nor holder", () => {
  const standby = { ...health, stream: "standby", lease: "standby" } as const;
  const metrics = figuresOf(metricLine([{ health: standby, counts: none, roundTrips: undefined }], now));
  const ofStream = (found: Json) => ["StreamUp", "StreamDown", "LeaseHolder"].map((name) => found[name]);
  assert.deepEqual(ofStream(metrics), [0, 0, 0]);
  for (const name of ["BarrierP50", "BarrierMax", "ItemsPerPack"]) assert.equal(metrics[name], undefined);
  const reconnecting = { ...health, stream: "waiting", lease: "holder" } as const;
  const held = figuresOf(metricLine([{ health: reconnecting, counts: none, roundTrips: undefined }], now));
  assert.deepEqual(ofStream(held), [0, 1, 1]);
});

test("of several domains the metrics are sums, the slowest one's round trips, and no domain is named", () => {
  const away = { ...health, domain: "im.b.example", stream: "waiting" };
  const line = metricLine(
    [
      { health, counts, roundTrips: { p50Ms: 1, maxMs: 9 } },
      { health: away, counts: { ...none, messagesIn: 2, packs: 4, itemsPacked: 10 }, roundTrips: undefined },
      { health, counts: none, roundTrips: { p50Ms: 5, maxMs: 6 } },
    ],
    now,
  );
  const metrics = figuresOf(line);
  const expected = {
    ...{ StreamUp: 2, StreamDown: 1, LeaseHolder: 2, MessagesIn: 42, MessagesOut: 20, Held: 9 },
    ...{ WindowStanzas: 6, BarrierP50: 5, BarrierMax: 9, ItemsPerPack: 2.5, SetAside: 1 },
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(metrics[name], value, name);
  assert.ok(!line.includes("example"));
});

test("the figures of one of several domains are those of its metrics, without being metrics", () => {
  const figures = domainFigures({ health, counts, roundTrips: undefined });
  assert.deepEqual([figures["MessagesIn"], figures["StreamUp"], figures["BarrierMax"]], [40, 1, undefined]);
});

test("the status is one line", () => {
  assert.equal(
    statusLine({ health: { ...health, lease: "holder" }, counts, roundTrips: undefined }, 10),
    "im.example.com up (holder) · in 4/s · out 2/s · window 2 · held 3 · refused 3 · set aside 1",
  );
  const standby = { ...health, stream: "standby", lease: "standby" } as const;
  assert.match(
    statusLine({ health: standby, counts, roundTrips: undefined }, 10),
    /^im\.example\.com standby · in /,
  );
});

test("round trips have a median of the latest and a maximum of all, and begin anew once taken", () => {
  const counters = makeCounters({ roundTripsKeptMax: 3 });
  assert.equal(counters.takeRoundTrips(), undefined);
  for (const ms of [900, 5, 1, 3]) counters.barrier(ms);
  assert.deepEqual(counters.takeRoundTrips(), { p50Ms: 3, maxMs: 900 });
  assert.equal(counters.takeRoundTrips(), undefined);
  counters.barrier(7);
  assert.deepEqual(counters.takeRoundTrips(), { p50Ms: 7, maxMs: 7 });
});

test("counts go on, and a report tells those since the one before", () => {
  const counters = makeCounters({ roundTripsKeptMax: 1 });
  counters.stanza("message", "In");
  const first = counters.counts();
  for (const name of ["message", "stream:error", "toString"]) counters.stanza(name, "In");
  assert.equal(countsSince(counters.counts(), first).messagesIn, 1);
  assert.equal(countsSince(counters.counts(), undefined).messagesIn, 2);
});

test("a connector counts what it takes in, writes, packs and sets aside", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  const ask = `<iq type="get" id="i1" from="alice@localhost/phone" to="nina@im.example.com"/>`;
  const astray = inboundChat("m3").replace("im.example.com", "elsewhere.example");
  peer.write(inboundChat("m1") + inboundChat("m2") + astray + ask);
  rig.queues.offer("outboundStanzas", [
    outbound("a", [{ xml: chat("o1") }, { xml: presence("alice@localhost") }]),
    rawOutbound("b", "no pack"),
  ]);
  await rig.queues.until(removed("a", "b"));
  await rig.queues.until((calls) => itemsSent(calls, "iqStanzas").length === 1);
  await rig.connector.stop();
  const { packs, ...counted } = rig.connector.counters.counts();
  assert.deepEqual(counted, {
    ...Object.fromEntries(Object.values(reasonCounts).map((name) => [name, 0])),
    ...{ setAsideWrongTo: 1, setAsideMalformed: 1 },
    ...{ messagesIn: 3, presencesIn: 0, iqsIn: 1, messagesOut: 1, presencesOut: 1, iqsOut: 0 },
    ...{ itemsPacked: 3, setAside: 2, refused: 1 },
  });
  assert.ok(packs >= 2 && packs <= 3);
  const roundTrips = rig.connector.counters.takeRoundTrips();
  assert.ok(roundTrips && roundTrips.p50Ms > 0 && roundTrips.maxMs >= roundTrips.p50Ms);
});

test("what stays out is counted by its reason, and so is what is set aside", async (t) => {
  const limits = { rateSenderPerS: 1, rateSenderBurst: 2 };
  const readPolicy = async () => ({ ...openPolicy, deny: ["evil.example"] });
  const rig = await startRig(t, { limits: { ...limits, policyReadMs: 5 }, readPolicy });
  const peer = await rig.accept();
  rig.queues.answer = (_, messages) =>
    messages.flatMap(({ body }, index) =>
      body.includes("poison") ? [{ index, reason: "InvalidMessageContents", permanent: true }] : [],
    );
  for (let tries = 0; rig.connector.counters.counts().refusedDenied === 0; tries += 1) {
    // The policy may not have been read yet.
    peer.write(`<presence from="eve@evil.example/${tries}" to="nina@im.example.com"/>`);
    peer.write(inboundChat(`calm${tries}`, "x", "nina", `c${tries}@calm.example`));
    await rig.queues.until((calls) => itemsSent(calls, "messageStanzas").length > tries);
  }
  peer.write(["poison", "m1", "m2", "m3"].map((id) => inboundChat(id)).join(""));
  await rig.queues.until((calls) => calls.some(({ kind }) => kind === "aside"));
  await rig.connector.stop();
  const counts = rig.connector.counters.counts();
  assert.equal(counts.setAsideRefusedByQueue, 1);
  assert.equal(counts.refusedSender, 2);
  assert.equal(counts.refused, counts.refusedDenied + 3);
});
