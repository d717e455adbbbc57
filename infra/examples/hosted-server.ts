/**
 * A server that somebody hosts for you, over the internet: TLS all the way, and an address that the host can let in.
 *
 *     npm run synth -- -c causeway:config=infra/examples/hosted-server.ts
 */
import type { Deployment } from "../config.ts";

export default {
  domains: ["im.example.com"],
  // The certificate has to name this host.
  xmppService: "xmpps://components.xmpp-host.example:5348",
  // The host has told the component's secret; it was put there by hand before.
  xmppSecretArn: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:xmpp-component-AbCdEf",
  // One gateway, one address that does not change, for 36.50 USD a month. Without it each connector dials from an address
  // of its own, for 3.65.
  network: { natGateways: 1 },
  // The chat system is in another account; and its people are woken up by a topic that they have.
  nativePrincipals: ["arn:aws:iam::210987654321:role/chat-backend"],
  alarmTopicArn: "arn:aws:sns:eu-central-1:123456789012:oncall",
  runbookUrl: "https://wiki.example.com/causeway/runbook",
} satisfies Deployment;
