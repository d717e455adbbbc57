/** Every sampled trace is one connected tree, from the socket to the native queue and back, and no text is in spans, logs or metrics. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, test } from "node:test";
import { placesOf, signal, upAfter } from "#bench/faults/places.ts";
import { limits } from "#core/limits.ts";
import { element } from "#core/xmpp/stanza.ts";
import type { CollectedSpan } from "#local/traces/collector.ts";
import { onEachServer, type Scenario } from "#test/harness/bridge.ts";
import { chat, presence } from "#test/harness/stanzas.ts";

import { idsOf } from "#test/harness/traces.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const nina = "nina@im.localhost";
const burst = 30;

/** In everything that people write here, and nowhere else. */
const secret = "Geheimes";

const named = (name: string) => (span: CollectedSpan) => span.name === name;
const has =
  (...names: readonly string[]) =>
  (spans: readonly CollectedSpan[]) =>
    names.every((name) => spans.some(named(name)));
const namesOf = (spans: readonly CollectedSpan[]) => spans.map(({ name }) => name).sort();

const wayOut = has("native message.sent", "stanza out");

/** What both sides do, and how an event's trace is found. */
function partsOf(scenario: Scenario) {
  const emit = (type: string, data: object, more: { traceparent?: string } = {}) =>
    scenario.native.emit({ type, data: { user: "nina", ...data }, ...more });
  return {
    emit,
    says: (user: XmppUser, id: string, traceparent?: string) =>
      emit(
        "message.sent",
        { contact: user.bare, id, body: `${secret} ${id}` },
        { ...(traceparent && { traceparent }) },
      ),
    hears: (user: XmppUser, id: string, timeoutMs?: number) =>
      user.next(
        ({ attrs }) => attrs["id"] === id && bareOf(attrs["from"]) === nina,
        `message ${id}`,
        timeoutMs,
      ),
    /** The function's first span of an event of ours. */
    async traceOf(id: string, type: string): Promise<CollectedSpan> {
      const { traces } = scenario;
      for (;;) {
        const span = traces.spans.find(
          ({ name, fields }) => name === `native ${type}` && fields["id"] === id,
        );
        if (span) return span;
        await traces.arrival();
      }
    },
  };
}

