/**
 * Keys of the one table. The domain is part of every key.
 *
 * | item | pk | sk |
 * | --- | --- | --- |
 * | lease and fence of a domain's connector | `connector#<domain>` | `lease` |
 * | address: which user a localpart belongs to | `address#<domain>#<localpart>` | `address` |
 * | user: profile and presence | `user#<domain>#<user>` | `profile` |
 * | availability of a contact, per pair | `user#<domain>#<user>` | `contact#<contact>#availability` |
 * | subscription, marks and outbox, per pair | `user#<domain>#<user>` | `contact#<contact>#subscription` |
 * | who is told a user's presence, in a hash bucket | `subscribers#<domain>#<user>` | `<bucket>#<contact>` |
 * | checkpoint of the walk through a domain's pairs | `walk#<domain>` | `walk` |
 * | what a contact was told of late, per pair | `told#<domain>#<user>` | `<contact>` |
 * | what a verification string of capabilities stands for | `caps#<hash function>#<string>` | `caps` |
 * | note of an item being handled after a crash | `note#<queue message id>` | `note` |
 *
 * Availability sorts next to its subscription, so that one query reads a roster with its shows.
 */
import { limits } from "#core/limits.ts";
import { laneOf } from "./hash.ts";

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** `#` separates parts, so it is escaped inside them; `%` too, to stay reversible. */
function part(text: string): string {
  return text.replace(/[%#]/g, (character) => (character === "#" ? "%23" : "%25"));
}

function unpart(text: string): string {
  return text.replace(/%23|%25/g, (escaped) => (escaped === "%23" ? "#" : "%"));
}

const userPartition = (domain: string, user: string) => `user#${part(domain)}#${part(user)}`;

export const contactPrefix = "contact#";

export function leaseKey(domain: string): Key {
  return { pk: `connector#${part(domain)}`, sk: "lease" };
}

export function addressKey(domain: string, localpart: string): Key {
  return { pk: `address#${part(domain)}#${part(localpart)}`, sk: "address" };
}

export function userKey(domain: string, user: string): Key {
  return { pk: userPartition(domain, user), sk: "profile" };
}

export function subscriptionKey(domain: string, user: string, contact: string): Key {
  return { pk: userPartition(domain, user), sk: `${contactPrefix}${part(contact)}#subscription` };
}

export function availabilityKey(domain: string, user: string, contact: string): Key {
  return { pk: userPartition(domain, user), sk: `${contactPrefix}${part(contact)}#availability` };
}

export function subscribersPartition(domain: string, user: string): string {
  return `subscribers#${part(domain)}#${part(user)}`;
}

/** Subscribers sort by a hash bucket of the contact, so that a broadcast reads and writes them spread evenly. */
export function subscriberKey(domain: string, user: string, contact: string): Key {
  const bucket = laneOf([contact], limits.subscriberBuckets).toString(16).padStart(2, "0");
  return { pk: subscribersPartition(domain, user), sk: `${bucket}#${part(contact)}` };
}

/** The contact of a subscriber's sort key. */
export function readSubscriberKey(sk: string): string {
  return unpart(sk.slice(sk.indexOf("#") + 1));
}

export function toldKey(domain: string, user: string, contact: string): Key {
  return { pk: `told#${part(domain)}#${part(user)}`, sk: part(contact) };
}

export function noteKey(messageId: string): Key {
  return { pk: `note#${part(messageId)}`, sk: "note" };
}

/** The same for every domain: the string itself proves what it stands for. */
export function capsKey(hash: string, ver: string): Key {
  return { pk: `caps#${part(hash)}#${part(ver)}`, sk: "caps" };
}

/** The newest walk through a domain's pairs. */
export function walkKey(domain: string): Key {
  return { pk: `walk#${part(domain)}`, sk: "walk" };
}

/** Beginning of the partition keys of a domain's users. */
export function userPrefix(domain: string): string {
  return `user#${part(domain)}#`;
}

/** The user of a partition key below {@link userPrefix}. */
export function readUserPartition(pk: string): string {
  return unpart(pk.slice(pk.lastIndexOf("#") + 1));
}

/** Contact and kind of a sort key below {@link contactPrefix}. */
export function readContactKey(sk: string): { contact: string; kind: string } {
  const [, contact = "", kind = ""] = sk.split("#");
  return { contact: unpart(contact), kind };
}
