/** A connector ends in the middle of messages both ways, and its standby takes over. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { limits } from "#core/limits.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { messageCount, parties } from "#test/harness/conversation.ts";
import { makeFlow, placesOf, signal, upAfter } from "#test/harness/take-over.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

/** The promise of the hand-over, and of what comes on top of a dead holder's lease. */
const promisedMs = 2_000;
/** What a loaded machine may add. */
const loadMs = 3_000;

onEachServer(
  "a take-over",
  (scenario) => {
    let accounts: XmppUser[];
    before(async () => {
      accounts = await Promise.all(parties.accounts.map(({ name }) => scenario.login(name)));
    });

    test("the holder asked to stop: the standby has the stream soon, and nothing is lost or turned", async (t) => {
      const flow = makeFlow(scenario, accounts);
      const { holder, standby, fence } = await placesOf(scenario.bridge);
      const running = flow.run();
      await flow.outbound.reached(messageCount / 4);
      signal(holder, "SIGTERM");
      const up = await upAfter(standby);
      t.diagnostic(`hand-over on ${scenario.server}: ${up.ms} ms`);
      assert.ok(up.ms <= promisedMs + loadMs, `${up.ms} ms`);
      assert.ok(up.fence > fence);
      await Promise.all([running, flow.outbound.reached(messageCount), flow.inboundSettled()]);
      t.diagnostic(`bounced meanwhile: ${flow.bounced.count} of ${messageCount}`);
      flow.outbound.assertWhole();
      assert.equal(flow.outbound.repeats, 0, "messages that came twice");
      assert.equal(flow.late.count, 0, "stanzas that were late");
    });

    test("the holder killed: the standby has the stream when the lease is over, no outbound message is lost", async (t) => {
      const flow = makeFlow(scenario, accounts);
      const { holder, standby, fence } = await placesOf(scenario.bridge);
      const running = flow.run();
      await flow.outbound.reached(messageCount / 4);
      signal(holder, "SIGKILL");
      const up = await upAfter(standby);
      t.diagnostic(`take-over after kill -9 on ${scenario.server}: ${up.ms} ms`);
      assert.ok(up.ms <= limits.leaseMs + promisedMs + loadMs, `${up.ms} ms`);
      assert.ok(up.fence > fence);
      const lostMax = limits.windowStanzasMax;
      await Promise.all([running, flow.outbound.reached(messageCount), flow.inboundSettled(lostMax)]);
      t.diagnostic(`inbound: ${messageCount - flow.settled.count} lost, ${flow.bounced.count} bounced`);
      t.diagnostic(`outbound: ${flow.outbound.repeats} came twice`);
      flow.outbound.assertWhole();
    });
  },
  { ...parties, connectors: 2, timeoutMs: 240_000 },
);
