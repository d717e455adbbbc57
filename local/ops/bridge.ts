/** A bridge as the operator's commands see it, on this machine or on AWS. */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Authorities } from "#aws/authorities.ts";
import type { Queues } from "#aws/queues.ts";
import type { Table } from "#aws/table.ts";
import type { QueueRef } from "#core/contract/queues.ts";
import type { Logs } from "./logs.ts";

/** What a connector says of itself. */
export interface ConnectorView {
  /** Where it was asked, or the log that tells of it. */
  readonly name: string;
  readonly domain: string;
  /** `up`, `standby`, `connecting`, …; `unreachable` where nothing was heard. */
  readonly stream: string;
  readonly lease?: string | undefined;
  readonly leaseFresh?: boolean | undefined;
  readonly fence?: number | undefined;
  /** RFC 3339. */
  readonly since?: string | undefined;
  readonly windowStanzas?: number | undefined;
  readonly held?: number | undefined;
}

export interface Bridge {
  readonly kind: "local" | "aws";
  /** Whose permissions count, for complaints: `profile ops`. */
  readonly who: string;
  /** Those that are served; the first is the default. */
  readonly domains: readonly string[];
  /** All queues of the bridge's own, outbound ones of further domains included. */
  readonly refs: readonly QueueRef[];
  /** Queues of no deployment of ours (`deliveriesQueueArn`), which the bridge sends to: nothing of them is read here. */
  readonly foreign: readonly QueueRef[];
  readonly urls: Readonly<Record<QueueRef, string>>;
  /** Of `refs`. */
  readonly deadLetterUrls: Readonly<Record<QueueRef, string>>;
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly tableName: string;
  readonly table: Table;
  readonly queues: Queues;
  /** The same over the dead letters: `receive("walks")` reads those of `walks`. */
  readonly deadLetters: Queues;
  readonly logs: Logs;
  readonly connectors: () => Promise<readonly ConnectorView[]>;
  /** Seconds that the oldest message of each queue has waited, where that is known. */
  readonly ages: () => Promise<Partial<Record<QueueRef, number>>>;
  /** `xmpps://host:port` of the component listener of the domain's server. */
  readonly serviceOf: (domain: string) => string;
  /** Who vouches for that server, as the deployment says. */
  readonly authoritiesOf: (domain: string) => Authorities;
  /** The component's secret at that server, from where it is kept. */
  readonly readSecret: (domain: string) => Promise<string>;
  readonly region: string;
  /** Where AWS's clock can be read: any of its services. */
  readonly clockUrl: string;
  close(): void;
}
