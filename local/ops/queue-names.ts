/** The queues of a bridge by the words that people use; further domains have outbound ones of their own. */
import { addressOfDomain } from "#aws/domains.ts";
import { partsOf, type QueueName, type QueueRef, queueNames, queueRefsOf } from "#core/contract/queues.ts";
import { perQueueOf, queueDefinitions } from "#infra/definitions/queues.ts";
import { type Components, domainsAt } from "../read-endpoints.ts";

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

type SharedUrls = Readonly<Record<QueueName, string>>;

/** All URLs, from those of the queues that every bridge has. */
export function urlsOfDomains(
  urls: SharedUrls,
  domains: readonly string[],
): Readonly<Record<QueueRef, string>> {
  return perQueueOf(domains, (ref) => {
    const { queue, domain } = partsOf(ref);
    return domain === undefined ? urls[queue] : (addressOfDomain(urls[queue], domain) ?? urls[queue]);
  });
}

/** All queue URLs of a bridge on this machine, and those of their dead letters. */
export function queueUrlsOf(
  endpoints: Components & {
    readonly sqs: { readonly queues: SharedUrls & { readonly deadLetters: SharedUrls } };
  },
) {
  const { deadLetters, ...queues } = endpoints.sqs.queues;
  const domains = domainsAt(endpoints);
  return { urls: urlsOfDomains(queues, domains), deadLetterUrls: urlsOfDomains(deadLetters, domains) };
}
