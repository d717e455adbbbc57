import type { Scenario } from "./bridge.ts";

/** The contact's side of it. */
interface Acquaintance {
  /** Resolves when the contact sees the user's request. */
  asked(): Promise<unknown>;
  /** Sends the contact's presence of this type to the user. */
  send(type: "subscribed" | "subscribe"): void;
}

/** Makes a user and a contact see each other's presence, which typing, receipts and markers need. */
export async function acquaint(
  { native }: Scenario,
  user: string,
  contact: string,
  { asked, send }: Acquaintance,
): Promise<void> {
  await native.emit({ type: "presence.changed", data: { user, show: "online" } });
  await native.emit({ type: "contact.requested", data: { user, contact } });
  await asked();
  send("subscribed");
  await native.nextOf("contact.accepted", user);
  send("subscribe");
  await native.nextOf("contact.requested", user);
}
