/** What each type of native event makes happen. */
import { TransientFault } from "#aws/faults.ts";
import { userGroup } from "#aws/hash.ts";
import type { RosterEntry } from "#aws/table.ts";
import { makeDelivery } from "#core/contract/delivery.ts";
import type { NativeEvent, NativeEventOf } from "#core/contract/events.ts";
import type { Rejection } from "#core/contract/rejection.ts";
import type { Cause } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { aggregate } from "#core/presence.ts";
import { pendingOf, subscriptionOf } from "#core/subscription.ts";
import { decideUserPresence } from "#core/translate/user-presence.ts";
import { type BareJid, domainOf, parseBareJid } from "#core/xmpp/jid.ts";
import { broadcastStep } from "./broadcast.ts";
import { contextOf } from "./context.ts";
import { beginParting, directPresence } from "./directed-presence.ts";
import { sendDelivery } from "./effects.ts";
import { ghostJid } from "./ghost.ts";
import { changeBlock, changeContact, showPresence } from "./native-contacts.ts";
import { sayToContact } from "./native-messages.ts";
import { deniedDomain, foreignCursor, localpartTaken, unknownUser } from "./native-rejections.ts";
import { removeUser, updateUser } from "./native-users.ts";
import type { Ports } from "./ports.ts";
import { fittingPage } from "./roster-page.ts";

type Outcome = Promise<Rejection | undefined>;

/** Does what an event says; the rejection where it cannot be done. */
export async function carryOut(event: NativeEvent, cause: Cause, ports: Ports): Outcome {
  if (event.type === "user.updated") return updateUser(event, cause, ports);
  // Before anybody asks whether the user exists: a removal that comes again must go on.
  if (event.type === "user.removed") return removeUser(event, cause, ports);
  const { domain, user } = event.data;
  const address = await ports.directory.byUser(domain, user);
  if (address === "unknown-user") return unknownUser(event);
  if (address === "localpart-taken") return localpartTaken(event);
  if (await isDenied(event, ports)) return deniedDomain(event);
  const ghost = ghostJid(address.localpart, domain);
  const contextWith = (contact: BareJid) => contextOf(ports, { domain, user, contact }, ghost, cause);
  switch (event.type) {
    case "message.sent":
    case "message.edited":
    case "message.retracted":
    case "message.reacted":
    case "message.delivered":
    case "message.displayed":
    case "typing.changed":
      return sayToContact(event, contextWith(event.data.contact), address, ports);
    case "contact.requested":
    case "contact.accepted":
    case "contact.declined":
    case "contact.removed":
      return changeContact(event, contextWith(event.data.contact), ports);
    case "contact.blocked":
    case "contact.unblocked":
      return changeBlock(event, contextWith(event.data.contact), ports);
    case "internal.probed":
      return showPresence(event, contextWith(event.data.contact), ports);
    case "presence.changed": {
      const { contact } = event.data;
      if (contact === undefined) return changePresence(event, cause, ports);
      return directPresence(event, contextWith(contact), ports);
    }
    case "roster.requested":
      return listRoster(event, cause, ports);
    default:
      return event satisfies never;
  }
}

/** Whether the policy denies what an event begins; ending something is never denied. Reads as {@link Policies} does. */
async function isDenied(event: NativeEvent, ports: Ports): Promise<boolean> {
  switch (event.type) {
    case "message.sent":
    case "message.edited":
    case "message.retracted":
    case "message.reacted":
    case "message.delivered":
    case "message.displayed":
    case "typing.changed":
    case "contact.requested":
    case "contact.accepted":
    case "presence.changed": {
      const { contact, domain } = event.data;
      if (contact === undefined || (event.type === "presence.changed" && event.data.show === "offline")) {
        return false;
      }
      return (await ports.policies.of(domain)).denies(domainOf(contact));
    }
    default:
      return false;
  }
}

/**
 * 1 read, 1 write where something changes, then the broadcast. Where the user goes and has shown itself to contacts
 * alone, 1 message more: a walk tells those (`functions/directed-presence.ts`).
 */
async function changePresence(event: NativeEventOf<"presence.changed">, cause: Cause, ports: Ports): Outcome {
  const { domain, user } = event.data;
  const record = await ports.table.readUser(domain, user);
  if (record === undefined || record.removing) return unknownUser(event);
  const decision = decideUserPresence(record, cause, event, ports.caps.ver);
  // Also where the event is no news to subscribers: the user may have shown itself to others since it went.
  const parts = event.data.show === "offline" && record.directed !== undefined && cause.mark >= record.mark;
  if (decision === undefined) {
    if (parts) await beginParting(ports, record, cause, false);
    return undefined;
  }
  const { presence, repeat } = decision;
  // A repeat announces again what it had announced: nothing else of this user came in between.
  if (!repeat && !(await ports.table.setPresence(domain, user, presence, cause.mark))) {
    // Somebody was faster, perhaps ourselves: the answer to a write may get lost, and the SDK writes again.
    throw new TransientFault("the user changed meanwhile");
  }
  if (parts) await beginParting(ports, record, cause, true);
  await broadcastStep(ports, { record, presence, trace: cause.trace, hops: cause.hops });
  return undefined;
}

function toContact({ contact, state, resources }: RosterEntry) {
  return {
    contact: contact as BareJid,
    subscription: subscriptionOf(state.state),
    pending: pendingOf(state.state),
    show: aggregate(resources).show,
    ...(state.nick === undefined ? {} : { nick: state.nick }),
  };
}

async function listRoster(event: NativeEventOf<"roster.requested">, cause: Cause, ports: Ports): Outcome {
  const { domain, user, cursor } = event.data;
  if (cursor !== undefined && !parseBareJid(cursor).ok) return foreignCursor(event);
  const page = await ports.table.roster(domain, user, cursor, limits.rosterPageMax);
  const known = page.entries.filter(({ state }) => state.state !== "none").map(toContact);
  const time = new Date(ports.clock()).toISOString();
  const origin = { id: cause.id, domain, domains: ports.domains, time, trace: cause.trace };
  const listed = makeDelivery("roster.listed", origin, { user, ...fittingPage(known, page.cursor) });
  await sendDelivery(ports, userGroup(domain, user), listed);
  return undefined;
}
