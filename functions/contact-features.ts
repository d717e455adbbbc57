/** What a contact's clients can do, for decisions about what they are sent. */
import type { ContactFeatures } from "#core/capabilities.ts";
import { commonFeatures } from "#core/client-features.ts";
import type { Pair } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { counts } from "#core/presence.ts";
import type { Caps } from "#core/xmpp/caps.ts";
import type { Ports } from "./ports.ts";

/**
 * The features that every client of the contact has that is online and counts; undefined where one of them is not
 * known, and where none is online. 0 requests when cached, else 1 read, and 1 for each kind of client that this
 * instance has not met.
 */
export async function featuresOf(ports: Ports, pair: Pair): Promise<ContactFeatures> {
  const cached = ports.knownCaps.pairs.get(pair);
  if (cached !== undefined) return cached.features;
  const resources = Object.values((await ports.table.readAvailability(pair)) ?? {}).filter(counts);
  // Each kind once, however many devices are of it.
  const kinds = new Map(resources.map(({ caps }) => [caps?.ver, caps]));
  const clients = await Promise.all([...kinds.values()].map((caps) => caps && clientFeatures(ports, caps)));
  return ports.knownCaps.pairs.put(pair, commonFeatures(clients));
}

async function clientFeatures({ knownCaps }: Ports, caps: Caps) {
  const record = await knownCaps.read(caps, limits.profileCacheMs);
  return record?.state.kind === "known" && knownCaps.holds(record) ? record.state.features : undefined;
}