onEachServer(
  "traces",
  (scenario) => {
    let alice: XmppUser;
    let bob: XmppUser;
    before(async () => {
      [alice, bob] = [await scenario.login("alice"), await scenario.login("bob")];
    });

    const { emit, says, hears, traceOf } = partsOf(scenario);
    const saysAlice = (id: string, traceparent?: string) => says(alice, id, traceparent);

    test("a stanza's way in: from the socket to the event that the native system gets", async () => {
      await alice.send(chat(nina, "in-1", `${secret} in`));
      const event = await scenario.native.nextOf("message.sent", "nina");
      const { traceId, spanId } = idsOf(event.traceparent);
      const spans = await scenario.traces.whole(traceId, has("stanza in", "message"), "both spans");
      assert.deepEqual(namesOf(spans), ["message", "stanza in"]);
      const [message] = spans.filter(named("message"));
      assert.equal(message?.spanId, spanId, "the native system goes on from the function's span");
      assert.equal(message?.fields["contact"], alice.bare);
      assert.equal(message?.fields["stanza"], "in-1");
      assert.equal(message?.links.length, 1, "it belongs to an invocation");
    });

    test("an event's way out, in a trace of our own and in that of the native system", async () => {
      const own = await saysAlice("out-1");
      await hears(alice, "out-1");
      const { traceId } = await traceOf(own.id, "message.sent");
      const begun = await scenario.traces.whole(traceId, wayOut, "both spans");
      assert.deepEqual(namesOf(begun), ["native message.sent", "stanza out"]);
      const out = begun.find(named("stanza out"));
      assert.deepEqual(
        out?.events.map(({ name }) => name),
        ["written"],
      );

      const theirs = { traceId: randomBytes(16).toString("hex"), spanId: randomBytes(8).toString("hex") };
      scenario.traces.remote.add(theirs.spanId);
      await saysAlice("out-2", `00-${theirs.traceId}-${theirs.spanId}-01`);
      await hears(alice, "out-2");
      const followed = await scenario.traces.whole(theirs.traceId, wayOut, "both spans");
      assert.equal(followed.find(named("native message.sent"))?.parentSpanId, theirs.spanId);
    });

    test("what the native system does not sample is not recorded", async () => {
      const traceId = randomBytes(16).toString("hex");
      await saysAlice("out-3", `00-${traceId}-${randomBytes(8).toString("hex")}-00`);
      await hears(alice, "out-3");
      await saysAlice("out-4");
      await hears(alice, "out-4");
      assert.deepEqual(
        scenario.traces.spans.filter((span) => span.traceId === traceId),
        [],
      );
    });

    test("what is refused says so", async () => {
      const event = await emit("message.sent", { contact: "nobody at all", id: "x", body: secret });
      const rejected = await scenario.native.next(({ type }) => type === "event.rejected", "rejection");
      assert.equal(rejected.data["id"], event.id);
      const { traceId } = idsOf(rejected.traceparent);
      const [span] = await scenario.traces.whole(traceId, has("native"), "the refusal");
      assert.equal(span?.failed, "invalid-contact");
    });

    test("packing: stanzas that share a queue message keep their own traces", async () => {
      const ids = Array.from({ length: burst }, (_, index) => `pack-${index}`);
      await Promise.all(ids.map((id) => alice.send(chat(nina, id, `${secret} ${id}`))));
      const traces: string[] = [];
      for (const id of ids) {
        const event = await scenario.native.next(({ data }) => data["id"] === id, id);
        traces.push(idsOf(event.traceparent).traceId);
      }
      assert.equal(new Set(traces).size, burst);
      const messages = new Set<string | undefined>();
      for (const traceId of traces) {
        const spans = await scenario.traces.whole(traceId, has("stanza in", "message"), "both spans");
        assert.deepEqual(namesOf(spans), ["message", "stanza in"]);
        messages.add(spans.find(named("message"))?.fields["message"]);
      }
      assert.ok(messages.size < burst, "some went together");
    });

    test("a retry: what failed and what came of it are in one trace", async () => {
      const { dynamodb } = scenario.bridge.endpoints.processes;
      assert.ok(dynamodb !== undefined);
      process.kill(dynamodb, "SIGSTOP");
      const event = await emit("contact.requested", { contact: bob.bare }).catch((error: unknown) => {
        process.kill(dynamodb, "SIGCONT");
        throw error;
      });
      const failed = await traceOf(event.id, "contact.requested").finally(() =>
        process.kill(dynamodb, "SIGCONT"),
      );
      assert.ok(failed.failed !== undefined);
      await bob.next(({ attrs }) => attrs["type"] === "subscribe", "request of nina");
      const isWhole = (spans: readonly CollectedSpan[]) =>
        has("stanza out")(spans) && spans.filter(named("native contact.requested")).length > 1;
      await scenario.traces.whole(failed.traceId, isWhole, "both tries");
      assert.match(scenario.logOf("function-native"), new RegExp(`"event":"failed".*${failed.traceId}`));
    });

    test("a broadcast is one span, whoever hears it", async () => {
      // Bob has been asked already.
      await emit("contact.requested", { contact: alice.bare });
      await alice.next(({ attrs }) => attrs["type"] === "subscribe", "request of nina");
      for (const user of [alice, bob]) {
        await user.send(presence({ type: "subscribed", to: nina }));
        await user.send(presence({ type: "subscribe", to: nina }));
        await user.next(({ attrs }) => attrs["type"] === "subscribed", "acceptance of nina");
      }
      const event = await emit("presence.changed", { show: "away", status: secret });
      for (const user of [alice, bob]) {
        const shown = await user.next((stanza) => stanza.getChildText("status") === secret, "status");
        assert.equal(bareOf(shown.attrs["from"]), nina);
      }
      const { traceId } = await traceOf(event.id, "presence.changed");
      const isWhole = has("stanza out", "native presence.changed");
      const spans = await scenario.traces.whole(traceId, isWhole, "both spans");
      assert.deepEqual(namesOf(spans), ["native presence.changed", "stanza out"]);
      assert.equal(spans.find(named("stanza out"))?.fields["recipients"], "2");
      await alice.send(presence({}, element("show", {}, "xa"), element("status", {}, secret)));
      await scenario.native.next(
        ({ type, data }) => type === "presence.changed" && data["status"] === secret,
        "presence of alice",
      );
    });

    test("each trace is one tree, whose times agree", async () => {
      await scenario.traces.connected();
    });

    test("no text is in a span, a line of a log or a metric", async () => {
      // With the last of its figures, as it tells them once a minute else.
      await scenario.bridge.killConnector("SIGTERM");
      const { bodies, spans } = scenario.traces;
      assert.ok(spans.length > 100);
      const logs = scenario.logs();
      // The connector and five functions.
      assert.ok(logs.length >= 6);
      const all = logs.join("\n");
      for (const event of ["downlink.routed", "handled", "rejected", "failed", "metrics"]) {
        assert.ok(all.includes(`"event":"${event}"`), event);
      }
      assert.match(all, /"_aws":/);
      for (const text of [...bodies, ...logs]) assert.ok(!text.includes(secret), "a text got out");
    });
  },
  { traced: true, lanes: 1, timeoutMs: 240_000 },
);

/** What a killed connector held comes back when its visibility ends. */
const backMsMax = 3 * limits.outboundVisibilityS * 1000;

onEachServer(
  "traces through a take-over",
  (scenario) => {
    const { says, hears, traceOf } = partsOf(scenario);
    let alice: XmppUser;
    before(async () => {
      alice = await scenario.login("alice");
    });

    for (const name of ["SIGTERM", "SIGKILL"] as const) {
      test(`a take-over after ${name} leaves whole trees`, async () => {
        const { holder, fence } = await placesOf(scenario.bridge);
        const ids = Array.from({ length: burst }, (_, index) => `${name}-${index}`);
        const events = await Promise.all(ids.slice(0, burst / 2).map((id) => says(alice, id)));
        signal(holder, name);
        events.push(...(await Promise.all(ids.slice(burst / 2).map((id) => says(alice, id)))));
        await upAfter(scenario.bridge.connectors, fence);
        for (const id of ids) await hears(alice, id, backMsMax);
        for (const { id } of events) {
          const { traceId } = await traceOf(id, "message.sent");
          // A connector that was killed takes its last spans with it; they have no children.
          const isWhole = name === "SIGTERM" ? wayOut : () => true;
          await scenario.traces.whole(traceId, isWhole, "the connector's span");
        }
      });
    }

    test("each trace is one tree, whose times agree", async () => {
      await scenario.traces.connected();
    });
  },
  { traced: true, connectors: 2, timeoutMs: 240_000 },
);
