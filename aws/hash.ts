import { createHash, hash } from "node:crypto";
import type { CapsHash } from "#core/xmpp/caps.ts";

function digest(parts: readonly string[]): Buffer {
  // Length first, so that ("a", "bc") and ("ab", "c") differ.
  return hash("sha256", parts.map((part) => `${part.length}:${part}`).join(""), "buffer");
}

/**
 * A message group or deduplication id for anything: SQS takes only 128 characters of ASCII there, and ids
 * of users, contacts and events may hold any text.
 */
export function hashId(...parts: string[]): string {
  return digest(parts).subarray(0, 24).toString("base64url");
}

/** A number in 0…count-1 that depends on the parts alone: the lane of a pair, the bucket of a subscriber. */
export function laneOf(parts: readonly string[], count: number): number {
  return digest(parts).readUInt32BE(0) % count;
}

/** The group of everything that belongs to one pair. */
export function pairGroup(domain: string, user: string, contact: string): string {
  return hashId("pair", domain, user, contact);
}

/** The group of a user's broadcasts. */
export function userGroup(domain: string, user: string): string {
  return hashId("user", domain, user);
}

/**
 * The group of what a native user does, on `native-events`, for every sender alike: the user id itself where
 * SQS takes it as a group, else its SHA-256 in hex.
 */
export function nativeEventsGroup(user: string): string {
  if (/^[!-~]{1,128}$/.test(user)) return user;
  return createHash("sha256").update(user).digest("hex");
}

/** A verification string of entity capabilities (XEP-0115 §5.1); the hash function bears its name in the IANA registry. */
export function capsDigest(hash: CapsHash, text: string): string {
  return createHash(hash.replace("-", "")).update(text).digest("base64");
}
