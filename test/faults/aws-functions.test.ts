/** Functions die in the middle of their work. */
import { testFaults } from "#test/harness/catalogue.ts";

// The server makes no difference to them: each runs on one.
testFaults(["function-crash"], undefined, ["prosody"]);
testFaults(["function-timeout"], undefined, ["ejabberd"]);
