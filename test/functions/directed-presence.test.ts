/** What a user shows to one contact alone, until all of them are told that it is gone, over real engines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { limits } from "#core/limits.ts";
import { nativeWork } from "#functions/native.ts";
import { makeHandler, type Work } from "#functions/pipeline.ts";
import { presenceWork } from "#functions/presence.ts";
import { broadcastOn } from "#test/harness/broadcasts.ts";
import { directedOf, flagOf, meet, seenBy, show, showAll } from "#test/harness/directed.ts";
import { domain, emptyQueues, portsOver, take, takeEvents } from "#test/harness/functions.ts";
import { again, invocation, record } from "#test/harness/lambda-events.ts";
import { invoke, makeStage, perform } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines();

/** Each record by an instance that knows nothing yet, and whatever walks come of them. */
async function handle(work: Work, ...records: SQSRecord[]): Promise<void> {
  for (const one of records) {
    await perform(work, portsOver(engines), one);
    await broadcastOn(engines);
  }
}

/** What the probed or the greeted are told leaves by way of the user's group of native-events. */
async function answerProbes(): Promise<void> {
  const bodies = await take(engines, "nativeEvents");
  await handle(nativeWork, ...bodies.map(({ body, group }) => record({ body, group })));
}

const presence = (type?: string, resource = "phone") => ({
  name: "presence" as const,
  attrs: type === undefined ? {} : { type, id: `${type} 1` },
  ...(resource === "" ? {} : { resource }),
});

