/** What a user shows to one contact alone, until all of them are told that it is gone, over real engines. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { limits } from "#core/limits.ts";
import type { PairState } from "#core/pair.ts";
import { parseStanza } from "#core/xmpp/codec.ts";
import { nativeWork } from "#functions/native.ts";
import { makeHandler, type Work } from "#functions/pipeline.ts";
import { presenceWork } from "#functions/presence.ts";
import { walkWork } from "#functions/walk.ts";
import { broadcastOn } from "#test/harness/broadcasts.ts";
import { faulty } from "#test/harness/faults.ts";
import {
  announce,
  domain,
  type Engines,
  emptyQueues,
  portsOver,
  relate,
  startEngines,
  take,
  takeEvents,
  takeStanzas,
} from "#test/harness/functions.ts";
import { again, invocation, record } from "#test/harness/lambda-events.ts";
import { finish, invoke, makeStage, type Stage } from "#test/harness/runs.ts";
import { inEveryOrder, interleave } from "#test/harness/schedule.ts";
import { holdWalks, takeStep, walkRecord } from "#test/harness/walks.ts";

let engines: Engines;

before(async () => {
  engines = await startEngines();
});
beforeEach(() => emptyQueues(engines));
after(() => engines.stop());

const here = { show: "away", version: 3, time: "2026-11-01T00:00:00Z" } as const;

/** A user that is there, unless said otherwise, and a contact. */
async function meet(state?: Partial<PairState>, options: { user?: string; present?: false } = {}) {
  const stage = makeStage(options.user);
  if ((await engines.table.readUser(domain, stage.pair.user)) === undefined) {
    await announce(engines, stage.user);
    if (options.present !== false) await engines.table.setPresence(domain, stage.pair.user, here, "0");
  }
  if (state !== undefined) await relate(engines, stage.pair, state);
  return stage;
}

/** Each record by an instance that knows nothing yet, and whatever walks come of them. */
async function handle(work: Work, ...records: SQSRecord[]): Promise<void> {
  for (const one of records) {
    assert.deepEqual(await invoke(work, portsOver(engines), [one]), { batchItemFailures: [] });
    await broadcastOn(engines);
  }
}

/** What the probed or the greeted are told leaves by way of the user's group of native-events. */
async function answerProbes(): Promise<void> {
  const bodies = await take(engines, "nativeEvents");
  await handle(nativeWork, ...bodies.map(({ body, group }) => record({ body, group })));
}

const show = (stage: Stage, word: string, more: object = {}) =>
  stage.native("presence.changed", { show: word, ...more });
const showAll = (stage: Stage, word: string, more: object = {}) =>
  show(stage, word, { contact: undefined, ...more });
const presence = (type?: string, resource = "phone") => ({
  name: "presence" as const,
  attrs: type === undefined ? {} : { type, id: `${type} 1` },
  ...(resource === "" ? {} : { resource }),
});

const lineOf = (xml: string) => {
  const stanza = parseStanza(xml);
  assert.ok(stanza.ok);
  const { type = "available" } = stanza.value.attrs;
  return [type, stanza.value.getChildText("show"), stanza.value.getChildText("status")]
    .filter(Boolean)
    .join(" ");
};
/** What was written to a contact, in one line each: by its pair's group, and in the user's among the broadcasts. */
async function seenBy(...stages: Stage[]): Promise<{ alone: string[]; among: string[] }[]> {
  const alone = await takeStanzas(engines);
  const among = await takeStanzas(engines, "outboundPresence");
  return stages.map(({ contact }) => ({
    alone: alone.filter(({ xml }) => xml.includes(` to="${contact}"`)).map(({ xml }) => lineOf(xml)),
    among: among.filter(({ recipients = [] }) => recipients.includes(contact)).map(({ xml }) => lineOf(xml)),
  }));
}
const directedOf = async ({ pair }: Stage) => (await engines.table.readPair(pair))?.state.directed?.presence;
const flagOf = async ({ pair }: Stage) => (await engines.table.readUser(domain, pair.user))?.directed;

