/** A function that dies at each of its calls in turn: what it leaves behind must not depend on where. */
import assert from "node:assert/strict";
import type { SQSRecord } from "aws-lambda";
import type { Work } from "#functions/pipeline.ts";
import { faulty } from "./faults.ts";
import { type Engines, portsOver } from "./functions.ts";
import { again } from "./lambda-events.ts";
import { failedOf, finish, invoke, type Observation, observe, type Stage } from "./runs.ts";

export interface Prepared {
  readonly stage: Stage;
  readonly records: readonly SQSRecord[];
}

/** What an undisturbed run leaves behind, after all that die before or after a call have been found to leave the same. */
export async function crashEach(
  engines: Engines,
  work: Work,
  prepare: () => Promise<Prepared>,
): Promise<Observation> {
  const { stage, records } = await prepare();
  await finish(work, engines, records);
  const stages = [stage];
  for (const ending of ["dies", "dies-after"] as const) {
    for (let callToDieAt = 0; ; callToDieAt++) {
      const prepared = await prepare();
      const parts = faulty(engines, (index) => (index === callToDieAt ? ending : "done"));
      const answer = await Promise.race([invoke(work, portsOver(parts), prepared.records), parts.died]);
      if (parts.calls.length <= callToDieAt) break;
      const left =
        answer === "died" ? prepared.records : failedOf(prepared.records, answer.batchItemFailures);
      const comeAgain = left.map((one) => again(one));
      await finish(work, engines, comeAgain);
      stages.push(prepared.stage);
    }
  }
  assert.ok(stages.length > 8, "there were calls to die at");
  const [expected, ...seen] = await observe(engines, stages);
  assert.ok(expected);
  for (const [run, each] of seen.entries()) assert.deepEqual(each, expected, `run ${run}`);
  return expected;
}
