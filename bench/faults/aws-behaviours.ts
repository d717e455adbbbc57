/** What can become of a call to AWS: each a function of the call and of what the engine says. */
import {
  type Answer,
  type Call,
  type DeliveredMessage,
  type Entry,
  entriesOf,
  errorAnswer,
  type Members,
  messagesOf,
} from "./aws-call.ts";

/** What the caller gets: an answer, nothing for as long as it waits, only its beginning, or the end of its connection. */
export type Reply = Answer | "silence" | "beginning" | "reset";

export interface Engine {
  /** Asks the engine; throws when the caller is gone. */
  ask(action: string, members: Members): Promise<Answer>;
  /** From 0 to 1. */
  readonly random: () => number;
}

export type Behaviour = (call: Call, engine: Engine) => Promise<Reply>;

const asItIs = ({ action, members }: Call, engine: Engine) => engine.ask(action, members);

/** The call waits; who has given up by then is not served any more. */
export function waitFor(end: Promise<unknown>): Behaviour {
  return async (call, engine) => {
    await end;
    return await asItIs(call, engine);
  };
}

/** The service refuses, and does nothing. */
export function refuse(status: number, code: string, more?: Members): Behaviour {
  return async (call) => errorAnswer(call, status, code, more);
}

/** Nothing happens, and nobody answers. */
export const ignore: Behaviour = async () => "silence";

/** It happens, and nobody answers. */
export const loseAnswer: Behaviour = async (call, engine) => {
  await asItIs(call, engine);
  return "silence";
};

/** It happens, and its answer never ends. */
export const answerInPart: Behaviour = async (call, engine) => {
  await asItIs(call, engine);
  return "beginning";
};

/** It happens, and the connection ends before the answer. */
export const breakAfter: Behaviour = async (call, engine) => {
  await asItIs(call, engine);
  return "reset";
};

/** A transaction that met another one. */
export const cancelTransaction: Behaviour = async (call) => {
  const items = call.members["TransactItems"];
  const reasons = Array.isArray(items) ? items.map(() => ({ Code: "TransactionConflict" })) : [];
  return errorAnswer(call, 400, "TransactionCanceledException", { CancellationReasons: reasons });
};

/** One of them, each as often as the others. */
export function oneOf(...behaviours: readonly Behaviour[]): Behaviour {
  return async (call, engine) => {
    const chosen = behaviours[Math.floor(engine.random() * behaviours.length)] ?? asItIs;
    return await chosen(call, engine);
  };
}

/** Two parts of what was given, each chosen with its share; `chosen` is never empty where anything was given. */
function split<T>(all: readonly T[], share: number, random: () => number): { chosen: T[]; rest: T[] } {
  const chosen = all.filter(() => random() < share);
  if (chosen.length === 0) chosen.push(...all.slice(0, 1));
  return { chosen, rest: all.filter((one) => !chosen.includes(one)) };
}

const failedEntry = ({ Id }: Entry) => ({
  Id,
  SenderFault: false,
  Code: "InternalError",
  Message: "made by a fault",
});

const listOf = (value: unknown): readonly Members[] => (Array.isArray(value) ? value : []);

/** Some entries of a batch fail; the others are done. */
export function failPart(share: number): Behaviour {
  return async (call, engine) => {
    const { chosen, rest } = split(entriesOf(call), share, engine.random);
    const done =
      rest.length === 0
        ? { status: 200, members: { Successful: [] } }
        : await engine.ask(call.action, { ...call.members, Entries: rest });
    const failed = [...listOf(done.members["Failed"]), ...chosen.map(failedEntry)];
    return { ...done, members: { ...done.members, Failed: failed } };
  };
}

/** All entries of a batch are done, and some are reported as failed. */
export function denyPart(share: number): Behaviour {
  return async (call, engine) => {
    const { chosen } = split(entriesOf(call), share, engine.random);
    const done = await asItIs(call, engine);
    const denied = new Set(chosen.map(({ Id }) => Id));
    const honest = listOf(done.members["Successful"]).filter(({ Id }) => !denied.has(String(Id)));
    const failed = [...listOf(done.members["Failed"]), ...chosen.map(failedEntry)];
    return { ...done, members: { ...done.members, Successful: honest, Failed: failed } };
  };
}

const inBatch = (receipts: readonly unknown[], more: Members = {}) =>
  receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, ...more }));

/**
 * Some deletions of a batch are reported as done and lost: their messages come again at once. On a FIFO queue
 * nothing of their group overtakes them, as on AWS.
 */
