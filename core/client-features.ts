/** What contacts' clients can do, as far as it makes a difference to what they are sent. */
import type { ContactFeatures } from "./capabilities.ts";
import { type DiscoInfo, verificationText } from "./xmpp/caps.ts";
import { ns } from "./xmpp/stanza.ts";

/** The features that decisions ask for; no others are remembered. */
const usedFeatures: readonly string[] = [
  ns.outOfBand,
  ns.chatStates,
  ns.receipts,
  ns.correction,
  ns.chatMarkers,
  ns.styling,
  ns.retraction,
  ns.retraction0,
  ns.fallback,
  ns.reactions,
  ns.fileSharing,
  ns.replies,
];

/** Of every used feature, whether a client has it: so that one that is used later is not taken for lacking. */
export type ClientFeatures = Readonly<Record<string, boolean>>;

/**
 * What is remembered of an answer whose hash was right.
 *
 * XEP-0115 hashes identities, features and forms as one row of texts, so the same hash may be had for features that
 * are passed off as something else. An answer that has a name of ours anywhere but among its features says nothing.
 *
 * @returns undefined for an answer made to deceive
 */
export function clientFeaturesOf(info: DiscoInfo): ClientFeatures | undefined {
  const factors = verificationText(info).split("<");
  const strays = usedFeatures.some(
    (feature) => factors.includes(feature) && !info.features.includes(feature),
  );
  if (strays) return undefined;
  return Object.fromEntries(usedFeatures.map((feature) => [feature, info.features.includes(feature)]));
}

/** Whether what was remembered speaks of every feature that is used now. */
export function isWhole(remembered: ClientFeatures): boolean {
  return usedFeatures.every((feature) => Object.hasOwn(remembered, feature));
}

/** What all of the clients can do; undefined without clients, and where one of them is unknown. */
export function commonFeatures(clients: readonly (ClientFeatures | undefined)[]): ContactFeatures {
  if (clients.length === 0 || clients.includes(undefined)) return undefined;
  return new Set(usedFeatures.filter((feature) => clients.every((client) => client?.[feature] === true)));
}
