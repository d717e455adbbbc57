/** DynamoDB throttles, meets other writers, does not answer, or cannot be reached. */
import { limits } from "#core/limits.ts";
import {
  answerInPart,
  breakAfter,
  cancelTransaction,
  ignore,
  loseAnswer,
  oneOf,
  refuse,
} from "../aws-behaviours.ts";
import { type Call, partitionOf } from "../aws-call.ts";
import type { Rule } from "../aws-proxy.ts";
import { keepAskingContacts } from "../contacts.ts";
import type { Fault, Rig } from "../fault.ts";
import { placesOf } from "../places.ts";
import { expectChanged, hold, inSpells, type Spell } from "../spell.ts";

const always = () => true;
const writes = ["PutItem", "UpdateItem", "DeleteItem"];
const isWrite = ({ action }: Call) => writes.includes(action);
const isTransaction = ({ action }: Call) => action === "TransactWriteItems";

/** A message writes nothing: what does, besides. */
const withContacts = (fault: Fault): Fault => ({
  ...fault,
  strike: (rig) => keepAskingContacts(rig, () => fault.strike(rig)),
});

const everybody = ({ aws }: Rig, ...rules: Rule[]): Spell => [
  [aws.connectorDynamodb, ...rules],
  [aws.functionsDynamodb, ...rules],
];

const throttleShare = 0.5;
const throttling = inSpells(
  { name: "dynamodb-throttling", summary: "every other call to DynamoDB is throttled" },
  (rig) =>
    everybody(rig, {
      on: always,
      share: throttleShare,
      does: oneOf(
        refuse(400, "ProvisionedThroughputExceededException"),
        refuse(400, "ThrottlingException"),
        refuse(500, "InternalServerError"),
      ),
    }),
);

const conflictShare = 0.5;
const conflicts = inSpells(
  {
    name: "dynamodb-conflicts",
    summary: "every other write meets a conflict: another transaction, or itself, done and not answered",
  },
  (rig) =>
    everybody(
      rig,
      { on: isTransaction, share: conflictShare, does: oneOf(cancelTransaction, breakAfter) },
      {
        on: isWrite,
        share: conflictShare,
        does: oneOf(refuse(400, "TransactionConflictException"), breakAfter),
      },
    ),
);

const silenceShare = 0.2;
const timeouts = inSpells(
  {
    name: "dynamodb-timeouts",
    summary: "1 of 5 calls to DynamoDB gets no answer, or half of one; most were done",
  },
  (rig) =>
    everybody(rig, {
      on: always,
      share: silenceShare,
      does: oneOf(ignore, loseAnswer, answerInPart, breakAfter),
    }),
);

/** Longer than the lease, twice. */
const unreachableMs = 3 * limits.leaseMs;
const isLease = (call: Call) => partitionOf(call).startsWith("connector#");

const leaseTable: Fault = {
  name: "lease-unreachable",
  summary: `nobody reaches the lease of the stream for ${unreachableMs / 1000} s, twice`,
  bridge: { connectors: 2 },
  inboundLoss: "ending",
  repeats: true,
  lastsS: 75,
  async strike(rig) {
    const spell: Spell = [[rig.aws.connectorDynamodb, { on: isLease, does: ignore }]];
    expectChanged(rig, spell);
    await rig.strokes(rig.full ? 2 : 1, async () => {
      const { fence } = await placesOf(rig.bridge, rig.signal);
      await hold(rig, spell, unreachableMs);
      const after = await placesOf(rig.bridge, rig.signal);
      // Whoever holds it has begun anew: the old holder had to give it up by itself.
      if (after.fence <= fence) throw new Error(`the stream of fence ${fence} outlived its lease`);
    });
  },
};

export const dynamodbFaults: readonly Fault[] = [
  ...[throttling, conflicts, timeouts].map(withContacts),
  leaseTable,
];
