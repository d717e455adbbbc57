/**
 * Keys of the one table. The domain is part of every key.
 *
 * | item | pk | sk |
 * | --- | --- | --- |
 * | lease and fence of a domain's connector | `connector#<domain>` | `lease` |
 * | policy of a domain | `policy#<domain>` | `policy` |
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
 *
 * An address may be longer than what a key may hold. Then the key has its beginning and a hash, and the item keeps
 * the whole of it beside the key.
 */
import { limits } from "#core/limits.ts";
import { utf8Bytes } from "#core/xmpp/utf8.ts";
import { hashId, laneOf } from "./hash.ts";

export interface Key {
  readonly pk: string;
  readonly sk: string;
  /** Attributes for what the key does not hold in full. */
  readonly beside?: Beside;
}

interface Beside {
  readonly fullUser?: string;
  readonly fullContact?: string;
}

/** `#` separates parts, so it is escaped inside them; `%` too, to stay reversible. */
function part(text: string): string {
  return text.replace(/[%#]/g, (character) => (character === "#" ? "%23" : "%25"));
}

function unpart(text: string): string {
  return text.replace(/%23|%25/g, (escaped) => (escaped === "%23" ? "#" : "%"));
}

/** What no {@link part} holds: there only `23` and `25` follow a `%`. */
const shortened = "%~";

/** The key of a part, or of its beginning and a hash where the whole would be too long. */
function fitted(head: string, text: string, tail: string, bytesMax: number): string {
  const whole = `${head}${part(text)}${tail}`;
  if (utf8Bytes(whole) <= bytesMax) return whole;
  const [beginning = ""] = new RegExp(`^.{0,${limits.keyBeginningChars}}`, "su").exec(text) ?? [];
  return `${head}${part(beginning)}${shortened}${hashId(text)}${tail}`;
}

const partition = (kind: string, domain: string, text: string) =>
  fitted(`${kind}#${part(domain)}#`, text, "", limits.partitionKeyBytesMax);

/** A key of a pair, with what it does not hold in full. */
function pairKey(pk: string, sk: string, user: string, contact: string): Key {
  const beside: Beside = {
    ...(pk.includes(shortened) ? { fullUser: user } : {}),
    ...(sk.includes(shortened) ? { fullContact: contact } : {}),
  };
  return Object.keys(beside).length === 0 ? { pk, sk } : { pk, sk, beside };
}

const userPartition = (domain: string, user: string) => partition("user", domain, user);

export const contactPrefix = "contact#";

export function leaseKey(domain: string): Key {
  return { pk: `connector#${part(domain)}`, sk: "lease" };
}

export function policyKey(domain: string): Key {
  return { pk: `policy#${part(domain)}`, sk: "policy" };
}

export function addressKey(domain: string, localpart: string): Key {
  return { pk: partition("address", domain, localpart), sk: "address" };
}

export function userKey(domain: string, user: string): Key {
  return { pk: userPartition(domain, user), sk: "profile" };
}

/** The tails are of one length, so that both items of a pair are shortened, or none. */
function contactKey(domain: string, user: string, contact: string, tail: string): Key {
  const sk = fitted(contactPrefix, contact, tail, limits.sortKeyBytesMax);
  return pairKey(userPartition(domain, user), sk, user, contact);
}

export function subscriptionKey(domain: string, user: string, contact: string): Key {
  return contactKey(domain, user, contact, "#subscription");
}

export function availabilityKey(domain: string, user: string, contact: string): Key {
  return contactKey(domain, user, contact, "#availability");
}

export function subscribersPartition(domain: string, user: string): string {
  return partition("subscribers", domain, user);
}

/** Subscribers sort by a hash bucket of the contact, so that a broadcast reads and writes them spread evenly. */
export function subscriberKey(domain: string, user: string, contact: string): Key {
  const bucket = laneOf([contact], limits.subscriberBuckets).toString(16).padStart(2, "0");
  const sk = fitted(`${bucket}#`, contact, "", limits.sortKeyBytesMax);
  return pairKey(subscribersPartition(domain, user), sk, user, contact);
}

/** The contact of a subscriber's sort key, or what was kept beside it. */
export function readSubscriberKey(sk: string, fullContact?: string): string {
  return fullContact ?? unpart(sk.slice(sk.indexOf("#") + 1));
}

export function toldKey(domain: string, user: string, contact: string): Key {
  return { pk: partition("told", domain, user), sk: fitted("", contact, "", limits.sortKeyBytesMax) };
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

/** The user of a partition key below {@link userPrefix}, or what was kept beside it. */
export function readUserPartition(pk: string, fullUser?: string): string {
  return fullUser ?? unpart(pk.slice(pk.lastIndexOf("#") + 1));
}

/** Contact and kind of a sort key below {@link contactPrefix}; the contact is what was kept beside it, where it was. */
export function readContactKey(sk: string, fullContact?: string): { contact: string; kind: string } {
  const [, contact = "", kind = ""] = sk.split("#");
  return { contact: fullContact ?? unpart(contact), kind };
}
