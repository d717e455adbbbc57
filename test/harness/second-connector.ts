/** Another connector of a bridge, beside those that it starts by itself. */
import { join } from "node:path";
import type { Bridge } from "#local/bridge.ts";
import { type BridgeOptions, bridgeDefaults } from "#local/bridge-options.ts";
import { domainsOf, type FurtherDomain } from "#local/component-domains.ts";
import { startConnector } from "#local/connector.ts";
import { freePort } from "#local/free-ports.ts";
import { queueUrlsOf } from "#local/ops/queue-names.ts";
import type { Process } from "#local/process.ts";

export interface SecondConnector {
  readonly connector: Process;
  readonly healthPort: number;
}

/** Starts another connector of a bridge, for a component listener on a port of 127.0.0.1. */
export async function startSecondConnector(
  { bridge, stateDir }: { readonly bridge: Bridge; readonly stateDir: string },
  options: Partial<Pick<BridgeOptions, "directory" | "lanes">>,
  componentPort: number,
  secret: string,
  furtherDomains: readonly FurtherDomain[],
): Promise<SecondConnector> {
  const { component, dynamodb, sqs } = bridge.endpoints;
  const healthPort = await freePort();
  const environment = {
    ...queueUrlsOf(bridge.endpoints),
    table: dynamodb.table,
    domains: domainsOf({ componentDomain: component.domain, furtherDomains }),
    directory: options.directory ?? bridgeDefaults.directory,
    lanes: options.lanes ?? bridgeDefaults.lanes,
  };
  const connector = await startConnector({
    environment,
    componentPort,
    secret,
    furtherDomains,
    healthPort,
    sqsEndpoint: sqs.endpoint,
    dynamodbEndpoint: dynamodb.endpoint,
    logFile: join(stateDir, "logs", "second-connector.log"),
  });
  return { connector, healthPort };
}
