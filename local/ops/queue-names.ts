/** The queues of a bridge by the words that people use; further domains have outbound ones of their own. */
import { addressOfDomain } from "#aws/domains.ts";
import { partsOf, type QueueName, type QueueRef, queueNames, queueRefsOf } from "#core/contract/queues.ts";
import { perQueueOf, queueDefinitions } from "#infra/definitions/queues.ts";

/** All queues of a bridge that serves these domains. */
export function queuesOfDomains(domains: readonly string[]): readonly QueueRef[] {
  return queueNames.flatMap((queue) => queueRefsOf(queue, domains));
}

/** `native-events`; of a further domain `outbound-stanzas/chat.example.net`. */
export function wordOf(ref: QueueRef): string {
  const { queue, domain } = partsOf(ref);
  const { base } = queueDefinitions[queue];
  return domain === undefined ? base : `${base}/${domain}`;
}

/** All URLs, from those of the queues that every bridge has. */
export function urlsOfDomains(
  urls: Readonly<Record<QueueName, string>>,
  domains: readonly string[],
): Readonly<Record<QueueRef, string>> {
  return perQueueOf(domains, (ref) => {
    const { queue, domain } = partsOf(ref);
    return domain === undefined ? urls[queue] : (addressOfDomain(urls[queue], domain) ?? urls[queue]);
  });
}
