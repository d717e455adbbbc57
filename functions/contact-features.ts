/** What a contact's clients can do. */
import type { ContactFeatures } from "#core/capabilities.ts";
import type { Pair } from "#core/decision.ts";
import type { Ports } from "./ports.ts";

/** Features that every client of the contact has; nothing is learnt of them so far. */
export async function featuresOf(_ports: Ports, _pair: Pair): Promise<ContactFeatures> {
  return undefined;
}
