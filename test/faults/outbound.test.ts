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

    /** Emits everything, and does something when a third has arrived. */
    async function emitAround(disturb: () => Promise<void>): Promise<void> {
      const emitted = emitAll(scenario.native);
      await ledger.reached(messageCount / 3);
      await Promise.all([emitted, disturb()]);
    }

    async function arrived(): Promise<void> {
      await ledger.reached(messageCount);
      ledger.assertWhole();
    }

    test("the connector killed and restarted: none lost, each pair's in order", async () => {
      await emitAround(() => scenario.bridge.killConnector("SIGKILL"));
      await arrived();
      assert.equal(ledger.stored, 0, "messages that waited for a login");
    });

    test("the connector asked to stop and restarted: none lost, none twice, each pair's in order", async () => {
      await emitAround(() => scenario.bridge.killConnector("SIGTERM"));
      await arrived();
      // Nothing was left unconfirmed.
      assert.equal(ledger.repeats, 0, "messages that came twice");
      assert.equal(ledger.stored, 0, "messages that waited for a login");
    });

    test("the XMPP server restarted: none lost, each pair's in order", async () => {
      await emitAround(() => scenario.bridge.restartServer());
      // What has left both queues has been routed: to a session, or into the server's store.
      await scenario.operator.emptied("nativeEvents");
      await scenario.operator.emptied("outboundStanzas");
      // ejabberd may store a message behind the back of an account that is just logging in, and then hands it over
      // at the next login (docs/decisions/0015-stop-of-the-server.md).
      const later = await Promise.all(parties.accounts.map(({ name }) => scenario.login(name, "later")));
      for (const account of later) countMessages(account, ledger);
      await arrived();
    });
  },
  { ...parties, timeoutMs: 240_000 },
);
