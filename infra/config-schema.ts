/** What a deployment's configuration may be, property by property; `infra/config.ts` tells what they mean. */
import * as v from "valibot";
import { limits } from "#core/limits.ts";
import { overlap, readBlock, vpcCidrDefault } from "./cidr.ts";
import type { Config } from "./config.ts";
import { logRetentionDays } from "./definitions/logs.ts";

/** What is wanted where it has no default. */
export const wanted = {
  domains: "a list of component domains like im.example.com",
  xmppService: "xmpps://host:port (TLS) or xmpp://host:port (plain)",
  service: "xmpps://host:port (TLS) or xmpp://host:port (plain)",
  vpcId: "the id of a VPC like vpc-0123456789abcdef0",
  subnetIds: "the ids of subnets like subnet-0123456789abcdef0, in two zones",
  cidr: "a block of addresses like 10.7.0.0/16",
} as const;

const matching = (pattern: RegExp, like: string) => v.pipe(v.string(like), v.regex(pattern, like));
const oneOf = <const T extends readonly string[]>(options: T) => v.picklist(options, options.join(" or "));

/** `-c` always makes text. */
const flag = v.union(
  [
    v.boolean(),
    v.pipe(
      v.picklist(["true", "false"]),
      v.transform((text) => text === "true"),
    ),
  ],
  "true or false",
);
const number = (like: string, fits: (value: number) => boolean) =>
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+(?:\.\d+)?$/), v.transform(Number))], like),
    v.check(fits, like),
  );
const list = <S extends v.GenericSchema<unknown, string>>(item: S, like: string) =>
  v.pipe(
    v.union(
      [
        v.array(v.unknown()),
        v.pipe(
          v.string(),
          v.transform((text) => text.split(",")),
        ),
      ],
      like,
    ),
    v.array(item, like),
    v.minLength(1, like),
  );

const wantedTraces = "off, aws, or the URL of an OTLP/HTTP collector";
const queueArn = /^arn:aws[\w-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,75}\.fifo$/;
const cidr = v.pipe(
  v.string(wanted.cidr),
  v.check((text) => readBlock(text) !== undefined, wanted.cidr),
);
/** AWS takes no VPC larger than /16 and no subnet smaller than /28, and there are up to four of them. */
const vpcCidr = v.pipe(
  cidr,
  v.check((text) => {
    const { bits = 0 } = readBlock(text) ?? {};
    return bits >= 16 && bits <= 26;
  }, "a block of addresses from /16 to /26, like 10.7.0.0/16"),
);
function areApart(cidrs: readonly string[]): boolean {
  const [one, other] = cidrs.map(readBlock);
  return one === undefined || other === undefined || !overlap(one, other);
}
const vpcId = matching(/^vpc-[0-9a-f]{8,17}$/, wanted.vpcId);

const existingNetwork = v.strictObject(
  {
    vpcId,
    subnetIds: list(matching(/^subnet-[0-9a-f]{8,17}$/, wanted.subnetIds), wanted.subnetIds),
    publicIp: v.exactOptional(flag),
  },
  "an object with vpcId and subnetIds",
);
const newNetwork = v.pipe(
  v.strictObject(
    {
      cidr: v.exactOptional(vpcCidr),
      natGateways: v.exactOptional(number("0, 1 or 2", (count) => [0, 1, 2].includes(count))),
      peering: v.exactOptional(v.strictObject({ vpcId, cidr }, "an object with vpcId and cidr")),
    },
    "an object with cidr, natGateways or peering, or one with vpcId and subnetIds",
  ),
  v.check(
    ({ cidr = vpcCidrDefault, peering }) => peering === undefined || areApart([cidr, peering.cidr]),
    `addresses that do not overlap: cidr (default: ${vpcCidrDefault}) and peering.cidr cannot reach each other else`,
  ),
);
/** By the one key that tells them apart, so that complaints are about the one that was meant. */
const network = v.lazy((input): v.GenericSchema<unknown, Config["network"]> => {
  const isExisting =
    typeof input === "object" && input !== null && ("vpcId" in input || "subnetIds" in input);
  return isExisting ? existingNetwork : newNetwork;
});

