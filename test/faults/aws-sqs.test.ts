/** SQS stalls, refuses, throttles, or does not answer, while messages flow. */
import { testFaults } from "#test/harness/catalogue.ts";

// The server makes no difference to them: each runs on one.
testFaults(["sqs-stall", "sqs-errors"], undefined, ["prosody"]);
testFaults(["sqs-throttling", "sqs-timeouts"], undefined, ["ejabberd"]);
