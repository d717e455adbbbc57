/** SQS is slow, refuses, forgets, or hands out what it has handed out before. */
import { physicalNameOf } from "#infra/definitions/queues.ts";
import {
  answerInPart,
  type Behaviour,
  breakAfter,
  denyPart,
  disorder,
  expireEarly,
  failPart,
  forgetDeletions,
  ignore,
  loseAnswer,
  oneOf,
  pretend,
  refuse,
  shuffle,
  waitFor,
} from "../aws-behaviours.ts";
import type { Call } from "../aws-call.ts";
import type { Rule } from "../aws-proxy.ts";
import type { Fault, Rig } from "../fault.ts";
import { keepAsking } from "../questions.ts";
import { expectChanged, hold, inSpells, type Spell } from "../spell.ts";

const always = () => true;
/** Lambda's own poller is none of our code: what it fails to delete is out of sight for a minute, here as on AWS. */
const byFunctions = ({ caller }: Call) => caller !== "";
const isAction =
  (...actions: readonly string[]) =>
  ({ action }: Call) =>
    actions.includes(action);

/** The same rules for connectors, functions and what invokes these. */
const everybody = ({ aws }: Rig, ...rules: Rule[]): Spell => [
  [aws.connectorSqs, ...rules],
  [aws.functionsSqs, ...rules],
];

/** The same for the calls of connectors and functions. */
const ourCode = ({ aws }: Rig, rule: Omit<Rule, "on">): Spell => [
  [aws.connectorSqs, { ...rule, on: always }],
  [aws.functionsSqs, { ...rule, on: byFunctions }],
];

const isReceive = isAction("ReceiveMessage");
const stallMs = 30_000;
/** A little longer than the connector waits before it closes its stream (`pauseMsMax`). */
const shortStallMs = 13_000;

const stall: Fault = {
  name: "sqs-stall",
  summary: `SQS answers nobody for ${stallMs / 1000} s`,
  inboundLoss: "ending",
  repeats: true,
  lastsS: 75,
  async strike(rig) {
    const end = Promise.withResolvers<void>();
    const spell = everybody(rig, { on: always, does: waitFor(end.promise) });
    expectChanged(rig, spell);
    await rig.strokes(1, () => hold(rig, spell, rig.full ? stallMs : shortStallMs).finally(end.resolve));
  },
};

const errorShare = 0.3;
const errors = inSpells({ name: "sqs-errors", summary: "3 of 10 calls to SQS fail with 500 or 503" }, (rig) =>
  ourCode(rig, {
    share: errorShare,
    does: oneOf(refuse(500, "InternalFailure"), refuse(503, "ServiceUnavailable")),
  }),
);

const throttleShare = 0.5;
const throttling = inSpells(
  { name: "sqs-throttling", summary: "every other call to SQS is throttled" },
  (rig) =>
    ourCode(rig, {
      share: throttleShare,
      does: oneOf(refuse(400, "RequestThrottled"), refuse(400, "ThrottlingException")),
    }),
);

const silenceShare = 0.1;
/** Done or not, the caller does not hear of it. */
const unheard: Behaviour = oneOf(ignore, loseAnswer, answerInPart, breakAfter);
const timeouts = inSpells(
  { name: "sqs-timeouts", summary: "1 of 10 calls to SQS gets no answer, or half of one; most were done" },
  (rig) => ourCode(rig, { share: silenceShare, does: unheard }),
);

const partShare = 0.5;
const parts = inSpells(
  {
    name: "sqs-partial-batches",
    summary: "a part of every other batch fails, or is done and reported as failed",
  },
  ({ aws }) => {
    const does = oneOf(failPart(partShare), denyPart(partShare));
    const sends = { on: isAction("SendMessageBatch"), share: partShare, does };
    const deletions = { on: isAction("DeleteMessageBatch"), share: partShare, does };
    return [
      [aws.connectorSqs, sends, deletions],
      [aws.functionsSqs, { ...sends, on: (call) => byFunctions(call) && sends.on(call) }],
    ];
  },
);

const repeatShare = 0.3;
const duplicates = inSpells(
  { name: "sqs-duplicates", summary: "3 of 10 messages come again after they were deleted" },
  (rig) => everybody(rig, { on: isAction("DeleteMessageBatch"), does: forgetDeletions(repeatShare) }),
);

const visibility = inSpells(
  {
    name: "sqs-visibility",
    summary: "3 of 10 messages are handed out again while they are in hand; extensions do nothing",
  },
  (rig) =>
    everybody(
      rig,
      { on: isReceive, does: expireEarly(repeatShare, 0) },
      { on: isAction("ChangeMessageVisibilityBatch"), does: pretend },
    ),
);

const standardQueues = [physicalNameOf("iqStanzas"), physicalNameOf("walks")];
const disorderly: Fault = inSpells(
  {
    name: "sqs-disorder",
    summary:
      "standard queues deliver in any order, late, and 3 of 10 messages twice; others in any order of groups",
  },
  ({ aws }) => {
    const isStandard = ({ queue }: Call) => standardQueues.includes(queue);
    return [
      [
        aws.functionsSqs,
        { on: (call) => isReceive(call) && isStandard(call), does: disorder(repeatShare) },
        { on: isReceive, does: shuffle },
      ],
      [aws.connectorSqs, { on: isReceive, does: shuffle }],
    ];
  },
);
const disorders: Fault = {
  ...disorderly,
  strike: (rig) => keepAsking(rig, () => disorderly.strike(rig)),
};

export const sqsFaults: readonly Fault[] = [
  stall,
  errors,
  throttling,
  timeouts,
  parts,
  duplicates,
  disorders,
  visibility,
];
