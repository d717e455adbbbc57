/** What a configuration changes in the templates. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { functionNames } from "#infra/definitions/functions.ts";
import { physicalNameOf } from "#infra/definitions/queues.ts";
import { allowed, type JsonObject, ofType, only, queueNamed, smallest, synthesize } from "./templates.ts";

const keyArn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555";
const queueArn = "arn:aws:sqs:eu-central-1:210987654321:their-deliveries.fifo";

describe("a network that is there", () => {
  const { compute } = synthesize({
    xmppService: "xmpp://10.0.3.7:5347",
    xmppPlain: "private",
    network: { vpcId: "vpc-12345678", subnetIds: ["subnet-12345678", "subnet-87654321"] },
  });

  test("is used, and none is made", () => {
    assert.equal(ofType(compute, "AWS::EC2::VPC").length, 0);
    const { Properties } = only(compute, "AWS::ECS::Service");
    const { AwsvpcConfiguration } = Properties["NetworkConfiguration"] as JsonObject;
    const placed = AwsvpcConfiguration as JsonObject;
    assert.deepEqual(placed["Subnets"], ["subnet-12345678", "subnet-87654321"]);
    assert.equal(placed["AssignPublicIp"], "DISABLED");
    const group = only(compute, "AWS::EC2::SecurityGroup").Properties;
    assert.equal(group["VpcId"], "vpc-12345678");
    const egress = group["SecurityGroupEgress"] as readonly JsonObject[];
    assert.deepEqual(
      egress.map(({ ToPort }) => ToPort),
      [443, 5347],
    );
    assert.equal(group["SecurityGroupIngress"], undefined);
  });
});

describe("a network of the bridge's own", () => {
  test("has NAT gateways only where they are asked for, and then connectors without addresses", () => {
    const { compute } = synthesize({ network: { natGateways: 1 } });
    assert.equal(ofType(compute, "AWS::EC2::NatGateway").length, 1);
    const service = JSON.stringify(only(compute, "AWS::ECS::Service").Properties["NetworkConfiguration"]);
    assert.match(service, /"AssignPublicIp":"DISABLED".*Networkprivate/);
  });

  test("peers with the one of the XMPP server, and has routes to it", () => {
    const peering = { vpcId: "vpc-12345678", cidr: "10.20.0.0/16" };
    const { compute } = synthesize({ network: { cidr: "10.7.0.0/16", peering } });
    assert.equal(only(compute, "AWS::EC2::VPC").Properties["CidrBlock"], "10.7.0.0/16");
    assert.equal(only(compute, "AWS::EC2::VPCPeeringConnection").Properties["PeerVpcId"], "vpc-12345678");
    const routes = ofType(compute, "AWS::EC2::Route").filter(
      ({ Properties }) => Properties["VpcPeeringConnectionId"],
    );
    assert.deepEqual(
      routes.map(({ Properties }) => Properties["DestinationCidrBlock"]),
      ["10.20.0.0/16", "10.20.0.0/16"],
    );
  });
});

describe("the native side", () => {
  test("in this account has a policy for its role: send events, take deliveries, find both", () => {
    const { Properties } = only(smallest.state, "AWS::IAM::ManagedPolicy");
    const { Statement } = Properties["PolicyDocument"] as { readonly Statement: readonly JsonObject[] };
    assert.deepEqual(
      Statement.map(({ Sid, Action }) => [Sid, Action]),
      [
        ["Events", ["sqs:GetQueueUrl", "sqs:SendMessage"]],
        [
          "Deliveries",
          [
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ReceiveMessage",
          ],
        ],
        ["Where", ["ssm:GetParameter", "ssm:GetParameters"]],
      ],
    );
  });

  test("in another account is let in by the queues' own policies, to its two queues alone", () => {
    const { state } = synthesize({
      nativePrincipals: ["210987654321", "arn:aws:iam::111111111111:role/chat"],
    });
    const letIn = ofType(state, "AWS::SQS::QueuePolicy").filter(({ Properties }) =>
      JSON.stringify(Properties).includes("NativeSide"),
    );
    const ids = ["nativeEvents", "nativeDeliveries"].map(
      (queue) => queueNamed(physicalNameOf(queue as "nativeEvents")).id,
    );
    assert.deepEqual(
      letIn.map(({ Properties }) => Properties["Queues"]).sort(),
      ids.map((id) => [{ Ref: id }]).sort(),
    );
    for (const { Properties } of letIn) {
      assert.match(
        JSON.stringify(Properties),
        /arn:aws:iam::111111111111:role\/chat.*:iam::210987654321:root/,
      );
    }
  });

  test("with a queue of its own gets its deliveries there, and is told what its policy has to say", () => {
    const { state, compute, observability, outputs } = synthesize({ deliveriesQueueArn: queueArn });
    const names = ofType(state, "AWS::SQS::Queue").map(({ Properties }) => Properties["QueueName"]);
    assert.equal(names.length, 14);
    assert.ok(!names.some((name) => String(name).includes("native-deliveries")));
    assert.match(
      JSON.stringify(outputs["DeliveriesQueuePolicy"]),
      /NativeFunctionRole.*sqs:SendMessage.*their-deliveries\.fifo/,
    );
    const senders = allowed({ state, compute }).filter(({ Resource }) =>
      JSON.stringify(Resource).includes(queueArn),
    );
    assert.deepEqual(
      senders.map(({ Action }) => Action),
      Array(4).fill("sqs:SendMessage"),
    );
    assert.doesNotMatch(JSON.stringify(Object.keys(observability)), /nativedeliveries/);
  });
});

describe("encryption", () => {
  test("by a key that is made covers queues, table, secret and logs, and lets in who works with them", () => {
    const { state, compute } = synthesize({ encryption: "key" });
    const key = only(state, "AWS::KMS::Key");
    assert.equal(key.Properties["EnableKeyRotation"], true);
    assert.match(JSON.stringify(key.Properties["KeyPolicy"]), /kms:EncryptionContext:aws:logs:arn.*"logs\."/);
    for (const { Properties } of ofType(state, "AWS::SQS::Queue")) {
      assert.match(JSON.stringify(Properties["KmsMasterKeyId"]), /Key/);
    }
    const table = only(state, "AWS::DynamoDB::GlobalTable").Properties;
    assert.deepEqual(table["SSESpecification"], { SSEEnabled: true, SSEType: "KMS" });
    assert.match(JSON.stringify(table["Replicas"]), /"KMSMasterKeyId":\{"Fn::GetAtt"/);
    for (const type of ["AWS::SecretsManager::Secret", "AWS::Logs::LogGroup"]) {
      for (const { Properties } of ofType(compute, type)) assert.ok(Properties["KmsKeyId"], type);
    }
    const users = allowed({ state, compute }).filter(({ Action }) =>
      JSON.stringify(Action).includes("kms:GenerateDataKey"),
    );
    // Functions, the connector, and the native side.
    assert.equal(users.length, functionNames.length + 2);
  });

  test("by a key that is there makes none", () => {
    const { state } = synthesize({ encryption: keyArn });
    assert.equal(ofType(state, "AWS::KMS::Key").length, 0);
    assert.equal(ofType(state, "AWS::SQS::Queue")[0]?.Properties["KmsMasterKeyId"], keyArn);
  });

  test("lets others in by the key's own policy, or says which statements the policy of a given key has to have", () => {
    const nativePrincipals = ["arn:aws:iam::111111111111:role/chat"];
    const { state } = synthesize({ encryption: "key", nativePrincipals });
    const { outputs } = synthesize({ encryption: keyArn, nativePrincipals });
    const told = outputs["KeyPolicy"] as JsonObject;
    for (const policy of [only(state, "AWS::KMS::Key").Properties["KeyPolicy"], told["Value"]]) {
      const text = JSON.stringify(policy).replaceAll("\\", "");
      assert.match(text, /"kms:GenerateDataKey".*logs\..*"Sid":"CausewayLogs"/);
      assert.match(
        text,
        /"kms:Decrypt","kms:GenerateDataKey"\],"Condition":\{"StringEquals":\{"kms:ViaService":.*"sqs\..*111111111111:role\/chat.*"Sid":"CausewayNativeSide"/,
      );
    }
    assert.doesNotMatch(JSON.stringify(synthesize({ encryption: keyArn }).outputs), /CausewayNativeSide/);
    assert.equal(synthesize({ nativePrincipals }).outputs["KeyPolicy"], undefined);
  });
});

describe("other choices", () => {
  test("a trial leaves nothing behind", () => {
    const { state, compute } = synthesize({ removal: "destroy", encryption: "key" });
    for (const { Type, DeletionPolicy } of Object.values({ ...state, ...compute })) {
      assert.doesNotMatch(DeletionPolicy ?? "", /^Retain/, Type);
    }
    assert.match(
      JSON.stringify(only(state, "AWS::DynamoDB::GlobalTable")),
      /"DeletionProtectionEnabled":false/,
    );
  });

  test("a boundary bounds every role", () => {
    const boundary = "arn:aws:iam::123456789012:policy/boundary";
    const { compute } = synthesize({ permissionsBoundaryArn: boundary });
    const roles = ofType(compute, "AWS::IAM::Role");
    assert.equal(roles.length, functionNames.length + 2);
    for (const { Properties } of roles) assert.equal(Properties["PermissionsBoundary"], boundary);
  });

  test("without a standby there is one connector, and logs are kept for as long as was said", () => {
    const { compute } = synthesize({ standby: false, logRetentionDays: 365 });
    assert.equal(only(compute, "AWS::ECS::Service").Properties["DesiredCount"], 1);
    for (const { Properties } of ofType(compute, "AWS::Logs::LogGroup")) {
      assert.equal(Properties["RetentionInDays"], 365);
    }
  });

  test("a secret that is there is used, and none is made", () => {
    const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:xmpp-AbCdEf";
    const { state, compute } = synthesize({ xmppSecretArn: arn });
    assert.equal(ofType(compute, "AWS::SecretsManager::Secret").length, 0);
    const readers = allowed({ state, compute }).filter(
      ({ Action }) => Action === "secretsmanager:GetSecretValue",
    );
    assert.deepEqual(
      readers.map(({ Resource }) => Resource),
      [arn],
    );
  });

  test("a secret under a key of its owner's is decrypted by Secrets Manager alone, and that secret alone", () => {
    const secretOf = (name: string) =>
      `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-AbCdEf`;
    const other = keyArn.replaceAll("1", "2");
    const { state, compute } = synthesize({
      domains: ["im.example.com", "im.example.org"],
      xmppSecretArn: secretOf("com"),
      xmppSecretKeyArn: keyArn,
      xmppDomains: {
        "im.example.org": { service: "xmpps://x:1", secretArn: secretOf("org"), secretKeyArn: other },
      },
    });
    const decrypting = allowed({ state, compute }).filter(({ Action }) => Action === "kms:Decrypt");
    const ViaService = { "Fn::Join": ["", ["secretsmanager.", { Ref: "AWS::Region" }, ".amazonaws.com"]] };
    assert.deepEqual(
      decrypting,
      [
        ["com", keyArn],
        ["org", other],
      ].map(([name = "", Resource]) => ({
        Action: "kms:Decrypt",
        Condition: {
          StringEquals: {
            "kms:ViaService": ViaService,
            "kms:EncryptionContext:SecretARN": secretOf(name),
          },
        },
        Effect: "Allow",
        Resource,
      })),
    );
    assert.doesNotMatch(JSON.stringify(only(compute, "AWS::ECS::TaskDefinition")), /secretKeyArn/);
  });

  test("lanes bound the functions that read them, and the connector packs by as many", () => {
    const { compute } = synthesize({ lanes: 32 });
    const bounds = ofType(compute, "AWS::Lambda::EventSourceMapping").map(
      ({ Properties }) => Properties["ScalingConfig"] as JsonObject,
    );
    assert.equal(bounds.filter(({ MaximumConcurrency }) => MaximumConcurrency === 32).length, 2);
    assert.match(JSON.stringify(only(compute, "AWS::ECS::TaskDefinition")), /"CAUSEWAY_LANES","Value":"32"/);
  });

  test("Transaction Search is a stack of its own, for X-Ray of this account alone", () => {
    assert.deepEqual(smallest.transactionSearch, {});
    const { transactionSearch } = synthesize({ transactionSearch: true });
    assert.equal(
      only(transactionSearch, "AWS::XRay::TransactionSearchConfig").Properties["IndexingPercentage"],
      1,
    );
    const policy = JSON.stringify(only(transactionSearch, "AWS::Logs::ResourcePolicy"));
    assert.match(policy, /xray\.amazonaws\.com.*logs:PutLogEvents.*aws\/spans.*aws:SourceAccount/);
  });
});
