/** What the domain and its users say of themselves in service discovery (XEP-0030). */
import type { Element } from "ltx";
import type { Capabilities } from "./capabilities.ts";
import { limits } from "./limits.ts";
import type { DiscoInfo, InfoForm } from "./xmpp/caps.ts";
import { element, ns } from "./xmpp/stanza.ts";

/** The software, in entity capabilities (XEP-0115 §4). */
export const ghostNode = "urn:causeway";

/**
 * A gateway (XEP-0100). The registry names the types of gateways after the system behind them; a company's own
 * has no name there, and `xmpp` would mean another XMPP service.
 */
export const domainInfo: DiscoInfo = {
  identities: [{ category: "gateway", type: "causeway", name: "Causeway" }],
  features: [ns.discoInfo, ns.discoItems, ns.ping],
  forms: [],
};

/** What messages and presence of users bear and what is read in theirs, whatever the native system can do. */
const always = [
  ns.discoInfo,
  ns.discoItems,
  ns.ping,
  ns.nick,
  ns.delay,
  ns.idle,
  ns.hints,
  ns.originId,
  ns.fallback,
] as const;

/**
 * A user at its bare JID. RFC 6121 §8.5.2: the server answers in the user's name; XEP-0030 registry: an account of
 * the server's. A message to the bare JID is treated as one to the device, hence the same features.
 */
export function accountInfo(capabilities: Capabilities): DiscoInfo {
  return {
    identities: [{ category: "account", type: "registered" }],
    features: [...always, ...featuresFor(capabilities)],
    forms: formsFor(capabilities),
  };
}

/**
 * The one device of a user, which is what its presence comes from (XEP-0115 §1: capabilities are those of the full
 * JID). What users really have in their hands is the native system's business, so it is the plainest of clients.
 */
export function deviceInfo(capabilities: Capabilities): DiscoInfo {
  return {
    identities: [{ category: "client", type: "pc", name: "Causeway" }],
    features: [...always, ns.caps, ...featuresFor(capabilities)],
    forms: formsFor(capabilities),
  };
}

/** Features that follow from what the native system can do. */
export function featuresFor(can: Capabilities): readonly string[] {
  return [
    // XEP-0085 §4
    ...(can.typing ? [ns.chatStates] : []),
    // XEP-0184 §6
    ...(can.receipts === "off" ? [] : [ns.receipts]),
    // XEP-0333 §3
    ...(can.markers ? [ns.chatMarkers] : []),
    // XEP-0308 §2
    ...(can.edits ? [ns.correction] : []),
    // XEP-0424 §2
    ...(can.retractions ? [ns.retraction] : []),
    // XEP-0444 §2.1
    ...(can.reactions ? [ns.reactions] : []),
    // XEP-0461 §2
    ...(can.replies ? [ns.replies] : []),
    // XEP-0066 §6 and XEP-0447 §2
    ...(can.attachments ? [ns.outOfBand, ns.fileSharing] : []),
    // XEP-0393 §7
    ...(can.styling ? [ns.styling] : []),
  ];
}

/** XEP-0444 §2.2: which reactions there are, and how many one person may give, where that is restricted. */
function formsFor({ reactions }: Capabilities): readonly InfoForm[] {
  if (!reactions) return [];
  const { allowed, max } = reactions;
  const fields = [
    ...(max < limits.emojisMax ? [{ name: "max_reactions_per_user", values: [String(max)] }] : []),
    ...(allowed === undefined ? [] : [{ name: "allowlist", values: allowed }]),
  ];
  return fields.length === 0 ? [] : [{ formType: `${ns.reactions}:restrictions`, fields }];
}

/** The answer to disco#items (XEP-0030 §4.1) without a node: nobody may list who exists. */
export function discoItems(): Element {
  return element("query", { xmlns: ns.discoItems });
}
