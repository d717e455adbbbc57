/** Domains of their own for walks after a gap: a walk meets every pair of its domain. */
import assert from "node:assert/strict";
import type { WalkTaskOf } from "#core/contract/envelope.ts";
import { type Pair, stanzaMark } from "#core/decision.ts";
import type { PairState } from "#core/pair.ts";
import type { Availability, Show } from "#core/presence.ts";
import type { Ports } from "#functions/ports.ts";
import { type Engines, pairOf, portsOver, relate, userId } from "./functions.ts";
import { readTime, trace, unique } from "./lambda-events.ts";
import { type HeldWalks, holdWalks } from "./walks.ts";

/** The presence of users who are there. */
export const here = { show: "dnd", version: 3, time: "2026-11-01T00:00:00Z" } as const;
type Task = WalkTaskOf<"resync">;

export interface ResyncStage {
  readonly domain: string;
  readonly parts: HeldWalks;
  readonly ports: Ports;
  /** Makes a user; present unless said otherwise. */
  user(name: string, isHere?: boolean): Promise<void>;
  pair(user: string, contact: string, state: Partial<PairState>): Promise<Pair>;
  task(fence: number, more?: Partial<Task>): Task;
}

/** A domain where nobody is yet. */
export function makeStage(engines: Engines): ResyncStage {
  const domain = `d${unique()}.example.com`;
  const parts = holdWalks(engines);
  return {
    domain,
    parts,
    ports: portsOver(parts, { domains: [domain] }),
    async user(name, isHere = true) {
      const user = userId(name);
      await engines.table.createUser({ domain, user, localpart: encodeURI(name), mark: "" });
      if (isHere) await engines.table.setPresence(domain, user, here, "1");
    },
    async pair(user, contact, state) {
      const pair = { ...pairOf(user, `${contact}@example.org`), domain };
      await relate(engines, pair, state);
      return pair;
    },
    task: (fence, more = {}) => ({
      kind: "resync",
      id: `${fence}.greet.0`,
      trace,
      hops: 0,
      domain,
      fence,
      since: readTime,
      phase: "greet",
      step: 0,
      ...more,
    }),
  };
}

/** A device of the contact says something on a stream. */
export async function says(
  engines: Engines,
  pair: Pair,
  fence: number,
  resource: string,
  show: Show = "online",
): Promise<void> {
  const said: Availability = { show, priority: 0, epoch: fence, time: readTime };
  const outcome = await engines.table.putAvailability(pair, stanzaMark(fence, unique()), resource, said);
  assert.equal(outcome.kind, "applied");
}

/** The names of the devices that are known of a contact. */
export const known = async (engines: Engines, pair: Pair) =>
  Object.keys((await engines.table.readAvailability(pair)) ?? {}).sort();
