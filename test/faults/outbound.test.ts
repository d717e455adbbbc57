/** Two thousand messages to XMPP users, with something killed or restarted in the middle. */
import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { onEachServer } from "#test/harness/bridge.ts";
import {
  countMessages,
  emitAll,
  type Ledger,
  makeLedger,
  messageCount,
  parties,
} from "#test/harness/conversation.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

onEachServer(
  "an outbound run",
  (scenario) => {
    let accounts: XmppUser[];
    let ledger: Ledger;
    before(async () => {
      accounts = await Promise.all(parties.accounts.map(({ name }) => scenario.login(name)));
    });
    beforeEach(() => {
      ledger = makeLedger();
      for (const account of accounts) countMessages(account, ledger);
    });

    /** Emits everything, does something when a third has arrived, and waits for the rest. */
    async function run(disturb: () => Promise<void>): Promise<void> {
      const emitted = emitAll(scenario.native);
      await ledger.reached(messageCount / 3);
      const disturbed = disturb();
      await Promise.all([emitted, disturbed, ledger.reached(messageCount)]);
      ledger.assertWhole();
    }

    test("the connector killed and restarted: none lost, each pair's in order", async () => {
      await run(() => scenario.bridge.killConnector("SIGKILL"));
      assert.equal(ledger.stored, 0, "messages that waited for a login");
    });

    test("the connector asked to stop and restarted: none lost, none twice, each pair's in order", async () => {
      await run(() => scenario.bridge.killConnector("SIGTERM"));
      // Nothing was left unconfirmed.
      assert.equal(ledger.repeats, 0, "messages that came twice");
      assert.equal(ledger.stored, 0, "messages that waited for a login");
    });

    test("the XMPP server restarted: none lost, each pair's in order", async () => {
      await run(() => scenario.bridge.restartServer());
    });
  },
  { ...parties, timeoutMs: 240_000 },
);
