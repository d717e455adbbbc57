/** The one pipeline of all functions: groups in parallel, a group in order, partial batch responses, one log line. */
import middy from "@middy/core";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { deniedAction, isTransient } from "#aws/faults.ts";
import { hashId } from "#aws/hash.ts";
import { itemIdsOf } from "#core/contract/item-ids.ts";
import type { QueueName } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { retryVisibilityS } from "#core/retry.ts";
import type { Ports } from "./ports.ts";
import { beginInvocation } from "./tracing.ts";

/** One message of the function's queue. */
export interface QueueRecord {
  readonly messageId: string;
  readonly receipt: string;
  readonly body: string;
  /** Empty on a standard queue. */
  readonly group: string;
  /** SQS sequence number; empty on a standard queue. */
  readonly sequence: string;
  readonly receives: number;
}

export interface Work {
  /** The function's name, for its log. */
  readonly name: string;
  /** The queue that it reads. */
  readonly queue: QueueName;
  /** Handles one message. A transient fault returns it to the queue, any other sets it aside whole. */
  readonly handle: (record: QueueRecord, ports: Ports, isLate: IsLate) => Promise<void>;
}

/** Whether the invocation has no time left to begin with more: what is in hand then needs the rest of it. */
export type IsLate = () => boolean;

/** An invocation under way. */
interface Invocation {
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  /** What it has handled so far. */
  readonly handled: QueueRecord[];
  readonly isLate: IsLate;
}

function toRecord(record: SQSRecord): QueueRecord {
  const { MessageGroupId, SequenceNumber, ApproximateReceiveCount } = record.attributes;
  return {
    messageId: record.messageId,
    receipt: record.receiptHandle,
    body: record.body,
    group: MessageGroupId ?? "",
    sequence: SequenceNumber ?? "",
    receives: Number(ApproximateReceiveCount),
  };
}

/** Messages of one group stay together, in order; each message of a standard queue is a group of its own. */
function byGroup(records: readonly QueueRecord[]): QueueRecord[][] {
  const groups = Map.groupBy(records, ({ group, messageId }) => group || messageId);
  return [...groups.values()];
}

/** What an unexpected error may say in a log or a dead letter: its name, never its message with user text. */
export function errorWord(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const action = deniedAction(error);
  return action === undefined ? error.name : `${error.name} ${action}`;
}

/** Where our code failed, without the message: frames hold file names and lines only. */
function frames(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 4)
    .map((line) => line.trim());
}

/** Sets a message or an item of one aside, so that the rest goes on. */
export async function setAside(
  ports: Ports,
  work: Pick<Work, "name" | "queue">,
  letter: { reason: string; text: string; cause: string; trace?: string; body?: string; group: string },
): Promise<void> {
  const { reason, cause } = letter;
  await ports.queues.setAside(work.queue, { ...letter, at: new Date(ports.clock()).toISOString() });
  ports.log({ level: "warn", event: "set-aside", function: work.name, reason, cause, trace: letter.trace });
}

/** Handles one message; where our code fails, the message is set aside. Throws only what time mends. */
async function handleRecord(
  work: Work,
  ports: Ports,
  record: QueueRecord,
  { handled, isLate }: Invocation,
): Promise<void> {
  try {
    await work.handle(record, ports, isLate);
    handled.push(record);
  } catch (error) {
    if (isTransient(error)) throw error;
    ports.log({
      level: "error",
      event: "fault",
      function: work.name,
      error: errorWord(error),
      at: frames(error),
    });
    await setAside(ports, work, {
      reason: "fault",
      text: errorWord(error),
      cause: record.messageId,
      body: record.body,
      group: record.group || hashId(record.messageId),
    });
  }
}

/**
 * Handles a group in order. Returns the messages that have to come again, since one failed for a while or there is
 * no time for them: an invocation that Lambda ends has answered nothing, and even what was handled would come again.
 */
async function handleGroup(
  work: Work,
  ports: Ports,
  records: readonly QueueRecord[],
  invocation: Invocation,
): Promise<readonly QueueRecord[]> {
  for (const [index, record] of records.entries()) {
    if (invocation.isLate()) return records.slice(index);
    try {
      await handleRecord(work, ports, record, invocation);
    } catch (error) {
      ports.log({
        level: "warn",
        event: "retry",
        function: work.name,
        message: record.messageId,
        error: errorWord(error),
      });
      return records.slice(index);
    }
  }
  return [];
}