const isPowerOfTwo = (count: number) => Number.isInteger(Math.log2(count));
const secretArn = matching(
  /^arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+-[A-Za-z0-9]{6}$/,
  "a whole ARN, with the six characters that AWS adds to the name, like arn:aws:secretsmanager:eu-central-1:123456789012:secret:xmpp-AbCdEf",
);
/** KMS gives a key a UUID, or one that begins with mrk where the key is in several regions. */
const keyId = "(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})";
const keyArn = String.raw`arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key/${keyId}`;
const keyArnLike =
  "the ARN of a key of KMS, like arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555";
const secretKeyArn = matching(new RegExp(`^${keyArn}$`), keyArnLike);
const service = v.pipe(
  matching(/^xmpps?:\/\/[^/@\s]+:\d{1,5}$/, wanted.service),
  v.check(
    (text) => URL.canParse(text) && new URL(text).port !== "0",
    "xmpps://host:port with a port from 1 to 65535",
  ),
);
const plain = oneOf(["private", "allow"]);
const caFile = v.string("the path of a PEM file");
const domainServer = v.strictObject(
  {
    service,
    plain: v.exactOptional(plain),
    caFile: v.exactOptional(caFile),
    secretArn: v.exactOptional(secretArn),
    secretKeyArn: v.exactOptional(secretKeyArn),
  },
  "an object with service",
);

export const schema = v.strictObject({
  domains: list(v.string(), wanted.domains),
  xmppService: service,
  xmppPlain: v.exactOptional(plain),
  xmppCaFile: v.exactOptional(caFile),
  xmppDomains: v.exactOptional(v.record(v.string(), domainServer, "an object with domains as keys"), {}),
  xmppSecretArn: v.exactOptional(secretArn),
  xmppSecretKeyArn: v.exactOptional(secretKeyArn),
  directory: v.exactOptional(oneOf(["announced", "open"]), "announced"),
  capabilities: v.exactOptional(v.unknown(), {}),
  rates: v.exactOptional(v.unknown(), {}),
  lanes: v.exactOptional(
    number(
      "a power of two up to 1024, like 8",
      (count) => count >= 1 && count <= 1024 && isPowerOfTwo(count),
    ),
    limits.lanes,
  ),
  standby: v.exactOptional(flag, true),
  traces: v.exactOptional(
    v.pipe(
      matching(/^(?:off|aws|https?:\/\/[^/\s]+(?:\/\S*)?)$/, wantedTraces),
      v.check((text) => !text.startsWith("http") || URL.canParse(text), wantedTraces),
    ),
    "off",
  ),
  traceRatio: v.exactOptional(number("a part of 1, like 0.05", (part) => part >= 0 && part <= 1)),
  network: v.exactOptional(network, {}),
  nativePrincipals: v.exactOptional(
    list(
      matching(
        /^(?:\d{12}|arn:aws[\w-]*:iam::\d{12}:(?:role|user)\/\S+)$/,
        "accounts of 12 digits, or ARNs of roles",
      ),
      "a list of accounts of 12 digits, or ARNs of roles",
    ),
  ),
  deliveriesQueueArn: v.exactOptional(
    matching(queueArn, "the ARN of a FIFO queue, which ends in .fifo: deliveries to a contact have an order"),
  ),
  encryption: v.exactOptional(
    matching(new RegExp(`^(?:aws|key|${keyArn})$`), `aws, key, or ${keyArnLike}`),
    "aws",
  ),
  permissionsBoundaryArn: v.exactOptional(
    matching(
      /^arn:aws[\w-]*:iam::(?:\d{12}|aws):policy\/\S+$/,
      "the ARN of a policy like arn:aws:iam::123456789012:policy/boundary",
    ),
  ),
  removal: v.exactOptional(oneOf(["retain", "destroy"]), "retain"),
  logRetentionDays: v.exactOptional(
    number(`days that CloudWatch knows: ${logRetentionDays.join(", ")}`, (days) =>
      logRetentionDays.includes(days),
    ),
    30,
  ),
  alarmEmail: v.exactOptional(matching(/^[^@\s]+@[^@\s]+$/, "an address like oncall@example.com")),
  alarmTopicArn: v.exactOptional(
    matching(/^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/, "the ARN of a topic of SNS"),
  ),
  runbookUrl: v.exactOptional(matching(/^[^\s#]+$/, "a URL or path without #"), "docs/runbook.md"),
  transactionSearch: v.exactOptional(flag, false),
});
