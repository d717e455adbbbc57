/** Schemas of the JSON attributes of stored items. Readers accept more than writers write. */

import * as v from "valibot";
import { strangersMay } from "#core/policy.ts";
import { subscriptionStates } from "#core/subscription.ts";

const show = v.picklist(["online", "chat", "away", "xa", "dnd", "offline"]);

const capsHash = v.picklist(["sha-1", "sha-256", "sha-512"]);

export const presenceSchema = v.object({
  show,
  status: v.exactOptional(v.string()),
  idleSince: v.exactOptional(v.string()),
  caps: v.exactOptional(v.string()),
  version: v.number(),
  time: v.string(),
});

export const availabilitySchema = v.object({
  show,
  status: v.exactOptional(v.string()),
  idleSince: v.exactOptional(v.string()),
  priority: v.number(),
  epoch: v.number(),
  time: v.string(),
  caps: v.exactOptional(v.object({ hash: capsHash, node: v.string(), ver: v.string() })),
});

export const capsStateSchema = v.variant("kind", [
  v.object({ kind: v.literal("asked"), cause: v.string(), ghost: v.string(), device: v.string() }),
  v.object({ kind: v.literal("known"), features: v.record(v.string(), v.boolean()) }),
  v.object({ kind: v.literal("unknown") }),
]);

export const pairStateSchema = v.object({
  state: v.picklist(subscriptionStates),
  preApproved: v.boolean(),
  nick: v.exactOptional(v.string()),
  blocked: v.exactOptional(v.literal(true)),
  directed: v.exactOptional(
    v.object({ presence: v.omit(presenceSchema, ["version"]), mark: v.string(), subscriber: v.boolean() }),
  ),
});

export const policySchema = v.object({
  allow: v.exactOptional(v.array(v.string())),
  deny: v.array(v.string()),
  strangers: v.picklist(strangersMay),
});

export const walkProgressSchema = v.object({
  begun: v.string(),
  step: v.number(),
  told: v.number(),
  done: v.boolean(),
});

export const noteSchema = v.object({
  inHand: v.exactOptional(v.string()),
  done: v.exactOptional(v.number()),
  ends: v.array(v.tuple([v.string(), v.number()])),
  aside: v.array(v.string()),
});

const cloudEvent = v.looseObject({
  specversion: v.literal("1.0"),
  id: v.string(),
  source: v.string(),
  type: v.string(),
  time: v.string(),
  data: v.record(v.string(), v.unknown()),
});

export const outboxSchema = v.array(
  v.variant("kind", [
    v.object({
      kind: v.literal("stanza"),
      id: v.string(),
      xml: v.string(),
      written: v.exactOptional(v.string()),
      expires: v.exactOptional(v.string()),
      availability: v.exactOptional(v.object({ ghost: v.string(), version: v.number() })),
      amongBroadcasts: v.exactOptional(v.literal(true)),
      parting: v.exactOptional(v.literal(true)),
    }),
    v.object({ kind: v.literal("deliver"), event: cloudEvent }),
    v.object({ kind: v.literal("internal"), event: cloudEvent }),
  ]),
);
