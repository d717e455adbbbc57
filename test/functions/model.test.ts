/**
 * The functions against RFC 6121 appendix A as a model: random acts of both sides, stanzas that cross, repeats and
 * deaths at any call. State, stanzas and events must be those of the oracle, in its order.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import fc from "fast-check";
import { nativeWork } from "#functions/native.ts";
import { makeHandler, type Work } from "#functions/pipeline.ts";
import { presenceWork } from "#functions/presence.ts";
import { faulty } from "#test/harness/faults.ts";
import { announce, emptyQueues, portsOver, takeEvents, takeStanzas } from "#test/harness/functions.ts";
import { again, invocation } from "#test/harness/lambda-events.ts";
import { makeStage } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";
import oracle from "../unit/core/rfc6121-subscription-states.json" with { type: "json" };

const stanzaTypes = ["subscribe", "subscribed", "unsubscribe", "unsubscribed"] as const;
type StanzaType = (typeof stanzaTypes)[number];

/** What a native user may do, and the stanza that it means. */
const acts = {
  requests: { type: "contact.requested", data: { mutual: false }, stanza: "subscribe", needsRequest: false },
  accepts: { type: "contact.accepted", data: { mutual: false }, stanza: "subscribed", needsRequest: true },
  declines: { type: "contact.declined", data: {}, stanza: "unsubscribed", needsRequest: true },
  leaves: { type: "contact.removed", data: { direction: "to" }, stanza: "unsubscribe", needsRequest: false },
  hides: {
    type: "contact.removed",
    data: { direction: "from" },
    stanza: "unsubscribed",
    needsRequest: false,
  },
} as const;

const kebab = (name: string) =>
  name.toLowerCase().replace("pending out+in", "out+in").replace("pending ", "").replaceAll(" ", "");

const rowOf = <R extends { state: string }>(rows: readonly R[], state: string): R => {
  const row = rows.find((each) => each.state === state);
  assert.ok(row, state);
  return row;
};

/** The ghost's side as the oracle has it. */
function makeModel() {
  let state = "None";
  const stanzas: string[] = [];
  let events = 0;
  return {
    stanzas,
    state: () => kebab(state),
    events: () => events,
    receives(type: StanzaType) {
      const row = rowOf(oracle.inbound[type].rows, state);
      state = row.newState;
      if (row.deliver === "MUST") events += 1;
      if (row.autoReply !== null) stanzas.push(row.autoReply);
    },
    acts({ stanza, needsRequest }: (typeof acts)[keyof typeof acts]) {
      const asked = state.includes("Pending In") || state.includes("Out+In");
      if (needsRequest && !asked) {
        // `no-request`
        events += 1;
        return;
      }
      const row = rowOf(oracle.outbound[stanza].rows, state);
      state = row.newState;
      if (row.route === "MUST") stanzas.push(stanza);
    },
  };
}

const engines = await useEngines();

type Fault = { readonly kind: "none" | "twice" } | { readonly kind: "dies"; call: number; after: boolean };

/** Hands a record to new instances until one has done with it. */
async function handle(work: Work, record: SQSRecord, fault: Fault): Promise<void> {
  if (fault.kind === "dies") {
    const ending = fault.after ? "dies-after" : "dies";
    const parts = faulty(engines, (index) => (index === fault.call ? ending : "done"));
    await Promise.race([makeHandler(work, portsOver(parts))(invocation(record)), parts.died]);
  }
  const times = fault.kind === "none" ? 1 : 2;
  for (let time = 1; time <= times; time += 1) {
    const one = time === 1 && fault.kind !== "dies" ? record : again(record);
    const answer = await makeHandler(work, portsOver(engines))(invocation(one));
    assert.deepEqual(answer, { batchItemFailures: [] });
  }
}

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.constant<Fault>({ kind: "none" }),
  fc.constant<Fault>({ kind: "twice" }),
  fc.record({ kind: fc.constant("dies" as const), call: fc.nat(7), after: fc.boolean() }),
);
const step = fc.record({
  by: fc.constantFrom(...stanzaTypes, ...(Object.keys(acts) as (keyof typeof acts)[])),
  fault,
});

test("no act of either side, in any order and through any fault, leaves what the oracle does not have", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const stage = makeStage();
      await announce(engines, stage.user);
      await emptyQueues(engines);
      const model = makeModel();
      for (const { by, fault } of steps) {
        if (by in acts) {
          const act = acts[by as keyof typeof acts];
          model.acts(act);
          await handle(nativeWork, stage.native(act.type, act.data), fault);
        } else {
          model.receives(by as StanzaType);
          await handle(presenceWork, stage.stanzas({ name: "presence", attrs: { type: by } }), fault);
        }
        const record = await engines.table.readPair(stage.pair);
        assert.equal(record?.state.state ?? "none", model.state());
      }
      const sent = (await takeStanzas(engines)).map(
        ({ xml }) => / type="(\w+)"/.exec(xml)?.[1] ?? "available",
      );
      const subscriptions = sent.filter((type) => (stanzaTypes as readonly string[]).includes(type));
      assert.deepEqual(subscriptions, model.stanzas);
      const ids = (await takeEvents(engines)).map(({ id }) => id);
      assert.equal(new Set(ids).size, model.events());
    }),
    { numRuns: 100 },
  );
});
