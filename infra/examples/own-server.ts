/**
 * A component of your own server: Prosody or ejabberd runs in a VPC that you have, and its component port is reached
 * over private addresses only.
 *
 *     npm run synth -- -c causeway:config=infra/examples/own-server.ts
 */
import type { Deployment } from "../config.ts";

export default {
  domains: ["im.example.com"],
  // Plain, since nobody else is on the way; the server's firewall lets the connector's security group in.
  xmppService: "xmpp://xmpp.internal.example.com:5347",
  xmppPlain: "private",
  // Private subnets with a NAT gateway, or endpoints for SQS, DynamoDB, Secrets Manager, CloudWatch Logs, ECR and S3.
  network: {
    vpcId: "vpc-0123456789abcdef0",
    subnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
  },
  // What the chat system cannot do falls back by rule: docs/capabilities.md.
  capabilities: { reactions: false, typing: false },
  alarmEmail: "oncall@example.com",
} satisfies Deployment;