describe("a contact that a user shows itself to alone", () => {
  test("is told that and, once, that the user is gone; of nothing in between", async () => {
    const stranger = await meet(engines);
    const subscriber = await meet(engines, { state: "from" }, { user: stranger.user });
    await handle(nativeWork, show(stranger, "dnd", { status: "just you" }));
    await handle(nativeWork, showAll(stranger, "chat"), showAll(stranger, "xa"));
    const gone = showAll(stranger, "offline", { status: "bye" });
    await handle(nativeWork, gone, again(gone), showAll(stranger, "offline", { status: "bye" }));
    assert.deepEqual(await seenBy(engines, stranger, subscriber), [
      { alone: ["available dnd just you", "unavailable bye"], among: [] },
      { alone: [], among: ["available chat", "available xa", "unavailable bye"] },
    ]);
    assert.deepEqual(
      [await directedOf(engines, stranger), await flagOf(engines, stranger)],
      [undefined, undefined],
    );
    // What is over does not come back with the next session.
    await handle(nativeWork, showAll(stranger, "online"), showAll(stranger, "offline"));
    assert.deepEqual((await seenBy(engines, stranger))[0], { alone: [], among: [] });
  });

  test("sees it go when that is taken back, and then no more", async () => {
    const stage = await meet(engines);
    await handle(nativeWork, show(stage, "online"), show(stage, "offline"), showAll(stage, "offline"));
    assert.deepEqual((await seenBy(engines, stage))[0], { alone: ["available", "unavailable"], among: [] });
  });

  test("is told also by a user who is offline for all, and when that user repeats to be offline", async () => {
    for (const state of [undefined, { state: "none" }, { state: "to" }] as const) {
      const stage = await meet(engines, state, { present: false });
      await handle(nativeWork, show(stage, "online"), showAll(stage, "offline"), showAll(stage, "offline"));
      assert.deepEqual((await seenBy(engines, stage))[0], { alone: ["available", "unavailable"], among: [] });
      await handle(nativeWork, show(stage, "xa"), showAll(stage, "offline"));
      assert.deepEqual((await seenBy(engines, stage))[0], {
        alone: ["available xa", "unavailable"],
        among: [],
      });
    }
  });

  test("sees all in the order of the broadcasts where it is a subscriber, and goodbye once", async () => {
    const stage = await meet(engines, { state: "both" });
    await handle(nativeWork, showAll(stage, "chat"), show(stage, "dnd"), show(stage, "offline"));
    await handle(nativeWork, showAll(stage, "xa"), showAll(stage, "offline"), show(stage, "away"));
    await handle(nativeWork, showAll(stage, "offline"), show(stage, "dnd"), showAll(stage, "online"));
    await handle(nativeWork, showAll(stage, "offline"));
    assert.deepEqual((await seenBy(engines, stage))[0], {
      alone: [],
      among: [
        ...["available chat", "available dnd", "unavailable", "available xa", "unavailable"],
        ...["available away", "unavailable", "available dnd", "available", "unavailable"],
      ],
    });
    assert.equal(await directedOf(engines, stage), undefined);
    const { contacts } = await engines.table.subscribers(domain, stage.pair.user, undefined);
    assert.deepEqual(contacts, [stage.contact]);
  });

  test("is refused by name: one that is blocked, and of a user that nobody knows", async () => {
    const stage = await meet(engines, { state: "both", blocked: true });
    const nobody = makeStage();
    await handle(nativeWork, show(stage, "online"), show(nobody, "online"));
    const refused = (await takeEvents(engines)).map(({ data }) => [data["reason"], data["contact"]]);
    assert.deepEqual(refused, [
      ["blocked", stage.contact],
      ["unknown-user", nobody.contact],
    ]);
    assert.deepEqual(await seenBy(engines, stage, nobody), Array(2).fill({ alone: [], among: [] }));
  });

  test("that is blocked, or removed, sees the user go by that alone", async () => {
    for (const type of ["contact.blocked", "contact.removed"]) {
      const stage = await meet(engines);
      await handle(nativeWork, show(stage, "online"), stage.native(type), showAll(stage, "offline"));
      const { alone = [] } = (await seenBy(engines, stage))[0] ?? {};
      assert.deepEqual(
        alone.filter((line) => line !== "unsubscribe"),
        ["available", "unavailable"],
      );
      assert.equal(await directedOf(engines, stage), undefined);
    }
  });

  test("need not be told when it has gone itself, of which a stranger's device is all that is known", async () => {
    for (const state of [undefined, { state: "to" }] as const) {
      const stage = await meet(engines, state);
      await handle(nativeWork, show(stage, "online"));
      await handle(presenceWork, stage.stanzas(presence(), presence(undefined, "desk")));
      assert.notEqual(await directedOf(engines, stage), undefined);
      const left = stage.stanzas(presence("unavailable"));
      await handle(presenceWork, left, again(left));
      // A contact whose devices the user sees is gone with the last of them.
      assert.equal((await directedOf(engines, stage)) === undefined, state === undefined);
      await handle(presenceWork, stage.stanzas(presence("unavailable", "desk")));
      assert.equal(await directedOf(engines, stage), undefined);
      await handle(nativeWork, showAll(stage, "offline"));
      assert.deepEqual((await seenBy(engines, stage))[0], { alone: ["available"], among: [] });
      assert.equal(await flagOf(engines, stage), undefined);
    }
  });

  test("may ask for it: it is answered what it was shown, and as a stranger when that is over", async () => {
    const stage = await meet(engines);
    const probe = () => handle(presenceWork, stage.stanzas(presence("probe", ""))).then(answerProbes);
    await probe();
    await handle(nativeWork, show(stage, "dnd"), showAll(stage, "chat"));
    await probe();
    await handle(nativeWork, showAll(stage, "offline"));
    await probe();
    const lines = ["unsubscribed", "available dnd", "available dnd", "unavailable", "unsubscribed"];
    assert.deepEqual((await seenBy(engines, stage))[0]?.alone, lines);
  });

  test("becomes a subscriber like any other", async () => {
    const stage = await meet(engines, { state: "none+in" });
    await handle(nativeWork, show(stage, "dnd"), stage.native("contact.accepted", { mutual: false }));
    await handle(nativeWork, showAll(stage, "xa"), showAll(stage, "offline"));
    assert.deepEqual(await seenBy(engines, stage), [
      {
        alone: ["available dnd", "subscribed", "available away"],
        among: ["available xa", "unavailable"],
      },
    ]);
  });

  test("is no part of the roster, and what it is shown costs what it says", async () => {
    const stage = await meet(engines);
    const ports = portsOver(engines);
    // Keeps the user's address and the policy, which cost a read each the first time.
    await ports.policies.of(domain);
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
    const { user } = await meet(engines);
    const stages = await Promise.all(
      Array.from({ length: 120 }, (_, n) => meet(engines, n < 20 ? { state: "from" } : undefined, { user })),
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
    const seen = await seenBy(engines, ...stages);
    assert.deepEqual(seen.slice(0, 20), Array(20).fill({ alone: [], among: ["unavailable"] }));
    assert.deepEqual(seen.slice(20), Array(100).fill({ alone: ["unavailable"], among: [] }));
    assert.equal(await flagOf(engines, first), undefined);
  });
});
