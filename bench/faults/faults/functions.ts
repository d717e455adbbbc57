/** A function dies, or is ended by its timeout, in the middle of its work. */
import type { FunctionName } from "#infra/definitions/functions.ts";
import { type Behaviour, hideFor, ignore } from "../aws-behaviours.ts";
import { type Call, isPoll } from "../aws-call.ts";
import type { Rule } from "../aws-proxy.ts";
import { keepAskingContacts } from "../contacts.ts";
import type { Fault, Rig } from "../fault.ts";
import { expectChanged, hold, type Spell } from "../spell.ts";

/** What is behind the calls of these has several effects: in the table, in the queues, in the table again. */
const victims = ["native", "presence", "message"] as const satisfies readonly FunctionName[];
/** The calls of one invocation, about. */
const callsMax = 5;

/** What an ended function had in hand comes again after this, instead of a minute, so that there is time for more. */
const visibilityS = 15;
const sooner: Rule = { on: isPoll, does: hideFor(visibilityS) };

/**
 * Ends a function at the n-th of its calls from now on, before or after the call is done; false when the traffic was over
 * before that.
 */
async function crashAt(rig: Rig, name: FunctionName, nth: number, isDone: boolean): Promise<boolean> {
  const over = Promise.withResolvers<boolean>();
  let calls = 0;
  const does: Behaviour = async (call, engine) => {
    calls += 1;
    const isIt = calls === nth;
    const answer = !isIt || isDone ? await engine.ask(call.action, call.members) : undefined;
    if (answer !== undefined && !isIt) return answer;
    await rig.bridge.crashFunction(name);
    over.resolve(true);
    return "reset";
  };
  const rule = { on: ({ caller }: Call) => caller === name && calls < nth, does };
  rig.aws.functionsSqs.set(rule);
  rig.aws.functionsDynamodb.set(rule);
  try {
    return await Promise.race([over.promise, rig.progress(1).then(() => false)]);
  } finally {
    rig.aws.functionsSqs.set();
    rig.aws.functionsDynamodb.set();
  }
}

const crashes: Fault = {
  name: "function-crash",
  summary: "functions ended before, between and after their effects, 12 times",
  inboundLoss: "none",
  repeats: false,
  // An item may be in hand at two ends of its function, which must not set it aside, but not at three: a stroke waits for
  // calls, and closer together the only ones are about what the stroke before has had come again.
  lastsS: 180,
  strike: (rig) =>
    keepAskingContacts(rig, () => {
      let crashed = 0;
      if (rig.full) rig.aws.functionsSqs.always(sooner);
      rig.afterwards(() => {
        rig.log(`functions ended ${crashed} times`);
        if (crashed === 0) throw new Error("no function was ended");
      });
      return rig.strokes(rig.full ? 12 : victims.length, async (index) => {
        const name = victims[index % victims.length] ?? "native";
        const nth = 1 + Math.floor(rig.random() * callsMax);
        const isDone = rig.random() < 0.5;
        rig.log(`${name} ends ${isDone ? "after" : "before"} its call ${nth}`);
        if (await crashAt(rig, name, nth, isDone)) crashed += 1;
      });
    }),
};

/** All tries of a send and of giving back are more than a function has: it is ended between its effects. */
const byFunction = ({ caller }: Call) => caller !== "";
const slowMs = 20_000;
const shortSlowMs = 12_000;

const timeout: Fault = {
  name: "function-timeout",
  summary: `SQS answers no function for ${slowMs / 1000} s: Lambda's timeout ends them between their effects`,
  inboundLoss: "none",
  repeats: false,
  lastsS: 75,
  strike: (rig) =>
    keepAskingContacts(rig, async () => {
      const spell: Spell = [
        [rig.aws.functionsSqs, { on: byFunction, does: ignore }, ...(rig.full ? [] : [sooner])],
      ];
      expectChanged(rig, spell);
      await rig.strokes(1, () => hold(rig, spell, rig.full ? slowMs : shortSlowMs));
      rig.afterwards(() => {
        const ended = rig.logged.filter((line) => line.includes("timed out")).length;
        rig.log(`${ended} invocations ended by their timeout`);
        if (ended === 0) throw new Error("no function was ended by its timeout");
      });
    }),
};

export const functionFaults: readonly Fault[] = [crashes, timeout];
