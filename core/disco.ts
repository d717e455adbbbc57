/** What the domain and its users say of themselves in service discovery (XEP-0030). */
import type { Element } from "ltx";
import { element, ns } from "./xmpp/stanza.ts";

interface Self {
  readonly category: string;
  readonly type: string;
  readonly name?: string;
  readonly features: readonly string[];
}

/**
 * A gateway (XEP-0100). The registry names the types of gateways after the system behind them; a company's own
 * has no name there, and `xmpp` would mean another XMPP service.
 */
const domain: Self = {
  category: "gateway",
  type: "causeway",
  name: "Causeway",
  features: [ns.discoInfo, ns.discoItems, ns.ping],
};

/** RFC 6121 §8.5.2: the server answers in the user's name; XEP-0030 registry: an account of the server's. */
const user: Self = {
  category: "account",
  type: "registered",
  features: [ns.discoInfo, ns.discoItems, ns.ping],
};

/** The answer to disco#info (XEP-0030 §3.1) without a node. */
export function discoInfo(about: "domain" | "user"): Element {
  const { category, type, name, features } = about === "domain" ? domain : user;
  return element(
    "query",
    { xmlns: ns.discoInfo },
    element("identity", { category, type, name }),
    ...features.map((feature) => element("feature", { var: feature })),
  );
}

/** The answer to disco#items (XEP-0030 §4.1) without a node: nobody may list who exists. */
export function discoItems(): Element {
  return element("query", { xmlns: ns.discoItems });
}
