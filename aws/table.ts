/** The one DynamoDB table behind a port. Each method says what it costs in requests. */
import type { ClientFeatures } from "#core/client-features.ts";
import type { Effect, Pair } from "#core/decision.ts";
import type { UserId } from "#core/mapping.ts";
import type { PairState } from "#core/pair.ts";
import type { Policy } from "#core/policy.ts";
import type { Availability, UserPresence } from "#core/presence.ts";
import type { LastAvailability } from "#core/translate/availability.ts";
import type { Caps } from "#core/xmpp/caps.ts";

/** A verification string, and the hash function that it was made with. */
export type CapsName = Pick<Caps, "hash" | "ver">;

export interface UserRecord {
  readonly domain: string;
  readonly user: UserId;
  /** Fixed once the user exists. */
  readonly localpart: string;
  readonly name?: string;
  readonly nick?: string;
  /** Last presence that the native system told; absent before the first. */
  readonly presence?: UserPresence;
  /** Mark of the last native cause taken in. */
  readonly mark: string;
  /** The user blocks somebody. */
  readonly blocks?: boolean;
  /** Mark of the cause that removes the user: its contacts are being told. */
  readonly removing?: string;
  /** Mark of the last cause by which the user showed itself to one contact alone; gone when all of them were told. */
  readonly directed?: string;
}

export interface PairRecord {
  readonly state: PairState;
  /** Last cause taken in, per side; empty before the first. */
  readonly marks: { readonly xmpp: string; readonly native: string };
  /** Grows by one with each commit. */
  readonly version: number;
  /** Effects of the last commit that were perhaps not sent yet, with what they need to be sent. */
  readonly outbox: readonly Effect[];
}

/** What is known of a verification string of entity capabilities (XEP-0115). */
export interface CapsRecord {
  /** That of the question; a later question has another. */
  readonly token: string;
  /** Until then it holds, in seconds since 1970. */
  readonly expires: number;
  readonly state: /** A ghost has asked a device; `cause` is the presence that it was asked for. */
    | { readonly kind: "asked"; readonly cause: string; readonly ghost: string; readonly device: string }
    | { readonly kind: "known"; readonly features: ClientFeatures }
    /** The answer was none, or not what the string stands for. */
    | { readonly kind: "unknown" };
}

type Resources = Readonly<Record<string, Availability>>;

/** What became of an availability update. */
export type AvailabilityOutcome =
  /**
   * Taken in, now or when the same cause came before; `before` is what was known until then, `directed` whether the user
   * has shown itself to the contact alone.
   */
  | { readonly kind: "applied"; readonly before: Resources; readonly directed: boolean }
  /** A later cause was taken in already. */
  | { readonly kind: "stale" }
  /** The pair is not known. */
  | { readonly kind: "unknown" };

export interface RosterEntry {
  readonly contact: string;
  readonly state: PairState;
  readonly resources: Resources;
}

/** One of the two items of a pair, as a walk meets them. */
export type WalkEntry =
  | { readonly kind: "subscription"; readonly pair: Pair; readonly state: PairState }
  | (LastAvailability & {
      readonly kind: "availability";
      readonly pair: Pair;
      /** The fence of the last resync that had to tell of resources forgotten here; 0 before. */
      readonly settled: number;
      /** Mark of the last cause taken in before resources were forgotten; empty before. */
      readonly settledMark: string;
    });

/** How far the walk before a planned end of the stream is. */
export interface OfflineProgress {
  /** When it was asked for. */
  readonly begun: string;
  /** Counts the parts of the table that it has gone through. */
  readonly step: number;
  /** Contacts told so far. */
  readonly told: number;
  readonly done: boolean;
}

/** What is known of the items of a queue message that came back. Items are named as their letters name them: by cause. */
export interface Note {
  /** The one that is being handled. */
  readonly inHand?: string | undefined;
  /** Once they are handled one by one: how many of them, from the first on, are done with. */
  readonly done?: number | undefined;
  /** How often the function has ended with an item in hand that has not been handled since. */
  readonly ends: readonly (readonly [cause: string, count: number])[];
  /** Those that were set aside for it. */
  readonly aside: readonly string[];
}

/** The lease of a domain's stream as it stands in the table. */
export interface LeaseRecord {
  /** Absent: nobody holds it. */
  readonly holder?: string;
  /** Grows with each taking and renewal. */
  readonly version: number;
  /** How long its holder counts on it after a renewal. */
  readonly leaseMs: number;
  /** Its holder is about to release it. */
  readonly leaving: boolean;
}

