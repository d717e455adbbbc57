/** What has to hold between definitions, whoever changes one of them. */
import { type QueueName, queueNames } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { type FunctionDefinition, functionDefinitions } from "./functions.ts";
import { type QueueDefinition, queueDefinitions } from "./queues.ts";

export interface Definitions {
  readonly queues: Readonly<Record<QueueName, QueueDefinition>>;
  readonly functions: Readonly<Record<string, FunctionDefinition>>;
  /** Seconds that ECS gives a connector from SIGTERM on. */
  readonly stopTimeoutS: number;
}

/** ECS kills a container this long after SIGTERM: the connector's own limit, and room for a slow exit. */
export const stopTimeoutS = limits.stopMsMax / 1000 + 10;

/** What has an order, and so needs a FIFO queue. */
const ordered: readonly QueueName[] = queueNames.filter(
  (queue) => queue !== "iqStanzas" && queue !== "walks",
);
/**
 * No message may come back so often that SQS moves it with all its items, while they are still told apart: a first end
 * without a note, one with all items in hand, for each item the ends that give it up, and the attempt that does so where
 * no time is left for another (`functions/crash-notes.ts`). A message holds what the connector's window does, and what it
 * has just read beyond it: twice that is room enough.
 */
const receivesMin = 2 + 2 * limits.windowStanzasMax * (limits.endsInHandMax + 1);
/** The most that Fargate grants. */
const stopTimeoutSMax = 120;

function wrong(key: string, value: unknown, fix: string): string {
  return `definitions: ${key} is ${String(value)}: ${fix}`;
}

function* problemsOf({ queues, functions, stopTimeoutS: stopS }: Definitions): Generator<string> {
  for (const queue of queueNames) {
    const { fifo, receivesMax, bytesMax } = queues[queue];
    const isOrdered = ordered.includes(queue);
    if (fifo !== isOrdered) {
      yield wrong(
        `queues.${queue}.fifo`,
        fifo,
        isOrdered
          ? "set it to true, its messages have an order"
          : "set it to false, it delays messages one by one",
      );
    }
    if (receivesMax < receivesMin)
      yield wrong(`queues.${queue}.receivesMax`, receivesMax, `set it to ${receivesMin} at least`);
    if (bytesMax > limits.queueMessageBytesMax)
      yield wrong(`queues.${queue}.bytesMax`, bytesMax, `SQS takes ${limits.queueMessageBytesMax}`);
  }
  for (const [name, { queue, timeoutS, batchSize, concurrencyMax }] of Object.entries(functions)) {
    const { visibilityS } = queues[queue];
    if (visibilityS < 6 * timeoutS) {
      yield wrong(
        `queues.${queue}.visibilityS`,
        visibilityS,
        `set it to ${6 * timeoutS} at least, six times functions.${name}.timeoutS`,
      );
    }
    if (batchSize < 1 || batchSize > 10)
      yield wrong(`functions.${name}.batchSize`, batchSize, "set it to 1 to 10");
    if (concurrencyMax < 2 || concurrencyMax > 1000)
      yield wrong(`functions.${name}.concurrencyMax`, concurrencyMax, "set it to 2 to 1000");
  }
  if (stopS * 1000 <= limits.stopMsMax)
    yield wrong(
      "stopTimeoutS",
      stopS,
      `set it above stopMsMax, ${limits.stopMsMax / 1000} s, which a drain may take`,
    );
  if (stopS > stopTimeoutSMax)
    yield wrong("stopTimeoutS", stopS, `Fargate grants ${stopTimeoutSMax} at the most`);
}

/** Throws one line for the first contradiction: key, value, fix. */
export function checkDefinitions(
  definitions: Definitions = { queues: queueDefinitions, functions: functionDefinitions, stopTimeoutS },
): void {
  const [problem] = problemsOf(definitions);
  if (problem !== undefined) throw new Error(problem);
}
