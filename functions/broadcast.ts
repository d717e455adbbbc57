/** A user's availability to all who may see it: one stanza and lists of recipients, step by step. */
import { hashId } from "#aws/hash.ts";
import type { UserRecord } from "#aws/table.ts";
import { asciiJson, encodeItem, packOverheadBytes, type WalkTask } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";
import { availabilityStanza, type UserPresence } from "#core/presence.ts";
import { serializeStanza } from "#core/xmpp/codec.ts";
import { sendTemplates, sendWalk } from "./effects.ts";
import { ghostJid } from "./ghost.ts";
import type { Ports } from "./ports.ts";

export interface Broadcast {
  readonly record: UserRecord;
  readonly presence: UserPresence;
  readonly trace: string;
  readonly hops: number;
  /** Where the list of subscribers goes on. */
  readonly cursor?: string;
}

/** Slices of at most `limits.recipientsMax` whose JSON takes at most so many bytes: JIDs may be long. */
function inSlices(contacts: readonly string[], bytesMax: number): string[][] {
  const slices: string[][] = [];
  let slice: string[] = [];
  let bytes = 0;
  for (const contact of contacts) {
    const added = asciiJson(contact).length + 1;
    if (slice.length === limits.recipientsMax || bytes + added > bytesMax) {
      slices.push(slice);
      slice = [];
      bytes = 0;
    }
    slice.push(contact);
    bytes += added;
  }
  return slice.length === 0 ? slices : [...slices, slice];
}

/**
 * Announces to the next subscribers and hands the rest to a walk. 1 query and, for each 8,000 recipients or
 * each MiB of them, one message. Ids follow from version and recipients, so a repeated step names the same ones.
 */
export async function broadcastStep(ports: Ports, broadcast: Broadcast): Promise<void> {
  const { record, presence, trace, hops, cursor } = broadcast;
  const { domain, user } = record;
  const ghost = ghostJid(record.localpart, domain);
  const xml = serializeStanza(availabilityStanza(ghost, undefined, presence, ports.caps));
  // Before they are read: who is told later that it sees the user no more is left out by it.
  const time = new Date(ports.clock()).toISOString();
  const page = await ports.table.subscribers(domain, user, cursor);
  const availability = { ghost, version: presence.version };
  const template = (recipients: readonly string[]) => {
    const id = hashId(domain, user, String(presence.version), ...recipients);
    const item = { id, time, trace, hops: hops + 1, xml, recipients: [...recipients], availability };
    return { id, encoded: encodeItem(item) };
  };
  const room = limits.queueMessageBytesMax - packOverheadBytes - template([]).encoded.length;
  const templates = inSlices(page.contacts, room).map(template);
  await sendTemplates(ports, record, templates);
  if (page.cursor === undefined) return;
  const task: WalkTask = {
    id: hashId(domain, user, String(presence.version), page.cursor),
    trace,
    hops: hops + 1,
    kind: "broadcast",
    domain,
    user,
    version: presence.version,
    cursor: page.cursor,
  };
  await sendWalk(ports, task);
}
