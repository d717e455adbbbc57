/** Clocks jump, disks are full, and poison comes from everywhere. */
import { testFaults } from "#test/harness/catalogue.ts";

// The server makes no difference to them: each runs on one.
testFaults(["clock-jump", "disk-full-sqs"], undefined, ["prosody"]);
testFaults(["disk-full-dynamodb", "poison"], undefined, ["ejabberd"]);
