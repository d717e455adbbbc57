/**
 * What a deployment decides. A file exports it (`infra/causeway.config.ts`, or the one that `-c causeway:config=FILE`
 * names), `-c causeway:KEY=VALUE` overrides a property, and `infra/read-config.ts` checks it.
 */
import type { Capabilities, DeclaredCapabilities } from "#core/capabilities.ts";
import type { DeclaredRates, Rates } from "#core/rates.ts";
import type { DeclaredTraces } from "./definitions/environment.ts";

/** A VPC that Causeway makes: two zones, public subnets, nothing that costs by the hour. */
export interface NewNetwork {
  /** Addresses of the VPC, /16 to /26. Default: 10.0.0.0/16. */
  readonly cidr?: string;
  /**
   * NAT gateways, 0 to 2, at 36.50 USD a month each, with its address: the connector then has no address of its own, and
   * leaves by theirs, which do not change. Default: 0.
   */
  readonly natGateways?: number;
  /**
   * Peers with the VPC that the XMPP server is in, whose addresses must be others; the way back is to be added to its
   * route tables. Default: none.
   */
  readonly peering?: { readonly vpcId: string; readonly cidr: string };
}

/** A VPC that is there. */
export interface ExistingNetwork {
  readonly vpcId: string;
  /** Where connectors run, in two zones for a standby that is worth its price. */
  readonly subnetIds: readonly string[];
  /**
   * Gives connectors an address on the internet, as public subnets need it. Default: false, for subnets with a NAT
   * gateway, or with endpoints for SQS, DynamoDB, Secrets Manager, CloudWatch Logs, ECR and S3.
   */
  readonly publicIp?: boolean;
}

/** The XMPP server of one domain. */
export interface DomainServer {
  /** As `xmppService`. */
  readonly service: string;
  /** As `xmppPlain`. */
  readonly plain?: "private" | "allow";
  /** As `xmppCaFile`, which is not for this server. */
  readonly caFile?: string;
  /** As `xmppSecretArn`. Default: one is made for this domain. */
  readonly secretArn?: string;
  /** As `xmppSecretKeyArn`, of `secretArn`. */
  readonly secretKeyArn?: string;
}

