/** The entity capabilities of ghosts (XEP-0115): the same for all, since they follow from the configuration alone. */
import { capsDigest } from "#aws/hash.ts";
import type { Capabilities } from "#core/capabilities.ts";
import { deviceInfo, ghostNode } from "#core/disco.ts";
import { type Caps, verificationText } from "#core/xmpp/caps.ts";

/** What the presence of ghosts bears, given what the native system can do. */
export function ghostCaps(capabilities: Capabilities): Caps {
  const hash = "sha-1";
  return { hash, node: ghostNode, ver: capsDigest(hash, verificationText(deviceInfo(capabilities))) };
}
