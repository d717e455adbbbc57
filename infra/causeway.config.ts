/** This deployment. `infra/config.ts` tells every property and its default, `infra/examples/` has three deployments. */
import type { Deployment } from "./config.ts";

export default {
  domains: ["im.example.com"],
  xmppService: "xmpps://xmpp.example.com:5348",
} satisfies Deployment;
