/** What has to hold between definitions is said before anything is deployed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { QueueName } from "#core/contract/queues.ts";
import { checkDefinitions, type Definitions, stopTimeoutS } from "#infra/definitions/check.ts";
import { functionDefinitions } from "#infra/definitions/functions.ts";
import { type QueueDefinition, queueDefinitions } from "#infra/definitions/queues.ts";

const good: Definitions = { queues: queueDefinitions, functions: functionDefinitions, stopTimeoutS };

function withQueue(queue: QueueName, change: Partial<QueueDefinition>): Definitions {
  return { ...good, queues: { ...queueDefinitions, [queue]: { ...queueDefinitions[queue], ...change } } };
}

function withMessage(change: Partial<(typeof functionDefinitions)["message"]>): Definitions {
  return { ...good, functions: { message: { ...functionDefinitions.message, ...change } } };
}

describe("definitions that contradict each other are refused with key, value and fix", () => {
  test("ours do not", () => {
    checkDefinitions(good);
  });

  for (const [definitions, complaint] of [
    [withQueue("nativeDeliveries", { fifo: false }), "queues.nativeDeliveries.fifo is false: set it to true"],
    [withQueue("walks", { fifo: true }), "queues.walks.fifo is true: set it to false"],
    [
      withQueue("iqStanzas", { receivesMax: 601 }),
      "queues.iqStanzas.receivesMax is 601: set it to 602 at least",
    ],
    [withQueue("walks", { bytesMax: 2 ** 21 }), "queues.walks.bytesMax is 2097152: SQS takes 1048576"],
    [
      withQueue("messageStanzas", { visibilityS: 59 }),
      "queues.messageStanzas.visibilityS is 59: set it to 60 at least, six times functions.message.timeoutS",
    ],
    [withMessage({ timeoutS: 11 }), "visibilityS is 60: set it to 66 at least"],
    [withMessage({ batchSize: 11 }), "functions.message.batchSize is 11: set it to 1 to 10"],
    [withMessage({ concurrencyMax: 1 }), "functions.message.concurrencyMax is 1: set it to 2 to 1000"],
    [{ ...good, stopTimeoutS: 20 }, "stopTimeoutS is 20: set it above stopMsMax, 20 s"],
    [{ ...good, stopTimeoutS: 121 }, "stopTimeoutS is 121: Fargate grants 120 at the most"],
  ] as const) {
    test(complaint, () => {
      assert.throws(
        () => checkDefinitions(definitions),
        ({ message }: Error) => message.startsWith("definitions: ") && message.includes(complaint),
      );
    });
  }
});
