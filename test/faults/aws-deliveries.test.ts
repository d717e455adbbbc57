/** SQS fails parts of batches, and hands out what it has handed out before. */
import { testFaults } from "#test/harness/catalogue.ts";

// The server makes no difference to them: each runs on one.
testFaults(["sqs-partial-batches", "sqs-visibility"], undefined, ["prosody"]);
testFaults(["sqs-duplicates", "sqs-disorder"], undefined, ["ejabberd"]);
