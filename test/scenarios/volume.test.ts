/** Two thousand messages each way between fifty pairs. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { onEachServer } from "#test/harness/bridge.ts";
import {
  countEvents,
  countMessages,
  emitAll,
  makeLedger,
  messageCount,
  parties,
  sendAll,
} from "#test/harness/conversation.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

onEachServer(
  `${messageCount} messages each way`,
  (scenario) => {
    let accounts: XmppUser[];
    before(async () => {
      accounts = await Promise.all(parties.accounts.map(({ name }) => scenario.login(name)));
    });

    test("both ways at once: none lost, none twice, each pair's in order", async () => {
      const inbound = makeLedger();
      const outbound = makeLedger();
      countEvents(scenario.native, inbound);
      for (const account of accounts) countMessages(account, outbound);
      await Promise.all([
        emitAll(scenario.native),
        ...accounts.map((account) => sendAll(account)),
        inbound.reached(messageCount),
        outbound.reached(messageCount),
      ]);
      inbound.assertWhole();
      outbound.assertWhole();
      assert.equal(outbound.repeats, 0, "messages that came twice to a client");
      assert.equal(outbound.stored, 0, "messages that waited for a login");
      assert.equal(scenario.native.repeats, 0, "events that came twice");
    });
  },
  parties,
);