export interface Deployment {
  /** The component domains that are served: `im.example.com`. The first one is the default of events without one. */
  readonly domains: readonly string[];
  /** The XMPP server's component listener: `xmpps://host:port` (TLS), or `xmpp://host:port` (plain). */
  readonly xmppService: string;
  /**
   * How far a plain stream may go: `private` addresses only, or anywhere (`allow`). Default: `private`; a plain
   * `xmppService` asks for it in so many words.
   */
  readonly xmppPlain?: "private" | "allow";
  /**
   * A PEM file with the certificates of the only authorities that vouch for `xmppService`, up to 8 KiB, by its path from
   * where the synth runs. What it holds is deployed, so a change wants a deployment. Default: the authorities that Node
   * trusts.
   */
  readonly xmppCaFile?: string;
  /** Domains that are at another XMPP server than the rest, by domain. Default: none. */
  readonly xmppDomains?: Readonly<Record<string, DomainServer>>;
  /** A secret of Secrets Manager that holds the component's secret. Default: one is made, with a random value. */
  readonly xmppSecretArn?: string;
  /**
   * The key of KMS that `xmppSecretArn` is under, where that is one of yours: the connector may then decrypt this secret
   * with it, by Secrets Manager alone. A key of another account, or whose policy does not leave it to IAM, has to let the
   * connector in as well. Default: AWS's own key, which needs no permission.
   */
  readonly xmppSecretKeyArn?: string;
  /** Whether users have to be announced before anyone can reach them, or exist when they are named. Default: `announced`. */
  readonly directory?: "announced" | "open";
  /** What the native system can do: `docs/capabilities.md`. Default: everything. */
  readonly capabilities?: DeclaredCapabilities;
  /** How much may come in. Default: `rate…` of `core/limits.ts`. */
  readonly rates?: DeclaredRates;
  /** Message groups of the stanza queues, a power of two up to 1024. Changing it needs a drain. Default: 8. */
  readonly lanes?: number;
  /** Whether a second connector stands by, for 11.58 USD a month. Default: true. */
  readonly standby?: boolean;
  /**
   * Where traces go: `off`, `aws` (CloudWatch, with `transactionSearch`), or the URL of an OTLP/HTTP collector.
   * Default: `off`.
   */
  readonly traces?: string;
  /** The part of all traces that is recorded, 0 to 1; only with `traces`. Default: `traceRatio` of `core/limits.ts`. */
  readonly traceRatio?: number;
  /** Where connectors run. Default: a VPC of their own. */
  readonly network?: NewNetwork | ExistingNetwork;
  /**
   * Who else may use the two native queues: accounts (12 digits) or ARNs of their roles. In the bridge's own account the
   * policy `NativeAccess`, attached to a role, does. With `encryption` by a key that is there, its policy has to let them
   * in, too. Default: nobody.
   */
  readonly nativePrincipals?: readonly string[];
  /**
   * A FIFO queue of the native side that takes the deliveries, in this region and any account; its policy has to let
   * the bridge send (output `DeliveriesQueuePolicy`). Default: one is made.
   */
  readonly deliveriesQueueArn?: string;
  /**
   * Who has the keys of queues, table, secret and logs: `aws`; `key`, a key of KMS that is made for it (1 USD a month and
   * its requests); or the ARN of one that is there. Nobody but you can change that one's policy: it has to let in
   * CloudWatch Logs and `nativePrincipals`, by the statements of output `KeyPolicy` (docs/deploy.md). Default: `aws`.
   */
  readonly encryption?: string;
  /** ARN of a policy that bounds every role. Default: none. */
  readonly permissionsBoundaryArn?: string;
  /** What becomes of queues, table and secret when they leave the stack: `retain`, or `destroy` for trials. Default: `retain`. */
  readonly removal?: "retain" | "destroy";
  /** How long logs are kept. Default: 30. */
  readonly logRetentionDays?: number;
  /** Who is told of alarms, besides `alarmTopicArn`; AWS asks the address first. Default: nobody. */
  readonly alarmEmail?: string;
  /** A topic of SNS that is there, told of alarms. Default: none. */
  readonly alarmTopicArn?: string;
  /** Where the runbook is, for the links in alarms. Default: `docs/runbook.md`. */
  readonly runbookUrl?: string;
  /** Sends traces of the whole account and region to Transaction Search, by a stack of its own. Default: false. */
  readonly transactionSearch?: boolean;
}

/** The XMPP server of one domain, checked. */
export interface CheckedServer extends Omit<DomainServer, "caFile"> {
  /** The certificates of `caFile`. */
  readonly ca?: string;
}

/** A deployment with all defaults, checked. */
export interface Config
  extends Required<
    Omit<
      Deployment,
      | "traces"
      | "traceRatio"
      | "xmppCaFile"
      | "xmppSecretArn"
      | "xmppSecretKeyArn"
      | "deliveriesQueueArn"
      | "permissionsBoundaryArn"
      | "alarmEmail"
      | "alarmTopicArn"
    >
  > {
  readonly capabilities: Capabilities;
  readonly rates: Rates;
  /** `undefined`: nothing is recorded. */
  readonly traces: DeclaredTraces | undefined;
  readonly xmppDomains: Readonly<Record<string, CheckedServer>>;
  /** The certificates of `xmppCaFile`. */
  readonly xmppCa: string | undefined;
  readonly xmppSecretArn: string | undefined;
  readonly xmppSecretKeyArn: string | undefined;
  readonly deliveriesQueueArn: string | undefined;
  readonly permissionsBoundaryArn: string | undefined;
  readonly alarmEmail: string | undefined;
  readonly alarmTopicArn: string | undefined;
}
