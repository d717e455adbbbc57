import type { Scenario } from "./bridge.ts";

/**
 * Makes a user and a contact see each other's presence, which typing, receipts and markers need.
 *
 * @param answer sends the contact's presence of this type to the user
 */
export async function acquaint(
  { native }: Scenario,
  user: string,
  contact: string,
  answer: (type: "subscribed" | "subscribe") => void,
): Promise<void> {
  await native.emit({ type: "presence.changed", data: { user, show: "online" } });
  await native.emit({ type: "contact.requested", data: { user, contact } });
  answer("subscribed");
  await native.nextOf("contact.accepted", user);
  answer("subscribe");
  await native.nextOf("contact.requested", user);
}
