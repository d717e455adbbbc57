import { CfnOutput, Stack } from "aws-cdk-lib";
import { ParameterTier, StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import { queueSuffixOf } from "#aws/domains.ts";
import type { Config } from "../config.ts";
import type { EnvironmentSource } from "../definitions/environment.ts";
import { type FunctionName, functionDefinitions, functionNames } from "../definitions/functions.ts";
import { authoritiesParameter, parameters, serverParameter } from "../definitions/parameters.ts";
import { perQueue } from "../definitions/queues.ts";
import { type BridgeConnector, makeConnector } from "./connector.ts";
import { type BridgeFunction, makeFunctions } from "./functions.ts";
import type { State } from "./state.ts";

/** Where the code to deploy lies. */
export interface Bundles {
  readonly functionFolder: (name: FunctionName) => string;
  /** With its Dockerfile. */
  readonly connectorFolder: string;
}

/** Everything that runs. */
export interface Compute {
  readonly functions: Readonly<Record<FunctionName, BridgeFunction>>;
  readonly connector: BridgeConnector;
}

/**
 * Everything that runs; it holds no data, but for the secret, and may be replaced at any time.
 *
 * @param scope a stack for it alone, or one of your own
 */
export function makeCompute(scope: Construct, config: Config, state: State, bundles: Bundles): Compute {
  const source: EnvironmentSource = {
    urls: perQueue((queue) => state.queues[queue].queueUrl),
    // Deliveries are not ours to set aside, so nobody asks for that one where it is missing.
    deadLetterUrls: perQueue((queue) => state.deadLetters[queue]?.queueUrl ?? ""),
    table: state.table.tableName,
    domains: config.domains,
    directory: config.directory,
    capabilities: config.capabilities,
    rates: config.rates,
    traces: config.traces,
    lanes: config.lanes,
    // A deployment starts the new connector beside the old one, so that there are two even without a standby.
    leased: true,
  };
  const logging = { retentionDays: config.logRetentionDays, key: state.key };
  const functions = makeFunctions(scope, { state, source, logging, folderOf: bundles.functionFolder });
  const connector = makeConnector(scope, { state, source, config, logging, folder: bundles.connectorFolder });
  const groups = [connector, ...functionNames.map((name) => functions[name])];
  for (const [id, parameterName, stringValue] of [
    ["DomainsParameter", parameters.domains, config.domains.join(",")],
    ["XmppServiceParameter", parameters.xmppService, config.xmppService],
    ["XmppSecretArnParameter", parameters.xmppSecretArn, connector.secret.secretArn],
    [
      "LogGroupsParameter",
      parameters.logGroups,
      groups.map(({ logGroup }) => logGroup.logGroupName).join(","),
    ],
  ] as const) {
    new StringParameter(scope, id, { parameterName, stringValue });
  }
  if (config.xmppCa !== undefined) {
    tellAuthorities(scope, "XmppCaParameter", authoritiesParameter, config.xmppCa);
  }
  tellServers(scope, connector);
  if (config.deliveriesQueueArn !== undefined)
    tellDeliveriesPolicy(scope, functions, config.deliveriesQueueArn);
  return { functions, connector };
}

/** For `npm run ops`, too. Up to 4 KiB they are free. */
function tellAuthorities(scope: Construct, id: string, parameterName: string, stringValue: string): void {
  new StringParameter(scope, id, { parameterName, stringValue, tier: ParameterTier.INTELLIGENT_TIERING });
}

/** Where `npm run ops` finds the server, its authorities and the secret of a domain that has its own. */
function tellServers(scope: Construct, { own }: BridgeConnector): void {
  for (const { domain, settings, secret } of own) {
    for (const [id, what, stringValue] of [
      ["XmppService", "xmpp-service", settings.service],
      ["XmppSecretArn", "xmpp-secret-arn", secret.secretArn],
    ] as const) {
      const parameterName = serverParameter(domain, what);
      new StringParameter(scope, `${id}Parameter-${queueSuffixOf(domain)}`, { parameterName, stringValue });
    }
    if (settings.ca === undefined) continue;
    const id = `XmppCaParameter-${queueSuffixOf(domain)}`;
    tellAuthorities(scope, id, serverParameter(domain, "xmpp-ca"), settings.ca);
  }
}

/** What the owner of the deliveries' queue puts into its policy. */
function tellDeliveriesPolicy(scope: Construct, functions: Compute["functions"], resource: string): void {
  const senders = functionNames.filter((name) =>
    functionDefinitions[name].sends.includes("nativeDeliveries"),
  );
  new CfnOutput(scope, "DeliveriesQueuePolicy", {
    description: "A statement for the policy of the queue that takes the deliveries",
    value: Stack.of(scope).toJsonString({
      Sid: "CausewayDeliveries",
      Effect: "Allow",
      Principal: { AWS: senders.map((name) => functions[name].roleArn) },
      Action: "sqs:SendMessage",
      Resource: resource,
    }),
  });
}
