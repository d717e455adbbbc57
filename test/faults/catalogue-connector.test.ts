/** The only connector ends in the middle of messages both ways. */
import { testFaults } from "#test/harness/catalogue.ts";

testFaults(["connector-stop-alone", "connector-kill-alone"]);
