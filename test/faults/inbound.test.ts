/** Two thousand messages from XMPP users, with the connector going down in the middle. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { onEachServer } from "#test/harness/bridge.ts";
import {
  countEvents,
  countMessages,
  makeLedger,
  messageCount,
  parties,
  sendAll,
  sent,
} from "#test/harness/conversation.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

onEachServer(
  "an inbound run",
  (scenario) => {
    let accounts: XmppUser[];
    before(async () => {
      accounts = await Promise.all(parties.accounts.map(({ name }) => scenario.login(name)));
    });

    test("the connector asked to stop and restarted: each message arrives or comes back, in order", async () => {
      const settled = makeLedger();
      const delivered = makeLedger(settled);
      // What the server gives back to the sender, as it does while there is no component.
      const bounced = makeLedger(settled);
      countEvents(scenario.native, delivered);
      for (const account of accounts) countMessages(account, makeLedger(), bounced);
      const third = Math.floor(sent.length / 3);
      await Promise.all(accounts.map((account) => sendAll(account, sent.slice(0, third))));
      // The connector has not read all of these yet, and more come while it stops.
      await Promise.all([
        scenario.bridge.killConnector("SIGTERM"),
        ...accounts.map((account) => sendAll(account, sent.slice(third))),
        settled.reached(messageCount),
      ]);
      assert.equal(settled.repeats, 0, "messages that arrived and came back");
      assert.equal(scenario.native.repeats, 0, "events that came twice");
      for (const [pair, ids] of delivered.arrived) {
        const inOrder = sent.filter((id) => ids.has(id));
        assert.deepEqual([...ids], inOrder, `messages of ${pair}`);
      }
    });
  },
  parties,
);
