/** `user.removed`: every contact is told, then the user is gone, over real engines. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { limits } from "#core/limits.ts";
import { noPair, type PairState } from "#core/pair.ts";
import type { SubscriptionState } from "#core/subscription.ts";
import { subscriptionStates } from "#core/subscription.ts";
import { messageWork } from "#functions/message.ts";
import { nativeWork } from "#functions/native.ts";
import type { Ports } from "#functions/ports.ts";
import { presenceWork } from "#functions/presence.ts";
import { faulty } from "#test/harness/faults.ts";
import {
  announce,
  domain,
  emptyQueues,
  portsOver,
  relate,
  takeEvents,
  takeTypes,
} from "#test/harness/functions.ts";
import { again, unique } from "#test/harness/lambda-events.ts";
import { invoke, makeStage, type Stage } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";
import { type HeldWalks, holdWalks, takeStep, walkToEnd } from "#test/harness/walks.ts";

const engines = await useEngines();
let parts: HeldWalks;

beforeEach(() => {
  parts = holdWalks(engines);
});

/** What each state has to hear, the end of sight before its reason (RFC 6121 §3.2.2). */
const endings: Readonly<Record<SubscriptionState, readonly string[]>> = {
  none: [],
  "none+out": ["unsubscribe"],
  "none+in": ["unsubscribed"],
  "none+out+in": ["unsubscribe", "unsubscribed"],
  to: ["unsubscribe"],
  "to+in": ["unsubscribe", "unsubscribed"],
  from: ["unavailable", "unsubscribed"],
  "from+out": ["unsubscribe", "unavailable", "unsubscribed"],
  both: ["unsubscribe", "unavailable", "unsubscribed"],
};

/** A user with a contact in each of these states. */
async function userWith(...all: Partial<PairState>[]): Promise<{ user: string; stages: Stage[] }> {
  const user = `leaver${unique()}x`;
  await announce(engines, user);
  const stages = all.map(() => makeStage(user));
  await Promise.all(stages.map(({ pair }, n) => relate(engines, pair, all[n] ?? {})));
  return { user, stages };
}

/** An event of a user about nobody. */
const about = (user: string, type: string, data: object = {}) =>
  makeStage(user).native(type, { contact: undefined, ...data });

/** By an instance that knows nothing yet; whether all was done. */
async function native(...records: SQSRecord[]): Promise<boolean> {
  const { batchItemFailures } = await invoke(nativeWork, portsOver(parts), records);
  return batchItemFailures.length === 0;
}

const told = async () =>
  (await takeEvents(engines)).map(({ type, data }) => String("reason" in data ? data["reason"] : type));
const readUser = (stage: Stage | undefined) =>
  stage === undefined ? assert.fail() : engines.table.readUser(domain, stage.pair.user);

