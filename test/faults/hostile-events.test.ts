/** Whatever the native system emits: the stream stays the same one, and nothing that may not leave is made of it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { asciiJson } from "#core/contract/envelope.ts";
import { nativeEventTypes } from "#core/contract/events.ts";
import { nativeExample } from "#local/docs/examples.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { hostileCount, seed } from "#test/harness/env.ts";
import { nextEvent } from "#test/harness/hostile/events.ts";
import { makeRandom, type Random } from "#test/harness/hostile/random.ts";
import { connectRaw, type RawClient } from "#test/harness/hostile/raw-client.ts";

/** Events between two looks at what has come of them. */
const batchMax = 20;
/** These end what the others need. */
const endings = ["user.removed", "contact.blocked", "contact.removed"];

const exampleIds = new Set(nativeEventTypes.map((type) => nativeExample(type).id));

/** An event that no earlier one makes a repeat of, from somebody who is there to somebody who is there. */
function nextOwnEvent(random: Random): string {
  const body = nextEvent(random).replaceAll("alice@example.org", "alice@localhost");
  if (endings.some((type) => body.includes(type))) return nextOwnEvent(random);
  try {
    const event = JSON.parse(body);
    if (!exampleIds.has(event.id)) return body;
    return asciiJson({ ...event, id: randomUUID(), time: new Date().toISOString() });
  } catch {
    return body;
  }
}

onEachServer(
  "hostile events of the native system",
  (scenario) => {
    let neighbour: RawClient;
    let contact: RawClient;
    before(async () => {
      const { xmpp } = scenario.bridge.endpoints;
      neighbour = await connectRaw(xmpp, "bob", "bob", "raw");
      contact = await connectRaw(xmpp, "alice", "alice", "raw");
    });
    after(async () => await Promise.all([neighbour.close(), contact.close()]));

    test(`${hostileCount} events at random, seed ${seed}`, async (t) => {
      t.diagnostic(`CAUSEWAY_SEED=${seed} CAUSEWAY_HOSTILE=${hostileCount}`);
      const random = makeRandom(seed);
      let refused = 0;
      for (let sent = 0; sent < hostileCount; sent += batchMax) {
        const batch = Array.from({ length: Math.min(hostileCount - sent, batchMax) }, () =>
          nextOwnEvent(random),
        );
        for (const body of batch) {
          // What SQS does not take was never accepted.
          await scenario.operator.put("nativeEvents", [body], "nina").catch(() => {
            refused += 1;
          });
        }
        const id = `good ${sent}`;
        const data = { user: "noah", contact: "bob@localhost", id, body: "x" };
        await scenario.native.emit({ type: "message.sent", data });
        assert.equal(await neighbour.nextId("noah@im.localhost"), id);
        assert.equal(scenario.wire.streams, 1, `the stream was closed by one of these:\n${batch.join("\n")}`);
      }
      for (const queue of ["nativeEvents", "outboundStanzas", "outboundPresence"] as const) {
        await scenario.operator.emptied(queue);
      }
      assert.equal(scenario.wire.streams, 1);
      // Only what is no event at all is set aside; what became of the others was fit to leave.
      const reasons = scenario.operator.deadLetters("nativeEvents").items.map(({ reason }) => reason);
      assert.deepEqual(
        [...new Set(reasons)].filter((reason) => !/^not-(json|cloudevent)$/.test(reason)),
        [],
      );
      for (const queue of ["outboundStanzas", "outboundPresence"] as const) {
        assert.deepEqual(scenario.operator.deadLetters(queue).items, []);
      }
      const arrived = contact.inbox.items.filter((xml) => xml.startsWith("<message")).length;
      const rejected = scenario.native.inbox.items.filter(({ type }) => type === "event.rejected").length;
      t.diagnostic(
        `${arrived} messages arrived, ${rejected} events were rejected, ${refused} were nothing for SQS`,
      );
      assert.ok(arrived > hostileCount / 20 && rejected > hostileCount / 20, `${arrived} and ${rejected}`);
    });
  },
  { wire: true, timeoutMs: 900_000 },
);
