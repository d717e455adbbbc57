import { Duration, RemovalPolicy, type Stack } from "aws-cdk-lib";
import { type IVpc, Peer, Port, SecurityGroup, SubnetType, Vpc } from "aws-cdk-lib/aws-ec2";
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
import { type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { queueSuffixOf } from "#aws/domains.ts";
import { limits } from "#core/limits.ts";
import type { Config } from "../config.ts";
import { type EnvironmentSource, environmentOf } from "../definitions/environment.ts";
import { makeLogGroup } from "./functions.ts";
import { grantTraces, grantUse } from "./grants.ts";
import type { State } from "./state.ts";

const healthPort = 8081;

/** ECS kills a container this long after SIGTERM: the connector's own limit, and room for a slow exit. */
const stopTimeoutS = limits.stopMsMax / 1000 + 10;

// CDK's classes and interfaces disagree under exactOptionalPropertyTypes, hence the `as I…` below.
function makeSecret(stack: Stack, id: string, ofDomain: string): ISecret {
  return new Secret(stack, id, {
    description: `Causeway: the shared secret of the component${ofDomain}, to be set in the XMPP server too`,
    // XEP-0114 hashes the secret, and implementations differ on what is not ASCII.
    generateSecretString: { passwordLength: 48, excludePunctuation: true },
    removalPolicy: RemovalPolicy.RETAIN,
  }) as ISecret;
}

/** A domain at a server of its own has a secret of its own, which nobody at the other server needs to know. */
function makeOwnSecrets(stack: Stack, { xmppDomains }: Config) {
  return Object.entries(xmppDomains).map(([domain, settings]) => {
    const secret = makeSecret(stack, `XmppSecret-${queueSuffixOf(domain)}`, ` ${domain}`);
    return { domain, settings, secret };
  });
}

/** As `CAUSEWAY_XMPP_DOMAINS` tells it. */
function settingsOf(own: ReturnType<typeof makeOwnSecrets>) {
  return Object.fromEntries(
    own.map(({ domain, settings, secret }) => [domain, { ...settings, secretArn: secret.secretArn }]),
  );
}

function makeTask(stack: Stack, state: State, source: EnvironmentSource, config: Config, folder: string) {
  const task = new FargateTaskDefinition(stack, "ConnectorTask", {
    cpu: 256,
    memoryLimitMiB: 512,
    runtimePlatform: {
      cpuArchitecture: CpuArchitecture.ARM64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    },
  });
  grantUse("connector", task.taskRole, state, config.domains);
  if (source.traces !== undefined && source.traces.collector === undefined)
    grantTraces("connector", task.taskRole);
  const secret = makeSecret(stack, "XmppSecret", "");
  const own = makeOwnSecrets(stack, config);
  // Not injected: a task would keep it as it was at its start, and an exchange would need a new one.
  for (const each of [secret, ...own.map((one) => one.secret)]) each.grantRead(task.taskRole);
  task.addContainer("connector", {
    // Only the folder's hash is needed here; the image is built when it is deployed.
    image: ContainerImage.fromAsset(folder, { platform: Platform.LINUX_ARM64 }),
    environment: {
      ...environmentOf("connector", source),
      AWS_REGION: stack.region,
      CAUSEWAY_XMPP_SERVICE: config.xmppService,
      CAUSEWAY_XMPP_SECRET_ARN: secret.secretArn,
      CAUSEWAY_XMPP_PLAIN: config.xmppPlain,
      ...(own.length > 0 && { CAUSEWAY_XMPP_DOMAINS: stack.toJsonString(settingsOf(own)) }),
      CAUSEWAY_HEALTH_PORT: String(healthPort),
    },
    logging: LogDrivers.awsLogs({
      streamPrefix: "connector",
      logGroup: makeLogGroup(stack, "ConnectorLogs"),
    }),
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
  return task;
}

/** Where a collector of traces listens. */
function collectorPort({ traces }: EnvironmentSource): number[] {
  if (traces?.collector === undefined) return [];
  const { port, protocol } = new URL(traces.collector);
  return [Number(port) || (protocol === "https:" ? 443 : 80)];
}

/** The connector as a Fargate service that only dials out: no NAT, no load balancer, no ingress. */
export function makeConnector(
  stack: Stack,
  state: State,
  source: EnvironmentSource,
  config: Config,
  folder: string,
): void {
  const vpc = new Vpc(stack, "Network", {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: "public", subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
  }) as IVpc;
  const securityGroup = new SecurityGroup(stack, "ConnectorFirewall", {
    vpc,
    description: "Causeway connector: dials out only",
    allowAllOutbound: false,
  });
  // The components' ports are the operator's choice; AWS is reached by HTTPS; DNS is not filtered here.
  const services = [config.xmppService, ...Object.values(config.xmppDomains).map(({ service }) => service)];
  const componentPorts = services.map((service) => Number(new URL(service).port));
  for (const port of new Set([443, ...componentPorts, ...collectorPort(source)]))
    securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(port));
  new FargateService(stack, "Connector", {
    cluster: new Cluster(stack, "Cluster", { vpc }) as ICluster,
    taskDefinition: makeTask(stack, state, source, config, folder),
    desiredCount: config.standby ? 2 : 1,
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    circuitBreaker: { rollback: true },
    // AWS would start further connectors, and end the one that has the stream, to spread them.
    availabilityZoneRebalancing: AvailabilityZoneRebalancing.DISABLED,
    vpcSubnets: { subnetType: SubnetType.PUBLIC },
    // Without NAT this is the way out; nothing comes in.
    assignPublicIp: true,
    securityGroups: [securityGroup],
  });
}
