/** DynamoDB throttles, meets other writers, does not answer, or the lease cannot be reached. */
import { testFaults } from "#test/harness/catalogue.ts";

// The server makes no difference to them: each runs on one.
testFaults(["dynamodb-throttling", "lease-unreachable"], undefined, ["prosody"]);
testFaults(["dynamodb-conflicts", "dynamodb-timeouts"], undefined, ["ejabberd"]);