export interface Table {
  /** The next fence of a domain: larger than every one before. Throws when a `holder` is named and is none. 1 write. */
  takeFence(domain: string, holder?: string): Promise<number>;
  /** The last fence of a domain; 0 before the first. 1 read. */
  readFence(domain: string): Promise<number>;
  /** 1 read. */
  readLease(domain: string, signal: AbortSignal): Promise<LeaseRecord>;
  /** Takes the lease that was `seen`, unless it was renewed or taken since: then false. 1 write. */
  takeLease(
    domain: string,
    holder: string,
    leaseMs: number,
    seen: LeaseRecord,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** False when somebody else has taken it. 1 write. */
  renewLease(domain: string, holder: string, leaving: boolean, signal: AbortSignal): Promise<boolean>;
  /** Gives the lease up, where it is still `holder`'s. 1 write. */
  releaseLease(domain: string, holder: string, signal: AbortSignal): Promise<void>;

  /** The policy of a domain; the open one where there is none. 1 read, more for long lists: one for each 4 KiB. */
  readPolicy(domain: string): Promise<Policy>;
  /** 1 write, more for long lists: one for each KiB. */
  writePolicy(domain: string, policy: Policy): Promise<void>;

  /** The user that a localpart belongs to, when it was announced. 1 read. */
  userAt(domain: string, localpart: string): Promise<UserId | undefined>;
  /** 1 read. */
  readUser(domain: string, user: UserId): Promise<UserRecord | undefined>;
  /** Makes a user and claims its localpart, both or none. 1 transaction of 2 writes. */
  createUser(record: UserRecord): Promise<"created" | "exists" | "localpart-taken">;
  /** Changes name and nick, unless a later cause did. 1 write. */
  updateProfile(record: UserRecord): Promise<void>;
  /** Sets the presence, unless this or a later cause did: then false. 1 write. */
  setPresence(domain: string, user: UserId, presence: UserPresence, mark: string): Promise<boolean>;

  /** 1 read. */
  readPair(pair: Pair): Promise<PairRecord | undefined>;
  /**
   * Commits a decision when nobody else was first (then false). 1 write; a transaction of 2 to 4 when the contact
   * becomes or ceases to be a subscriber, blocked or shown the user alone, or the pair known or unknown.
   *
   * @param seen mark of the availability that a block was decided on: a later one was first, too
   */
  commitPair(pair: Pair, before: PairRecord | undefined, next: PairRecord, seen?: string): Promise<boolean>;
  /** Forgets the outbox of a version when its effects are sent. 1 write. */
  clearOutbox(pair: Pair, version: number): Promise<void>;

  /** Takes one resource's availability in (`undefined`: unavailable). 1 write. */
  putAvailability(
    pair: Pair,
    mark: string,
    resource: string,
    availability: Availability | undefined,
  ): Promise<AvailabilityOutcome>;
  /** Forgets all resources, given what {@link readAvailability} knew of them. 1 write. */
  dropResources(pair: Pair, mark: string, known: Resources): Promise<AvailabilityOutcome>;
  /** Forgets resources over the limit, unless a later cause than that of `mark` was taken in. 1 write. */
  trimResources(pair: Pair, mark: string, resources: readonly string[]): Promise<void>;
  /** What is known of a contact's resources; `undefined` for an unknown pair and a blocked contact. 1 read. */
  readAvailability(pair: Pair): Promise<Resources | undefined>;
  /** The same, and what came last. 1 read. */
  lastAvailability(pair: Pair): Promise<LastAvailability | undefined>;

  /** What a verification string stands for; perhaps it holds no longer. 1 read. */
  readCaps(caps: CapsName): Promise<CapsRecord | undefined>;
  /**
   * Puts a record in place of the one with the token `before` (`undefined`: there is none), unless somebody else did
   * so first: then false. 1 write.
   */
  replaceCaps(caps: CapsName, before: string | undefined, record: CapsRecord): Promise<boolean>;

  /** The next subscribers of a user, out of `limits.broadcastStepMax` items, with a cursor where more follow. 1 query. */
  subscribers(
    domain: string,
    user: UserId,
    cursor: string | undefined,
  ): Promise<{ contacts: string[]; cursor?: string }>;
  /** The next contacts that the user has shown itself to alone, as {@link Table.subscribers} does. 1 query. */
  directedContacts(
    domain: string,
    user: UserId,
    cursor: string | undefined,
  ): Promise<{ contacts: string[]; cursor?: string }>;
  /** All of them are told of the cause of `mark`, and nobody has come since: then it is forgotten of the user. 1 write. */
  forgetDirected(domain: string, user: UserId, mark: string): Promise<void>;
  /** Up to `count` entries of a roster; where more follows its cursor is the last contact. 1 query. */
  roster(
    domain: string,
    user: UserId,
    cursor: string | undefined,
    count: number,
  ): Promise<{ entries: RosterEntry[]; cursor?: string }>;

  /** Takes a step of the walk through a domain's pairs, unless a later step, or a newer walk, was taken: then false. 1 write. */
  claimWalk(domain: string, mark: string, progress?: OfflineProgress): Promise<boolean>;
  /** How far the walk before a planned end of the stream is; undefined while another one is under way. 1 read. */
  walkProgress(domain: string): Promise<OfflineProgress | undefined>;
  /** The next pairs of a domain, out of `count` items of the table. 1 scan. */
  walkPairs(
    domain: string,
    cursor: string | undefined,
    count: number,
  ): Promise<{ entries: WalkEntry[]; cursor?: string }>;
  /** Forgets resources of a contact, unless it has said anything since: then false. 1 write. */
  forgetResources(
    entry: Extract<WalkEntry, { kind: "availability" }>,
    fence: number,
    resources: readonly string[],
  ): Promise<boolean>;
  /** Marks a user as being removed, unless it is gone or a later cause was taken in: then false. 1 write. */
  beginRemoval(domain: string, user: UserId, mark: string): Promise<boolean>;
  /** Removes a user and frees its address, unless it is back, or gone already. 1 transaction of 2 writes. */
  removeUser(record: UserRecord): Promise<void>;

  /**
   * Remembers until then that the contact was told that nobody reads its encrypted messages; false where it was told
   * before, for another cause. 1 write.
   */
  tellOnce(pair: Pair, causeId: string, nowS: number, untilS: number): Promise<boolean>;

  /** The items of a queue message that were being handled when a function died. 1 read. */
  readNote(messageId: string): Promise<{ readonly note: Note; readonly expiresS: number } | undefined>;
  /**
   * Keeps a note; one that says nothing is removed. 1 write.
   *
   * @param expiresS in seconds since 1970
   */
  writeNote(messageId: string, note: Note, expiresS: number): Promise<void>;
}
