/** A block while the contact's presence is on its way: what is told last is that the contact is gone, in every order. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { nativeWork } from "#functions/native.ts";
import { makeHandler, type Work } from "#functions/pipeline.ts";
import { presenceWork } from "#functions/presence.ts";
import { faulty } from "#test/harness/faults.ts";
import { domain, portsOver, relate, takeDeadLetters, takeEvents } from "#test/harness/functions.ts";
import { again } from "#test/harness/lambda-events.ts";
import { finish, makeStage, perform, type Stage } from "#test/harness/runs.ts";
import { inEveryOrder, interleave, type Parts } from "#test/harness/schedule.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const user = "nina";
const engines = await useEngines({ users: [user] });
/** Knows already who lives where. */
const { directory } = portsOver(engines);
await directory.byLocalpart(domain, user);

interface Race {
  /** What the contact has said before. */
  readonly earlier?: (stage: Stage) => SQSRecord;
  /** What it says now. */
  readonly says: (stage: Stage) => SQSRecord;
}

const presence = (resource: string | undefined, type?: string, show?: string) => (stage: Stage) =>
  stage.stanzas({
    name: "presence",
    attrs: type === undefined ? {} : { type },
    ...(show === undefined ? {} : { children: `<show>${show}</show>` }),
    ...(resource === undefined ? {} : { resource }),
  });

const races: Readonly<Record<string, Race>> = {
  comes: { says: presence("phone") },
  "changes what it shows": { earlier: presence("phone"), says: presence("phone", undefined, "dnd") },
  "shows the same again": { earlier: presence("phone"), says: presence("phone") },
  "comes with another device": { earlier: presence("phone", undefined, "xa"), says: presence("desk") },
  goes: { earlier: presence("phone"), says: presence("phone", "unavailable") },
  "goes with all its devices": { earlier: presence("phone"), says: presence(undefined, "unavailable") },
};

interface Contest {
  readonly stage: Stage;
  readonly contact: SQSRecord;
  readonly block: SQSRecord;
  /** What was told before the race. */
  readonly shown: readonly string[];
}

/** Everything that was told of a contact, repeats aside. */
async function toldOf({ contact }: Stage): Promise<string[]> {
  const events = (await takeEvents(engines)).filter(({ data }) => data["contact"] === contact);
  const fresh = new Map(events.map(({ id, data }) => [id, String(data["show"])]));
  assert.equal(fresh.size, events.length, "SQS drops repeats");
  return [...fresh.values()];
}

async function prepare({ earlier, says }: Race): Promise<Contest> {
  const stage = makeStage(user);
  await relate(engines, stage.pair, { state: "both" });
  if (earlier) await finish(presenceWork, engines, [earlier(stage)]);
  return {
    stage,
    shown: await toldOf(stage),
    contact: says(stage),
    block: stage.native("contact.blocked"),
  };
}

/** The contact is offline in what the user was told, and nothing is kept of it but that. */
async function assertGone({ stage, shown }: Contest, order: string): Promise<void> {
  const told = [...shown, ...(await toldOf(stage))];
  assert.ok(told.length === 0 || told.at(-1) === "offline", `${order}: ${told.join(", ")}`);
  assert.equal(await engines.table.readAvailability(stage.pair), undefined);
  assert.equal((await engines.table.readPair(stage.pair))?.state.blocked, true);
  for (const queue of ["presenceStanzas", "nativeEvents"] as const) {
    assert.deepEqual(await takeDeadLetters(engines, queue), []);
  }
}

/** The block is lifted and the contact answers the probe: the user sees it as it is. */
async function assertSeenAgain({ stage }: Contest): Promise<void> {
  await finish(nativeWork, engines, [stage.native("contact.unblocked")]);
  await finish(presenceWork, engines, [presence("tablet", undefined, "chat")(stage)]);
  const told = await toldOf(stage);
  assert.equal(told.at(-1), "chat");
  assert.deepEqual(Object.keys((await engines.table.readAvailability(stage.pair)) ?? {}), ["tablet"]);
}

/** The work of one side over gated ports. */
function flow(work: Work, one: SQSRecord) {
  return async (gated: Parts) => {
    await perform(work, { ...portsOver(gated), directory }, one);
  };
}

for (const [name, race] of Object.entries(races)) {
  describe(`the contact ${name} while it is blocked`, () => {
    test("in every order of the calls", async () => {
      let orders = 0;
      await inEveryOrder(async (choose) => {
        const contest = await prepare(race);
        const left = flow(presenceWork, contest.contact);
        const right = flow(nativeWork, contest.block);
        await interleave(engines, { left, right }, choose);
        await assertGone(contest, `order ${orders}`);
        await assertSeenAgain(contest);
        orders += 1;
      });
      assert.ok(orders > 5, `${orders} orders`);
    });

    for (const dying of ["contact", "block"] as const) {
      for (const ending of ["dies", "dies-after"] as const) {
        test(`the function that handles the ${dying} ${ending} a call, the other goes on before it comes back`, async () => {
          const [work, other] = dying === "contact" ? [presenceWork, nativeWork] : [nativeWork, presenceWork];
          for (let failing = 0; ; failing++) {
            const contest = await prepare(race);
            const parts = faulty(engines, (index) => (index === failing ? ending : "done"));
            const run = makeHandler(work, portsOver(parts))({ Records: [contest[dying]] });
            const died = (await Promise.race([run, parts.died])) === "died";
            if (!died) break;
            await finish(other, engines, [contest[dying === "contact" ? "block" : "contact"]]);
            await finish(work, engines, [again(contest[dying])]);
            await assertGone(contest, `call ${failing}`);
            await assertSeenAgain(contest);
          }
        });
      }
    }

    test("the stanza comes again only when the block is lifted already", async () => {
      const contest = await prepare(race);
      const { stage } = contest;
      const parts = faulty(engines, (_, call) => (call === "send" ? "dies" : "done"));
      const run = makeHandler(presenceWork, portsOver(parts))({ Records: [contest.contact] });
      const died = (await Promise.race([run, parts.died])) === "died";
      await finish(nativeWork, engines, [contest.block]);
      await finish(nativeWork, engines, [stage.native("contact.unblocked")]);
      if (died) await finish(presenceWork, engines, [again(contest.contact)]);
      const shown = await toldOf(stage);
      // It answers the probe as it is: with the very device that the stanza was about.
      await finish(presenceWork, engines, [presence("phone", undefined, "chat")(stage)]);
      assert.equal([...shown, ...(await toldOf(stage))].at(-1), "chat");
      assert.deepEqual(await takeDeadLetters(engines, "presenceStanzas"), []);
    });
  });
}
