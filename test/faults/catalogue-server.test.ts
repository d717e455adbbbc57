/** The XMPP server ends in the middle of messages both ways. */
import { testFaults } from "#test/harness/catalogue.ts";

testFaults(["server-restart", "server-kill"]);
