/** Invariant 6 for directed presence: state and effects agree, whatever step a function dies at and whoever is first. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import type { PairState } from "#core/pair.ts";
import { nativeWork } from "#functions/native.ts";
import type { Work } from "#functions/pipeline.ts";
import { walkWork } from "#functions/walk.ts";
import { directedOf, flagOf, here, meet, seenBy, show, showAll } from "#test/harness/directed.ts";
import { faulty } from "#test/harness/faults.ts";
import { domain, portsOver } from "#test/harness/functions.ts";
import { again } from "#test/harness/lambda-events.ts";
import { finish, invoke } from "#test/harness/runs.ts";
import { inEveryOrder, interleave } from "#test/harness/schedule.ts";
import { useEngines } from "#test/harness/use-engines.ts";
import { holdWalks, takeStep, walkRecord } from "#test/harness/walks.ts";

const engines = await useEngines();

describe("state and effects agree about directed presence", () => {
  /** What a run leaves behind that dies at one call; undefined where there was no such call. */
  async function leftBy(state: PairState["state"], callToDieAt: number, ending: "dies" | "dies-after") {
    const stage = await meet(engines, { state });
    await engines.table.setPresence(domain, stage.pair.user, { ...here, show: "offline" }, "00");
    const held = holdWalks(engines);
    const dying = faulty(held, (index) => (index === callToDieAt ? ending : "done"));
    let alive = true;
    const run = async (work: Work, one: SQSRecord): Promise<void> => {
      const done = invoke(work, portsOver(alive ? dying : held), [one]);
      const answer = await (alive ? Promise.race([done, dying.died]) : done);
      if (answer !== "died") return assert.deepEqual(answer, { batchItemFailures: [] });
      alive = false;
      await run(work, again(one));
    };
    const walk = async () => {
      for (let next = held.held.shift(); next; next = held.held.shift()) {
        await run(walkWork, walkRecord(next.task));
      }
    };
    await run(nativeWork, show(stage, "dnd"));
    await run(nativeWork, showAll(stage, "offline"));
    // A later cause of the pair, before those are told that were shown the user alone.
    await run(nativeWork, stage.native("contact.requested", { mutual: false }));
    await walk();
    await run(nativeWork, show(stage, "chat"));
    await run(nativeWork, showAll(stage, "xa"));
    await run(nativeWork, showAll(stage, "offline"));
    await walk();
    const [seen] = await seenBy(engines, stage);
    const left = {
      seen,
      pair: (await engines.table.readPair(stage.pair))?.state,
      flag: await flagOf(engines, stage),
    };
    return dying.calls.length <= callToDieAt ? undefined : left;
  }

  const expected = {
    none: {
      seen: {
        alone: ["available dnd", "subscribe", "unavailable", "available chat", "unavailable"],
        among: [],
      },
      pair: { state: "none+out", preApproved: false },
      flag: undefined,
    },
    from: {
      seen: {
        alone: ["subscribe"],
        among: ["available dnd", "unavailable", "available chat", "available xa", "unavailable"],
      },
      pair: { state: "from+out", preApproved: false },
      flag: undefined,
    },
  } as const;

  for (const state of ["none", "from"] as const) {
    for (const ending of ["dies", "dies-after"] as const) {
      test(`to one in state ${state}, wherever the function ${ending}`, async () => {
        let call = 0;
        for (let left = await leftBy(state, call, ending); left; left = await leftBy(state, call, ending)) {
          assert.deepEqual(left, expected[state], `call ${call}`);
          call += 1;
        }
        assert.ok(call > 30, "there were calls to die at");
      });
    }
  }

  test("when the user shows itself again while others are still told, in every order of the calls", async () => {
    await inEveryOrder(async (choose) => {
      const stage = await meet(engines);
      const held = holdWalks(engines);
      await invoke(nativeWork, portsOver(held), [show(stage, "dnd"), showAll(stage, "offline")]);
      const [listing] = held.held.splice(0);
      assert.ok(listing && (await takeStep(listing.task, portsOver(held))));
      const [parting] = held.held.splice(0);
      assert.ok(parting);
      const shownAgain = show(stage, "chat");
      const step = walkRecord(parting.task);
      const failed: [Work, SQSRecord][] = [];
      const flow = (work: Work, one: SQSRecord) => async (parts: Parameters<typeof portsOver>[0]) => {
        const { batchItemFailures } = await invoke(work, portsOver(parts), [one]);
        if (batchItemFailures.length > 0) failed.push([work, one]);
      };
      const flows = { left: flow(walkWork, step), right: flow(nativeWork, shownAgain) };
      await interleave(engines, flows, choose);
      for (const [work, one] of failed) await finish(work, engines, [again(one)]);
      const { alone = [] } = (await seenBy(engines, stage))[0] ?? {};
      const untold = alone.filter((line) => line !== "unavailable");
      assert.deepEqual(untold, ["available dnd", "available chat"]);
      assert.equal(alone.at(-1), "available chat");
      assert.equal((await directedOf(engines, stage))?.show, "chat");
      assert.notEqual(await flagOf(engines, stage), undefined);
    }, 2);
  });
});
