/** The connection between connector and server breaks, or is slow, in the middle of messages both ways. */
import { testFaults } from "#test/harness/catalogue.ts";

testFaults(["link-reset", "link-slow"]);