describe("a user that is removed", () => {
  test("takes leave of every contact, step by step, and is gone with its address", async () => {
    const many = Array.from({ length: 3 * limits.farewellPairsMax + 5 }, (_, n) => ({
      state: subscriptionStates[n % subscriptionStates.length] ?? "none",
      ...(n % 4 === 0 ? { blocked: true as const } : {}),
    }));
    const { user, stages } = await userWith(...many);
    assert.ok(await native(about(user, "user.removed")));
    assert.deepEqual(await takeTypes(engines), {});
    const steps = await walkToEnd(parts.held, portsOver(parts));
    const delays = steps.map(({ delayS }) => delayS);
    // When the last instance has forgotten the user, and then at once.
    assert.deepEqual(delays, [limits.profileCacheMs / 1000, ...Array(steps.length - 1).fill(0)]);
    assert.ok(steps.length > 2);
    const expected = stages.map(({ contact }, n) => [contact, endings[many[n]?.state ?? "none"]] as const);
    assert.deepEqual(
      await takeTypes(engines),
      Object.fromEntries(expected.filter(([, types]) => types.length > 0)),
    );
    assert.deepEqual(await told(), []);
    for (const { pair } of stages) {
      assert.deepEqual((await engines.table.readPair(pair))?.state, noPair);
      assert.equal(await engines.table.readAvailability(pair), undefined);
    }
    const [first] = stages;
    assert.equal(await readUser(first), undefined);
    assert.equal(await engines.table.userAt(domain, user), undefined);
    const left = await engines.table.subscribers(domain, first?.pair.user ?? assert.fail(), undefined);
    assert.deepEqual(left.contacts, []);
    // Its address is anybody's now.
    await announce(engines, `another${user}`, user);
  });

  test("is unknown at once: its events are rejected, and who writes to it meets nobody", async () => {
    const { user, stages } = await userWith({ state: "both" });
    const [stage = assert.fail()] = stages;
    await native(about(user, "user.removed"));
    const types = ["contact.requested", "contact.removed", "contact.blocked", "contact.unblocked"];
    await native(
      stage.native("message.sent", { id: "m1", body: "hi" }),
      about(user, "presence.changed", { show: "away" }),
      about(user, "roster.requested"),
      ...types.map((type) => stage.native(type)),
    );
    assert.deepEqual(await told(), Array(7).fill("unknown-user"));
    const said = { name: "message", attrs: { id: "1" }, children: "<body>hi</body>" } as const;
    const ports = portsOver(parts);
    await invoke(messageWork, ports, [stage.stanzas(said)]);
    await invoke(presenceWork, ports, [stage.stanzas({ name: "presence", attrs: { type: "unsubscribe" } })]);
    assert.deepEqual(await takeTypes(engines), { [stage.contact]: ["error"] });
    assert.deepEqual((await engines.table.readPair(stage.pair))?.state.state, "both");
    await walkToEnd(parts.held, ports);
    assert.deepEqual(await takeTypes(engines), { [stage.contact]: endings.both });
    await native(stage.native("contact.requested"));
    assert.deepEqual(await told(), ["unknown-user"]);
  });

  test("is unknown also where it is still cached, and a block does not bring it back", async () => {
    const { user, stages } = await userWith({ state: "both" });
    const [stage = assert.fail()] = stages;
    const elsewhere = portsOver(parts);
    await invoke(nativeWork, elsewhere, [about(user, "roster.requested")]);
    await native(about(user, "user.removed"));
    const late = () =>
      invoke(nativeWork, elsewhere, [
        ...["contact.blocked", "contact.requested"].map((type) => stage.native(type)),
        about(user, "presence.changed", { show: "away" }),
      ]);
    await late();
    await walkToEnd(parts.held, portsOver(parts));
    await late();
    assert.deepEqual(await told(), ["roster.listed", ...Array(6).fill("unknown-user")]);
    assert.equal(await readUser(stage), undefined);
    const blocked = { state: { ...noPair, blocked: true as const }, marks: { xmpp: "", native: "" } };
    const record = await engines.table.readPair(stage.pair);
    const next = { ...blocked, version: (record?.version ?? 0) + 1, outbox: [] };
    assert.equal(await engines.table.commitPair(stage.pair, record, next), false);
    assert.equal(await readUser(stage), undefined);
  });

  test("comes back as somebody new, once the last contact was told, under any address", async () => {
    const { user, stages } = await userWith({ state: "both", blocked: true, nick: "Al" });
    const [stage = assert.fail()] = stages;
    const announced = about(user, "user.updated", { localpart: `new${user}` });
    await native(about(user, "user.removed"));
    assert.equal(await native(announced), false, "waits for the farewell");
    await walkToEnd(parts.held, portsOver(parts));
    assert.ok(await native(again(announced)));
    assert.equal((await readUser(stage))?.localpart, `new${user}`);
    assert.equal((await readUser(stage))?.blocks, undefined);
    await emptyQueues(engines);
    const asks = { name: "presence", attrs: { type: "subscribe", to: `new${user}@${domain}` } } as const;
    await invoke(presenceWork, portsOver(parts), [stage.stanzas(asks)]);
    await native(stage.native("contact.accepted", { mutual: false }));
    assert.deepEqual(await told(), ["contact.requested"]);
    assert.deepEqual(await takeTypes(engines), { [stage.contact]: ["subscribed"] });
  });
});

