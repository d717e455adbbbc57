/**
 * Two domains at two servers, a network of Causeway's own that peers with the one of the first server, and what a
 * strict company asks for.
 *
 *     npm run synth -- -c causeway:config=infra/examples/two-domains.ts
 */
import type { Deployment } from "../config.ts";

export default {
  // Events that name no domain are about the first one.
  domains: ["im.example.com", "im.example.org"],
  // The first server is behind the peering; it has to have a route back to 10.7.0.0/16.
  xmppService: "xmpp://10.20.0.5:5347",
  xmppPlain: "private",
  // The second is on the internet, with a secret of its own.
  xmppDomains: { "im.example.org": { service: "xmpps://xmpp.example.org:5348" } },
  network: { cidr: "10.7.0.0/16", peering: { vpcId: "vpc-0123456789abcdef0", cidr: "10.20.0.0/16" } },
  // A key that the company controls, roles that it bounds, logs for a year.
  encryption: "key",
  permissionsBoundaryArn: "arn:aws:iam::123456789012:policy/company-boundary",
  logRetentionDays: 365,
  alarmEmail: "oncall@example.com",
} satisfies Deployment;
