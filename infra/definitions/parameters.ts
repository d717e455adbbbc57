import { queueSuffixOf } from "#aws/domains.ts";
import type { QueueName } from "#core/contract/queues.ts";
import { queueDefinitions } from "./queues.ts";

/**
 * Names of the SSM parameters in which a deployment says where its parts are: the stacks write them, `npm run ops`
 * reads all below the prefix.
 */
export const parameterPrefix = "/causeway";

/** Parameters of a queue: its URL and ARN, and the URL of its dead letters. */
export function queueParameter(queue: QueueName, what: "url" | "arn" | "dead-url"): string {
  return `${parameterPrefix}/queues/${queueDefinitions[queue].base}/${what}`;
}

/** Of a domain that has a server and a secret of its own; by its hash, as names of parameters are ASCII. */
export function serverParameter(
  domain: string,
  what: "xmpp-service" | "xmpp-secret-arn" | "xmpp-ca",
): string {
  return `${parameterPrefix}/servers/${queueSuffixOf(domain)}/${what}`;
}

/** The certificates of `xmppCaFile`, in PEM; only where that is set. */
export const authoritiesParameter = `${parameterPrefix}/xmpp-ca`;

/** Everything else. */
export const parameters = {
  /** Name of the table. */
  table: `${parameterPrefix}/table`,
  /** The component domains that are served, separated by commas. */
  domains: `${parameterPrefix}/domains`,
  /** `xmpps://host:port` of the XMPP server's component listener, for every domain without one of its own. */
  xmppService: `${parameterPrefix}/xmpp-service`,
  /** ARN of the component's secret in Secrets Manager, as much. */
  xmppSecretArn: `${parameterPrefix}/xmpp-secret-arn`,
  /** Log groups of everything that runs, separated by commas: the connector's first. */
  logGroups: `${parameterPrefix}/log-groups`,
} as const;
