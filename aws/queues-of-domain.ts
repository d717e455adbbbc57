import { type QueueName, type QueueRef, queueNames, queueOfDomain } from "#core/contract/queues.ts";
import type { Queues } from "./queues.ts";

/** The queues as one domain's connector sees them: the outbound ones are its own, by the names of everybody's. */
export function queuesOfDomain(queues: Queues, domain: string, domains: readonly string[]): Queues {
  const refs = new Map<QueueRef, QueueRef>(
    queueNames.map((queue: QueueName) => [queue, queueOfDomain(queue, domain, domains)]),
  );
  const at = (queue: QueueRef) => refs.get(queue) ?? queue;
  return {
    send: (queue, ...rest) => queues.send(at(queue), ...rest),
    setAside: (queue, letter) => queues.setAside(at(queue), letter),
    receive: (queue, options) => queues.receive(at(queue), options),
    remove: (queue, messages) => queues.remove(at(queue), messages),
    extend: (queue, messages, visibilityS) => queues.extend(at(queue), messages, visibilityS),
  };
}
