/** The holder of the lease stands still, or the table of the lease does, in the middle of messages both ways. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { limits } from "#core/limits.ts";
import { waitUntil } from "#local/ports.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { messageCount, parties } from "#test/harness/conversation.ts";
import { makeFlow, placesOf, signal, streamsUp, upAfter } from "#test/harness/take-over.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

/** What comes on top of the lease, and what a loaded machine may add. */
const promisedMs = 2_000;
const loadMs = 3_000;

onEachServer(
  "a lease that is over",
  (scenario) => {
    let accounts: XmppUser[];
    before(async () => {
      accounts = await Promise.all(parties.accounts.map(({ name }) => scenario.login(name)));
    });

    test("the holder frozen for longer than the lease: it is displaced, and on waking does no harm", async (t) => {
      const flow = makeFlow(scenario, accounts);
      const { holder, standby, fence } = await placesOf(scenario.bridge);
      t.after(() => signal(holder, "SIGCONT"));
      const running = flow.run();
      await flow.outbound.reached(messageCount / 4);
      signal(holder, "SIGSTOP");
      const up = await upAfter(standby);
      t.diagnostic(`take-over from a frozen holder on ${scenario.server}: ${up.ms} ms`);
      assert.ok(up.ms <= limits.leaseMs + promisedMs + loadMs, `${up.ms} ms`);
      assert.ok(up.fence > fence);
      // Messages meet the new holder while the old one sleeps; then it wakes in the middle of them.
      await flow.outbound.reached((messageCount * 3) / 4);
      signal(holder, "SIGCONT");
      await Promise.all([running, flow.outbound.reached(messageCount), flow.inboundSettled()]);
      t.diagnostic(`inbound: ${flow.late.count} late, ${flow.bounced.count} bounced`);
      t.diagnostic(`outbound: ${flow.outbound.repeats} came twice`);
      flow.outbound.assertWhole();
      for (const late of flow.lateFences) assert.equal(late, fence, "late ones carry the old fence");
      // It stands by from now on, and nobody has displaced its successor.
      const after = await placesOf(scenario.bridge);
      assert.equal(after.standby, holder);
    });

    test("the table out of reach: the holder steps down at the end of its lease, and one of them returns with it", async (t) => {
      const flow = makeFlow(scenario, accounts);
      const { fence } = await placesOf(scenario.bridge);
      const { dynamodb } = scenario.bridge.endpoints.processes;
      assert.ok(dynamodb !== undefined);
      t.after(() => process.kill(dynamodb, "SIGCONT"));
      const running = flow.run();
      await flow.outbound.reached(messageCount / 4);
      const begun = performance.now();
      process.kill(dynamodb, "SIGSTOP");
      const isDown = async () => (await streamsUp(scenario.bridge)).length === 0;
      await waitUntil(isDown, { what: "end of the stream", timeoutMs: limits.leaseMs + loadMs });
      t.diagnostic(`stepped down on ${scenario.server} after ${Math.round(performance.now() - begun)} ms`);
      process.kill(dynamodb, "SIGCONT");
      const back = performance.now();
      const places = await placesOf(scenario.bridge);
      t.diagnostic(`stream and standby back after ${Math.round(performance.now() - back)} ms`);
      assert.ok(places.fence > fence);
      await Promise.all([running, flow.outbound.reached(messageCount), flow.inboundSettled()]);
      t.diagnostic(`inbound: ${flow.bounced.count} bounced`);
      flow.outbound.assertWhole();
      assert.equal(flow.late.count, 0, "it had the time to hand over what it had read");
    });
  },
  { ...parties, connectors: 2, timeoutMs: 240_000 },
);