/**
 * Handles all groups, and returns what has to come again. Groups run in parallel, but for those with a message
 * that comes back: it may have killed the function, so while it is in hand nothing else is, lest the crash is
 * blamed on others.
 */
async function handleGroups(
  work: Work,
  ports: Ports,
  groups: readonly (readonly QueueRecord[])[],
  invocation: Invocation,
): Promise<QueueRecord[]> {
  const isSuspect = (group: readonly QueueRecord[]) => group.some(({ receives }) => receives > 1);
  const fresh = groups.filter((group) => !isSuspect(group));
  const again = (await Promise.all(fresh.map((group) => handleGroup(work, ports, group, invocation)))).flat();
  for (const group of groups.filter(isSuspect)) {
    again.push(...(await handleGroup(work, ports, group, invocation)));
  }
  return again;
}

/** Makes the Lambda handler of a work. */
export function makeHandler(work: Work, ports: Ports): (event: SQSEvent) => Promise<SQSBatchResponse> {
  const begun: Begun = new WeakMap();
  async function handle(event: SQSEvent): Promise<SQSBatchResponse> {
    const { tracer, end } = beginInvocation(ports, work.name);
    const groups = byGroup(event.Records.map(toRecord));
    const again = await handleGroups(work, { ...ports, tracer }, groups, begun.get(event) ?? begin(ports));
    const refused = ports.refusals.take(work.name, ports.clock());
    if (refused !== undefined) ports.log(refused);
    await comeAgainSoon(ports, work, again);
    await end({ messages: event.Records.length, failed: again.length });
    return { batchItemFailures: again.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  }
  return middy<SQSEvent, SQSBatchResponse>()
    .use(logHandled(work, ports, begun))
    .handler(handle) as unknown as (event: SQSEvent) => Promise<SQSBatchResponse>;
}

/** Shortens the visibility of what comes again; without it the queue's own, longer one holds. */
async function comeAgainSoon(ports: Ports, work: Work, again: readonly QueueRecord[]): Promise<void> {
  const byDelay = Map.groupBy(again, ({ receives }) => retryVisibilityS(receives));
  for (const [visibilityS, records] of byDelay) {
    try {
      await ports.queues.extend(work.queue, records, visibilityS);
    } catch (error) {
      ports.log({ level: "warn", event: "visibility", function: work.name, error: errorWord(error) });
    }
  }
}

/** The ids of a message and of all in it. */
function idsOf({ messageId, body }: QueueRecord): readonly (readonly string[])[] {
  const items = itemIdsOf(body);
  return items.length === 1 ? [[messageId, ...items.flat()]] : [[messageId], ...items];
}

/** Invocations under way. */
type Begun = WeakMap<SQSEvent, Invocation>;

function begin({ clock }: Ports): Invocation {
  const startedAt = clock();
  return { startedAt, handled: [], isLate: () => clock() - startedAt >= limits.beginsMsMax };
}

/** One line an invocation, with the ids of all that was handled: a line each has its own way through the console. */
function logHandled(work: Work, ports: Ports, begun: Begun): middy.MiddlewareObj<SQSEvent, SQSBatchResponse> {
  return {
    before: ({ event }) => {
      begun.set(event, begin(ports));
    },
    after: ({ event, response }) => {
      const { startedAt, handled } = begun.get(event) ?? begin(ports);
      ports.log({
        level: "info",
        event: "handled",
        function: work.name,
        items: handled.flatMap(idsOf),
        failed: response?.batchItemFailures.length ?? 0,
        ms: ports.clock() - startedAt,
      });
    },
  };
}

/** The handler that Lambda calls: made with the environment's ports at the first invocation of an instance. */
export function onLambda(makePorts: () => Ports, work: Work): (event: SQSEvent) => Promise<SQSBatchResponse> {
  let handler: ReturnType<typeof makeHandler> | undefined;
  return (event) => {
    handler ??= makeHandler(work, makePorts());
    return handler(event);
  };
}
