import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { atMost, pause } from "#connector/pause.ts";
import { limits } from "#core/limits.ts";
import { type FunctionInstance, type FunctionOptions, startInstance } from "./function-instance.ts";
import { failedIds, sqsEvent } from "./sqs-event.ts";

const backoffMsMin = 100;
const backoffMsMax = 5_000;

export interface MappingOptions {
  readonly function: FunctionOptions;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly region: string;
  /** Messages in one invocation, 1 to 10. */
  readonly batchSize: number;
  /** Invocations, and therefore instances, at the same time. */
  readonly concurrency: number;
  readonly client: SQSClient;
  readonly log: (line: string) => void;
  /** Called with the ids of messages that are done with: handled, and deleted from the queue. */
  readonly onDone?: (messageIds: readonly string[]) => void;
}

/** Polls a queue and invokes a function with what it finds, with Lambda's semantics. */
export interface EventSourceMapping {
  /** Ends every instance at once, busy or not: what Lambda calls a crash. */
  crash(): Promise<void>;
  /** Ends polling, lets running invocations finish for at most `graceMs`, and ends the instances. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts polling. One receive waits at a time and the next begins while earlier batches are still handled, so
 * that the number of instances follows the load; a FIFO queue hands out no second batch of a group by itself.
 */
export function startEventSourceMapping(options: MappingOptions): EventSourceMapping {
  const { client, log, queueUrl } = options;
  const name = options.function.name;
  const stopping = new AbortController();
  const idle: FunctionInstance[] = [];
  const all = new Set<FunctionInstance>();
  const running = new Set<Promise<void>>();
  let crashes = 0;

  async function backOff(attempt: number): Promise<void> {
    const ms = Math.min(backoffMsMax, backoffMsMin * 2 ** Math.min(attempt - 1, 10));
    await pause(ms, stopping.signal);
  }

  async function receive(): Promise<Message[]> {
    const answer = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: options.batchSize,
        WaitTimeSeconds: limits.receiveWaitS,
        MessageSystemAttributeNames: ["All"],
        MessageAttributeNames: ["All"],
      }),
      { abortSignal: stopping.signal },
    );
    return answer.Messages ?? [];
  }

  function takeInstance(): FunctionInstance {
    for (let free = idle.pop(); free !== undefined; free = idle.pop()) {
      if (free.alive) return free;
      all.delete(free);
    }
    const started = startInstance(options.function);
    all.add(started);
    return started;
  }

  async function remove(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const Entries = messages.map((message, index) => ({
      Id: String(index),
      ReceiptHandle: message.ReceiptHandle,
    }));
    try {
      await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      options.onDone?.(messages.map((message) => message.MessageId ?? ""));
    } catch (error) {
      // They come again after their visibility timeout: "at least once" is what SQS promises anyway.
      log(`${name}: handled messages could not be deleted: ${textOf(error)}`);
    }
  }

  /** Invokes the function with one batch; whatever goes wrong leaves the messages to their visibility. */
  async function handle(messages: readonly Message[]): Promise<void> {
    const instance = takeInstance();
    const result = await instance.invoke(sqsEvent(messages, options.queueArn, options.region));
    if (result.kind === "crashed") {
      all.delete(instance);
      await instance.terminate();
      log(`${name}: ${result.error}; a new instance takes its place`);
      crashes += 1;
      // The slot stays taken meanwhile: an instance that dies at once must not spin.
      return await backOff(crashes);
    }
    crashes = 0;
    idle.push(instance);
    if (result.kind === "threw") return log(`${name} threw: ${result.error}`);
    const ids = messages.map((message) => message.MessageId ?? "");
    const failed = failedIds(result.value, ids);
    await remove(messages.filter((message) => !failed.has(message.MessageId ?? "")));
  }

  async function poll(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      if (running.size >= options.concurrency) {
        await Promise.race(running);
        continue;
      }
      try {
        const messages = await receive();
        failures = 0;
        if (messages.length === 0) continue;
        const task = handle(messages).finally(() => running.delete(task));
        running.add(task);
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures += 1;
        if (failures === 1) log(`${name}: receiving failed, trying again: ${textOf(error)}`);
        await backOff(failures);
      }
    }
  }

  const polling = poll();
  const terminateAll = async () => {
    await Promise.all([...all].map((instance) => instance.terminate()));
    all.clear();
    idle.length = 0;
  };
  return {
    crash: terminateAll,
    async stop(graceMs) {
      stopping.abort();
      const finished = Promise.all([polling, ...running]);
      await atMost(graceMs, finished);
      await terminateAll();
      await finished;
    },
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name} ${error.message}` : String(error);
}
