/**
 * Contacts asked and accepted: each is a change in the table with effects in the queues, which messages are not. Every
 * request must be accepted once.
 */
import { element } from "#core/xmpp/stanza.ts";
import type { Rig } from "./fault.ts";

/** The last is asked when this part of the traffic has been sent. */
const lastAsked = 0.9;

/** Does `work`, and meanwhile has every user ask every account; afterwards each request must have been accepted, once. */
export async function keepAskingContacts(rig: Rig, work: () => Promise<void>): Promise<void> {
  const { ends } = rig;
  const pairs = ends.accounts.flatMap((account) => ends.users.map((user) => ({ user, account })));
  const contactOf = (account: string) => `${account}@${rig.bridge.endpoints.xmpp.domain}`;
  /** Ids of the events that told of acceptances, by pair. */
  const accepted = new Map(
    pairs.map(({ user, account }) => [`${user} ${contactOf(account)}`, new Set<string>()]),
  );
  ends.onStanza((account, stanza) => {
    if (!stanza.is("presence") || stanza.attrs["type"] !== "subscribe") return;
    const answer = element("presence", { type: "subscribed", to: stanza.attrs["from"] ?? "" });
    // Where its stream has just ended, the request comes again.
    ends.send(account, answer).catch(() => {});
  });
  ends.onEvent(({ id, type, data }) => {
    if (type === "contact.accepted") accepted.get(`${data["user"]} ${data["contact"]}`)?.add(id);
  });

  const ask = async () => {
    for (const [index, { user, account }] of pairs.entries()) {
      await rig.progress((lastAsked * index) / pairs.length);
      const data = { user, contact: contactOf(account) };
      await ends.emit(user, `request.${user}.${account}`, "contact.requested", data);
    }
  };
  rig.afterwards(() => {
    const wrong = [...accepted].filter(([, ids]) => ids.size !== 1).map(([pair]) => pair);
    rig.log(`${pairs.length} contacts requested`);
    if (wrong.length > 0) {
      throw new Error(
        `${wrong.length} contacts were accepted never or twice: ${wrong.slice(0, 5).join(", ")}`,
      );
    }
  });
  await Promise.all([work(), ask()]);
}
