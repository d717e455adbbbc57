/** The `walks` queue in the test's own hands: what is for later is kept, with its delay, until the test wants it. */
import assert from "node:assert/strict";
import type { SQSRecord } from "aws-lambda";
import type { OutgoingMessage, Queues } from "#aws/queues.ts";
import { encodeItem, readWalkPack, type WalkTask, writePack } from "#core/contract/envelope.ts";
import type { QueueRef } from "#core/contract/queues.ts";
import type { Ports } from "#functions/ports.ts";
import { walkWork } from "#functions/walk.ts";
import type { Engines } from "./functions.ts";
import { record } from "./lambda-events.ts";
import { invoke } from "./runs.ts";

export interface Later {
  readonly task: WalkTask;
  readonly delayS: number;
}

export interface HeldWalks extends Pick<Engines, "table" | "queues"> {
  /** What was put into `walks`, oldest first. */
  readonly held: Later[];
  /** Everything that was sent to the other queues, before SQS drops repeats. */
  readonly sent: (OutgoingMessage & { readonly queue: QueueRef })[];
}

/** The real ports, but that of `walks`, where nothing waits for its time. */
export function holdWalks(engines: Pick<Engines, "table" | "queues">): HeldWalks {
  const held: Later[] = [];
  const sent: HeldWalks["sent"] = [];
  const queues: Queues = {
    ...engines.queues,
    async send(queue, messages) {
      if (queue !== "walks") {
        sent.push(...messages.map((message) => ({ ...message, queue })));
        return engines.queues.send(queue, messages);
      }
      for (const { body, delayS = 0 } of messages) {
        const pack = readWalkPack(body);
        assert.ok(pack.ok);
        held.push(...pack.value.items.map((task) => ({ task, delayS })));
      }
      return [];
    },
  };
  return { table: engines.table, queues, held, sent };
}

/** The message that brings a task, as SQS hands it out. */
export function walkRecord(task: WalkTask): SQSRecord {
  return record({ body: writePack([encodeItem(task)]), group: "" });
}

/** Takes one step; whether it was done, or has to come again. */
export async function takeStep(task: WalkTask, ports: Ports): Promise<boolean> {
  const { batchItemFailures } = await invoke(walkWork, ports, [walkRecord(task)]);
  return batchItemFailures.length === 0;
}

/** Takes what was put aside, and what comes of it, until nothing is left; all that was taken, in order. */
export async function walkToEnd(held: Later[], ports: Ports): Promise<Later[]> {
  const taken: Later[] = [];
  for (let next = held.shift(); next !== undefined; next = held.shift()) {
    assert.ok(await takeStep(next.task, ports), "the step is done");
    taken.push(next);
    assert.ok(taken.length < 100, "the walk ends");
  }
  return taken;
}