describe("a contact that a user shows itself to alone", () => {
  test("is told that and, once, that the user is gone; of nothing in between", async () => {
    const stranger = await meet();
    const subscriber = await meet({ state: "from" }, { user: stranger.user });
    await handle(nativeWork, show(stranger, "dnd", { status: "just you" }));
    await handle(nativeWork, showAll(stranger, "chat"), showAll(stranger, "xa"));
    const gone = showAll(stranger, "offline", { status: "bye" });
    await handle(nativeWork, gone, again(gone), showAll(stranger, "offline", { status: "bye" }));
    assert.deepEqual(await seenBy(stranger, subscriber), [
      { alone: ["available dnd just you", "unavailable bye"], among: [] },
      { alone: [], among: ["available chat", "available xa", "unavailable bye"] },
    ]);
    assert.deepEqual([await directedOf(stranger), await flagOf(stranger)], [undefined, undefined]);
    // What is over does not come back with the next session.
    await handle(nativeWork, showAll(stranger, "online"), showAll(stranger, "offline"));
    assert.deepEqual((await seenBy(stranger))[0], { alone: [], among: [] });
  });

  test("sees it go when that is taken back, and then no more", async () => {
    const stage = await meet();
    await handle(nativeWork, show(stage, "online"), show(stage, "offline"), showAll(stage, "offline"));
    assert.deepEqual((await seenBy(stage))[0], { alone: ["available", "unavailable"], among: [] });
  });

  test("is told also by a user who is offline for all, and when that user repeats to be offline", async () => {
    for (const state of [undefined, { state: "none" }, { state: "to" }] as const) {
      const stage = await meet(state, { present: false });
      await handle(nativeWork, show(stage, "online"), showAll(stage, "offline"), showAll(stage, "offline"));
      assert.deepEqual((await seenBy(stage))[0], { alone: ["available", "unavailable"], among: [] });
      await handle(nativeWork, show(stage, "xa"), showAll(stage, "offline"));
      assert.deepEqual((await seenBy(stage))[0], { alone: ["available xa", "unavailable"], among: [] });
    }
  });

  test("sees all in the order of the broadcasts where it is a subscriber, and goodbye once", async () => {
    const stage = await meet({ state: "both" });
    await handle(nativeWork, showAll(stage, "chat"), show(stage, "dnd"), show(stage, "offline"));
    await handle(nativeWork, showAll(stage, "xa"), showAll(stage, "offline"), show(stage, "away"));
    await handle(nativeWork, showAll(stage, "offline"), show(stage, "dnd"), showAll(stage, "online"));
    await handle(nativeWork, showAll(stage, "offline"));
    assert.deepEqual((await seenBy(stage))[0], {
      alone: [],
      among: [
        ...["available chat", "available dnd", "unavailable", "available xa", "unavailable"],
        ...["available away", "unavailable", "available dnd", "available", "unavailable"],
      ],
    });
    assert.equal(await directedOf(stage), undefined);
    const { contacts } = await engines.table.subscribers(domain, stage.pair.user, undefined);
    assert.deepEqual(contacts, [stage.contact]);
  });

  test("is refused by name: one that is blocked, and of a user that nobody knows", async () => {
    const stage = await meet({ state: "both", blocked: true });
    const nobody = makeStage();
    await handle(nativeWork, show(stage, "online"), show(nobody, "online"));
    const refused = (await takeEvents(engines)).map(({ data }) => [data["reason"], data["contact"]]);
    assert.deepEqual(refused, [
      ["blocked", stage.contact],
      ["unknown-user", nobody.contact],
    ]);
    assert.deepEqual(await seenBy(stage, nobody), Array(2).fill({ alone: [], among: [] }));
  });

  test("that is blocked, or removed, sees the user go by that alone", async () => {
    for (const type of ["contact.blocked", "contact.removed"]) {
      const stage = await meet();
      await handle(nativeWork, show(stage, "online"), stage.native(type), showAll(stage, "offline"));
      const { alone = [] } = (await seenBy(stage))[0] ?? {};
      assert.deepEqual(
        alone.filter((line) => line !== "unsubscribe"),
        ["available", "unavailable"],
      );
      assert.equal(await directedOf(stage), undefined);
    }
  });

  test("need not be told when it has gone itself, of which a stranger's device is all that is known", async () => {
    for (const state of [undefined, { state: "to" }] as const) {
      const stage = await meet(state);
      await handle(nativeWork, show(stage, "online"));
      await handle(presenceWork, stage.stanzas(presence(), presence(undefined, "desk")));
      assert.notEqual(await directedOf(stage), undefined);
      const left = stage.stanzas(presence("unavailable"));
      await handle(presenceWork, left, again(left));
      // A contact whose devices the user sees is gone with the last of them.
      assert.equal((await directedOf(stage)) === undefined, state === undefined);
      await handle(presenceWork, stage.stanzas(presence("unavailable", "desk")));
      assert.equal(await directedOf(stage), undefined);
      await handle(nativeWork, showAll(stage, "offline"));
      assert.deepEqual((await seenBy(stage))[0], { alone: ["available"], among: [] });
      assert.equal(await flagOf(stage), undefined);
    }
  });

  test("may ask for it: it is answered what it was shown, and as a stranger when that is over", async () => {
    const stage = await meet();
    const probe = () => handle(presenceWork, stage.stanzas(presence("probe", ""))).then(answerProbes);
    await probe();
    await handle(nativeWork, show(stage, "dnd"), showAll(stage, "chat"));
    await probe();
    await handle(nativeWork, showAll(stage, "offline"));
    await probe();
    const lines = ["unsubscribed", "available dnd", "available dnd", "unavailable", "unsubscribed"];
    assert.deepEqual((await seenBy(stage))[0]?.alone, lines);
  });

  test("becomes a subscriber like any other", async () => {
    const stage = await meet({ state: "none+in" });
    await handle(nativeWork, show(stage, "dnd"), stage.native("contact.accepted", { mutual: false }));
    await handle(nativeWork, showAll(stage, "xa"), showAll(stage, "offline"));
    assert.deepEqual(await seenBy(stage), [
      {
        alone: ["available dnd", "subscribed", "available away"],
        among: ["available xa", "unavailable"],
      },
    ]);
  });

  test("is no part of the roster, and what it is shown costs what it says", async () => {
    const stage = await meet();
    const ports = portsOver(engines);
    // Keeps the user's address, which costs a read the first time.
    await invoke(nativeWork, ports, [showAll(stage, "xa")]);
    const costOf = async (one: SQSRecord) => {
      engines.requests.length = 0;
      await invoke(nativeWork, ports, [one]);
      return engines.requests.join();
    };
    const reads = "GetItemCommand,GetItemCommand";
    assert.equal(
      await costOf(show(stage, "dnd")),
      `${reads},TransactWriteItemsCommand,SendMessageBatchCommand,UpdateItemCommand`,
    );
    assert.equal(await costOf(showAll(stage, "chat")), "GetItemCommand,UpdateItemCommand,QueryCommand");
    await handle(nativeWork, stage.native("roster.requested", { contact: undefined }));
    const [listed] = await takeEvents(engines);
    assert.deepEqual(listed?.data["contacts"], []);
  });

  test("is told with many others, in steps", async () => {
    const { user } = await meet();
    const stages = await Promise.all(
      Array.from({ length: 120 }, (_, n) => meet(n < 20 ? { state: "from" } : undefined, { user })),
    );
    const ports = portsOver(engines);
    for (const stage of stages) {
      await makeHandler(nativeWork, ports)(invocation(show(stage, "online")));
    }
    await emptyQueues(engines);
    const [first = assert.fail()] = stages;
    await invoke(nativeWork, ports, [showAll(first, "offline")]);
    // Twenty of them are subscribers, whom the broadcast tells. The first step lists the others.
    assert.equal(await broadcastOn(engines), 1 + Math.ceil(100 / limits.partingPairsMax));
    const seen = await seenBy(...stages);
    assert.deepEqual(seen.slice(0, 20), Array(20).fill({ alone: [], among: ["unavailable"] }));
    assert.deepEqual(seen.slice(20), Array(100).fill({ alone: ["unavailable"], among: [] }));
    assert.equal(await flagOf(first), undefined);
  });
});

describe("state and effects agree about directed presence", () => {
  /** What a run leaves behind that dies at one call; undefined where there was no such call. */
  async function leftBy(state: PairState["state"], callToDieAt: number, ending: "dies" | "dies-after") {
    const stage = await meet({ state });
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
    const [seen] = await seenBy(stage);
    const left = { seen, pair: (await engines.table.readPair(stage.pair))?.state, flag: await flagOf(stage) };
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
      const stage = await meet();
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
      const { alone = [] } = (await seenBy(stage))[0] ?? {};
      const untold = alone.filter((line) => line !== "unavailable");
      assert.deepEqual(untold, ["available dnd", "available chat"]);
      assert.equal(alone.at(-1), "available chat");
      assert.equal((await directedOf(stage))?.show, "chat");
      assert.notEqual(await flagOf(stage), undefined);
    }, 2);
  });
});