export function forgetDeletions(share: number): Behaviour {
  return async (call, engine) => {
    const { chosen, rest } = split(entriesOf(call), share, engine.random);
    const { QueueUrl } = call.members;
    const Entries = inBatch(
      chosen.map(({ ReceiptHandle }) => ReceiptHandle),
      { VisibilityTimeout: 0 },
    );
    await engine.ask("ChangeMessageVisibilityBatch", { QueueUrl, Entries });
    if (rest.length > 0) await engine.ask(call.action, { QueueUrl, Entries: rest });
    return { status: 200, members: { Successful: entriesOf(call).map(({ Id }) => ({ Id })), Failed: [] } };
  };
}

/** So often in a row SQS hands nothing out again by mistake; after 1,000 receives it gives a message up itself. */
const earlyReceivesMax = 20;

/** Some of what a receive brings is visible to others again after `seconds`, 0 or more, while it is in hand. */
export function expireEarly(share: number, seconds: number): Behaviour {
  return async (call, engine) => {
    const answer = await asItIs(call, engine);
    const messages = messagesOf(answer).filter((message) => receivesOf(message) <= earlyReceivesMax);
    if (messages.length === 0) return answer;
    const { chosen } = split(messages, share, engine.random);
    const Entries = inBatch(
      chosen.map(({ ReceiptHandle }) => ReceiptHandle),
      { VisibilityTimeout: seconds },
    );
    await engine.ask("ChangeMessageVisibilityBatch", { QueueUrl: call.members["QueueUrl"], Entries });
    return answer;
  };
}

/** What a receive brings is hidden from others for so long, whatever the queue says. */
export function hideFor(seconds: number): Behaviour {
  return (call, engine) => engine.ask(call.action, { ...call.members, VisibilityTimeout: seconds });
}

/** A batch is reported as done, and nothing is done. */
export const pretend: Behaviour = async (call) => ({
  status: 200,
  members: { Successful: entriesOf(call).map(({ Id }) => ({ Id })), Failed: [] },
});

/** Groups of a FIFO queue come in any order; here a receive brings one message of a group at most. */
export const shuffle: Behaviour = async (call, engine) => {
  const answer = await asItIs(call, engine);
  const left = [...messagesOf(answer)];
  if (left.length === 0) return answer;
  const Messages = Array.from({ length: left.length }, () => drawn(left, engine.random));
  return { ...answer, members: { ...answer.members, Messages } };
};

/** Some messages are received by somebody else once they have come before; `onTaken` is told of each. */
export function takeAway(
  isWanted: (message: DeliveredMessage) => boolean,
  onTaken: (message: DeliveredMessage) => void,
): Behaviour {
  return async (call, engine) => {
    const answer = await asItIs(call, engine);
    const messages = messagesOf(answer);
    const wanted = messages.filter((message) => isWanted(message) && receivesOf(message) > 1);
    if (wanted.length === 0) return answer;
    const Entries = inBatch(wanted.map(({ ReceiptHandle }) => ReceiptHandle));
    await engine.ask("DeleteMessageBatch", { QueueUrl: call.members["QueueUrl"], Entries });
    for (const message of wanted) onTaken(message);
    const Messages = messages.filter((message) => !wanted.includes(message));
    return { ...answer, members: { ...answer.members, Messages } };
  };
}

const receivesOf = ({ Attributes }: DeliveredMessage) => Number(Attributes?.["ApproximateReceiveCount"] ?? 1);

const drawn = <T>(all: T[], random: () => number): T | undefined =>
  all.splice(Math.floor(random() * all.length), 1)[0];

/**
 * What a standard queue may do: receives bring messages in any order, late, and some of them twice. Only for such
 * queues. What is kept back when the rule ends comes again after its visibility timeout.
 *
 * @param repeats share of messages that come twice
 */
export function disorder(repeats: number): Behaviour {
  const kept: DeliveredMessage[] = [];
  return async (call, engine) => {
    const answer = await asItIs(call, engine);
    if (answer.status !== 200) return answer;
    const messages = messagesOf(answer);
    kept.push(...messages, ...messages.filter(() => engine.random() < repeats));
    // At most as many as the caller asked for; an empty receive hands out what is left.
    const wanted = Number(call.members["MaxNumberOfMessages"] ?? 1);
    const count = messages.length === 0 ? wanted : Math.ceil(engine.random() * wanted);
    const given = new Map<string, DeliveredMessage>();
    for (let i = 0; i < count; i++) {
      const message = drawn(kept, engine.random);
      if (message === undefined) break;
      // One answer never holds a message twice.
      if (given.has(message.MessageId)) kept.push(message);
      else given.set(message.MessageId, message);
    }
    const { Messages: _, ...rest } = answer.members;
    return { ...answer, members: given.size === 0 ? rest : { ...rest, Messages: [...given.values()] } };
  };
}
