import { Duration, Stack, Validations } from "aws-cdk-lib";
import { Peer, Port, SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { Platform } from "aws-cdk-lib/aws-ecr-assets";
import {
  AvailabilityZoneRebalancing,
  Cluster,
  ContainerImage,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  type ICluster,
  LogDrivers,
  OperatingSystemFamily,
} from "aws-cdk-lib/aws-ecs";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import { type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { queueSuffixOf } from "#aws/domains.ts";
import type { CheckedServer, Config } from "../config.ts";
import { stopTimeoutS } from "../definitions/check.ts";
import { type EnvironmentSource, environmentOf } from "../definitions/environment.ts";
import { connectorDefinition } from "../definitions/functions.ts";
import { grantTraces, grantUse } from "./grants.ts";
import { type Logging, makeLogGroup } from "./logs.ts";
import { makeNetwork } from "./network.ts";
import { removalPolicyOf } from "./removal.ts";
import type { State } from "./state.ts";

const healthPort = 8081;

export type ConnectorConfig = Pick<
  Config,
  | "domains"
  | "xmppService"
  | "xmppDomains"
  | "xmppPlain"
  | "xmppCa"
  | "xmppSecretArn"
  | "xmppSecretKeyArn"
  | "standby"
  | "network"
  | "removal"
>;

export interface ConnectorOptions {
  readonly state: State;
  readonly source: EnvironmentSource;
  readonly config: ConnectorConfig;
  readonly logging: Logging;
  /** The folder with the connector's bundle and Dockerfile. */
  readonly folder: string;
}

/** What others need to know of the connector. */
export interface BridgeConnector {
  readonly logGroup: ILogGroup;
  readonly secret: ISecret;
  /** Domains at a server of their own. */
  readonly own: readonly OwnServer[];
  /** How many there are to be, and whether each has an address of its own on the internet. */
  readonly tasks: { readonly count: number; readonly publicIp: boolean };
}

function secretOf(
  scope: Construct,
  id: string,
  ofDomain: string,
  arn: string | undefined,
  { removal, key }: { readonly removal: Config["removal"]; readonly key: IKey | undefined },
): ISecret {
  if (arn !== undefined) return Secret.fromSecretCompleteArn(scope, id, arn);
  const secret = new Secret(scope, id, {
    description: `Causeway: the shared secret of the component${ofDomain}, to be set in the XMPP server too`,
    // XEP-0114 hashes the secret, and implementations differ on what is not ASCII.
    generateSecretString: { passwordLength: 48, excludePunctuation: true },
    ...(key && { encryptionKey: key }),
    removalPolicy: removalPolicyOf(removal),
  });
  Validations.of(secret).acknowledge({
    id: "AwsSolutions-SMG4",
    reason:
      "The XMPP server has the other half, and no AWS function can change it there; the connector reads it for each stream, so an exchange needs no deployment.",
  });
  return secret as ISecret;
}

export interface OwnServer {
  readonly domain: string;
  readonly settings: Omit<CheckedServer, "secretArn" | "secretKeyArn">;
  readonly secret: ISecret;
  readonly secretKeyArn: string | undefined;
}

/** A domain at a server of its own has a secret of its own, which nobody at the other server needs to know. */
function ownServers(
  scope: Construct,
  { xmppDomains, removal }: ConnectorConfig,
  { key }: State,
): OwnServer[] {
  return Object.entries(xmppDomains).map(([domain, { secretArn, secretKeyArn, ...settings }]) => {
    const id = `XmppSecret-${queueSuffixOf(domain)}`;
    const secret = secretOf(scope, id, ` ${domain}`, secretArn, { removal, key });
    return { domain, settings, secret, secretKeyArn };
  });
}

/** As `CAUSEWAY_XMPP_DOMAINS` tells it. The authorities of `xmppService` do not vouch for another server. */
function settingsOf(own: readonly OwnServer[], { xmppCa }: ConnectorConfig) {
  const none = xmppCa === undefined ? {} : { ca: "" };
  return Object.fromEntries(
    own.map(({ domain, settings, secret }) => [
      domain,
      { ...none, ...settings, secretArn: secret.secretArn },
    ]),
  );
}

function makeTask(
  scope: Construct,
  options: ConnectorOptions,
): { task: FargateTaskDefinition } & Omit<BridgeConnector, "tasks"> {
  const { state, source, config, logging, folder } = options;
  const task = new FargateTaskDefinition(scope, "ConnectorTask", {
    cpu: connectorDefinition.cpuUnits,
    memoryLimitMiB: connectorDefinition.memoryMb,
    runtimePlatform: {
      cpuArchitecture: CpuArchitecture.ARM64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    },
  });
  grantUse("connector", task.taskRole, state, config.domains);
  grantTraces("connector", task.taskRole, source);
  const secret = secretOf(scope, "XmppSecret", "", config.xmppSecretArn, { ...config, key: state.key });
  const own = ownServers(scope, config, state);
  // Not injected: a task would keep it as it was at its start, and an exchange would need a new one.
  grantSecrets(task, [{ secret, secretKeyArn: config.xmppSecretKeyArn }, ...own]);
  const logGroup = makeLogGroup(scope, "ConnectorLogs", logging);
  task.addContainer("connector", {
    // Only the folder's hash is needed here; the image is built when it is deployed.
    image: ContainerImage.fromAsset(folder, { platform: Platform.LINUX_ARM64 }),
    environment: {
      ...environmentOf("connector", source),
      AWS_REGION: Stack.of(scope).region,
      CAUSEWAY_XMPP_SERVICE: config.xmppService,
      CAUSEWAY_XMPP_SECRET_ARN: secret.secretArn,
      CAUSEWAY_XMPP_PLAIN: config.xmppPlain,
      // Certificates are public: whoever dials the server is shown them.
      ...(config.xmppCa !== undefined && { CAUSEWAY_XMPP_CA: config.xmppCa }),
      ...(own.length > 0 && {
        CAUSEWAY_XMPP_DOMAINS: Stack.of(scope).toJsonString(settingsOf(own, config)),
      }),
      CAUSEWAY_HEALTH_PORT: String(healthPort),
    },
    logging: LogDrivers.awsLogs({ streamPrefix: "connector", logGroup }),
    healthCheck: {
      // From inside the container, so that no port is open to anyone; the image has no curl. `/live` and not
      // `/ready`: while the XMPP server is away, another task would be no better. A frozen one is to be gone soon:
      // its server may go on sending to it.
      command: [
        "CMD",
        "node",
        "-e",
        `fetch("http://127.0.0.1:${healthPort}/live").then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`,
      ],
      interval: Duration.seconds(10),
      timeout: Duration.seconds(5),
      retries: 3,
      startPeriod: Duration.seconds(30),
    },
    readonlyRootFilesystem: true,
    stopTimeout: Duration.seconds(stopTimeoutS),
  });
  acknowledgeTask(task);
  return { task, secret, own, logGroup: logGroup as ILogGroup };
}

/**
 * Reading is all: `grantRead` would let it be described, too. Secrets Manager decrypts on behalf of whoever reads, and
 * names the secret in the context of its encryption.
 */
function grantSecrets(
  task: FargateTaskDefinition,
  secrets: readonly Pick<OwnServer, "secret" | "secretKeyArn">[],
): void {
  const resources = secrets.map(({ secret }) => secret.secretArn);
  task.addToTaskRolePolicy(new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources }));
  for (const { secret, secretKeyArn } of secrets) {
    if (secretKeyArn === undefined) continue;
    const StringEquals = {
      "kms:ViaService": `secretsmanager.${Stack.of(task).region}.amazonaws.com`,
      "kms:EncryptionContext:SecretARN": secret.secretArn,
    };
    task.addToTaskRolePolicy(
      new PolicyStatement({
        actions: ["kms:Decrypt"],
        resources: [secretKeyArn],
        conditions: { StringEquals },
      }),
    );
  }
}

