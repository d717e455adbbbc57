/** A native user and an XMPP account, each with what it does and sees of the other. */
import assert from "node:assert/strict";
import { element, ns } from "#core/xmpp/stanza.ts";
import type { Scenario } from "./bridge.ts";
import { presence } from "./stanzas.ts";
import { bareOf, type XmppUser } from "./xmpp.ts";

export const jidOf = (user: string) => `${user}@im.localhost`;

/** What both sides do and see of one pair. */
export function makePair(scenario: Scenario, alice: XmppUser, user: string) {
  const contact = alice.bare;
  return {
    emit: (type: string, data: object = {}) =>
      scenario.native.emit({
        type,
        data: { user, ...(type !== "presence.changed" && { contact }), ...data },
      }),
    /** The account sends a presence of a type. */
    says: (type: string, note?: string, nick?: string) =>
      alice.send(
        presence(
          { type, to: jidOf(user) },
          ...(note === undefined ? [] : [element("status", {}, note)]),
          ...(nick === undefined ? [] : [element("nick", { xmlns: ns.nick }, nick)]),
        ),
      ),
    /** The next presence of a type that the account gets. */
    sees: (type: string | undefined) =>
      alice.next(
        ({ name, attrs }) =>
          name === "presence" && attrs["type"] === type && bareOf(attrs["from"]) === jidOf(user),
        `presence of type ${type} from ${user}`,
      ),
    /** The data of the next delivery of a type, without who it is about. */
    async hears(type: string) {
      const { user: _user, contact: from, ...data } = (await scenario.native.nextOf(type, user)).data;
      assert.equal(from, contact);
      return data;
    },
    /** The subscription in the account's roster, as its server keeps it. */
    async inRoster() {
      const query = element("query", { xmlns: "jabber:iq:roster" });
      const roster = await alice.request(element("iq", { type: "get" }, query));
      const items = roster.getChild("query")?.getChildren("item") ?? [];
      return items.find(({ attrs }) => attrs["jid"] === jidOf(user))?.attrs["subscription"];
    },
  };
}
export type Pair = ReturnType<typeof makePair>;

/** Both see each other, and are online. */
export async function befriend(pair: Pair): Promise<void> {
  await pair.emit("presence.changed", { show: "online" });
  await pair.emit("contact.requested");
  await pair.sees("subscribe");
  await pair.says("subscribed");
  await pair.hears("contact.accepted");
  await pair.says("subscribe");
  await pair.hears("contact.requested");
  await pair.sees("subscribed");
  await pair.sees(undefined);
}