describe("a removal that comes again", () => {
  test("after its end changes nothing, not even of a user that is back or being removed once more", async () => {
    const { user, stages } = await userWith({ state: "both" });
    const [stage = assert.fail()] = stages;
    const removed = about(user, "user.removed");
    await native(removed);
    const old = await walkToEnd(parts.held, portsOver(parts));
    const repeat = async () => {
      assert.ok(await native(again(removed)));
      for (const { task } of old) assert.ok(await takeStep(task, portsOver(parts)));
    };
    await repeat();
    await native(about(user, "user.updated"), stage.native("contact.requested"));
    await emptyQueues(engines);
    await repeat();
    assert.deepEqual([await takeTypes(engines), await told(), parts.held], [{}, [], []]);
    assert.equal((await engines.table.readPair(stage.pair))?.state.state, "none+out");
    assert.equal(await engines.table.userAt(domain, user), user);

    await native(about(user, "user.removed"));
    for (const { task } of old) await takeStep(task, portsOver(parts));
    assert.ok(await readUser(stage), "the new farewell is yet to come");
    await walkToEnd(parts.held, portsOver(parts));
    assert.deepEqual([await takeTypes(engines), await told()], [{ [stage.contact]: ["unsubscribe"] }, []]);
    assert.equal(await readUser(stage), undefined);
  });

  test("under another id, or of nobody, is nothing to complain about", async () => {
    const { user, stages } = await userWith({ state: "from" });
    await native(about(user, "user.removed"), about(user, "user.removed"));
    await walkToEnd(parts.held, portsOver(parts));
    assert.ok(await native(about(user, "user.removed")));
    assert.deepEqual(await told(), []);
    assert.deepEqual(await takeTypes(engines), { [stages[0]?.contact ?? ""]: endings.from });
    assert.equal(await readUser(stages[0]), undefined);
  });

  /** Removes a user, dying at one call. Undefined when there was no such call. */
  async function removeDying(callToDieAt: number, ending: "dies" | "dies-after") {
    const held = holdWalks(engines);
    const dying = faulty(held, (index) => (index === callToDieAt ? ending : "done"));
    const { user, stages } = await userWith({ state: "both", blocked: true }, { state: "from" });
    let alive = true;
    const untilDone = async (step: (ports: Ports) => Promise<boolean>) => {
      for (let done: boolean | "died" = false; done !== true; ) {
        const run = step(portsOver(alive ? dying : held));
        done = await (alive ? Promise.race([run, dying.died]) : run);
        if (done === "died") alive = false;
      }
    };
    let removed = about(user, "user.removed");
    await untilDone(async (ports) => {
      const { batchItemFailures } = await invoke(nativeWork, ports, [removed]);
      removed = again(removed);
      return batchItemFailures.length === 0;
    });
    for (const { task } of held.held) await untilDone((ports) => takeStep(task, ports));
    if (dying.calls.length <= callToDieAt) return undefined;
    const types = await takeTypes(engines);
    const left = stages.map(async ({ contact, pair }) => ({
      types: types[contact],
      state: (await engines.table.readPair(pair))?.state,
    }));
    return { contacts: await Promise.all(left), user: await readUser(stages[0]), events: await told() };
  }

  for (const ending of ["dies", "dies-after"] as const) {
    test(`leaves the same behind wherever the function ${ending}`, async () => {
      const [both, from] = [endings.both, endings.from].map((types) => ({ types, state: noPair }));
      const expected = { contacts: [both, from], user: undefined, events: [] };
      let call = 0;
      for (let seen = await removeDying(call, ending); seen; seen = await removeDying(call, ending)) {
        assert.deepEqual(seen, expected, `call ${call}`);
        call += 1;
      }
      assert.ok(call > 8, "there were calls to die at");
    });
  }
});