function acknowledgeTask(task: FargateTaskDefinition): void {
  Validations.of(task).acknowledge({
    id: "AwsSolutions-ECS2",
    reason: "Its variables are addresses and settings; the secret is none of them, only its ARN is.",
  });
  Validations.of(task).acknowledge({
    id: "AwsSolutions-IAM5[Resource::*]",
    reason:
      "ecr:GetAuthorizationToken, by which ECS pulls the image, knows no resources; nor do the actions by which traces go to CloudWatch.",
  });
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return Number(port) || (protocol === "https:" ? 443 : 80);
}

/** The connector as a Fargate service that only dials out: no load balancer, no ingress, and no NAT unless asked for. */
export function makeConnector(scope: Construct, options: ConnectorOptions): BridgeConnector {
  const { config } = options;
  const { vpc, subnets, publicIp } = makeNetwork(scope, config.network);
  const securityGroup = new SecurityGroup(scope, "ConnectorFirewall", {
    vpc,
    description: "Causeway connector: dials out only",
    allowAllOutbound: false,
  });
  // The components' ports are the operator's choice; AWS is reached by HTTPS; DNS is not filtered here.
  const services = [config.xmppService, ...Object.values(config.xmppDomains).map(({ service }) => service)];
  const { collector } = options.source.traces ?? {};
  if (collector !== undefined) services.push(collector);
  for (const port of new Set([443, ...services.map(portOf)]))
    securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(port));
  const { task, ...connector } = makeTask(scope, options);
  const cluster = new Cluster(scope, "Cluster", { vpc });
  Validations.of(cluster).acknowledge({
    id: "AwsSolutions-ECS4",
    reason:
      "The connector tells its own figures, which alarms and the dashboard use; Container Insights would cost more than they do.",
  });
  const tasks = { count: config.standby ? 2 : 1, publicIp };
  new FargateService(scope, "Connector", {
    cluster: cluster as ICluster,
    taskDefinition: task,
    desiredCount: tasks.count,
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    circuitBreaker: { rollback: true },
    // AWS would start further connectors, and end the one that has the stream, to spread them.
    availabilityZoneRebalancing: AvailabilityZoneRebalancing.DISABLED,
    vpcSubnets: { subnets: [...subnets] },
    assignPublicIp: publicIp,
    securityGroups: [securityGroup],
  });
  return { ...connector, tasks };
}
