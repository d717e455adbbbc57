/** A contact's presence while a walk forgets its silent devices: what is told last is what is true, in every order. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Show } from "#core/presence.ts";
import { nativeWork } from "#functions/native.ts";
import { presenceWork } from "#functions/presence.ts";
import {
  type Engines,
  portsOver,
  startEngines,
  takeDeadLetters,
  takeEvents,
} from "#test/harness/functions.ts";
import { nativeRecord, packOf, record, stanza, unique } from "#test/harness/lambda-events.ts";
import { known, makeStage, says } from "#test/harness/resync.ts";
import { perform } from "#test/harness/runs.ts";
import { inEveryOrder, interleave, type Parts } from "#test/harness/schedule.ts";
import { takeStep } from "#test/harness/walks.ts";

let engines: Engines;

/** New ones for each test: a walk looks at the whole table. */
beforeEach(async () => {
  engines = await startEngines();
});
afterEach(() => engines.stop());

const older = 4;
const fence = 5;
/** Steps that a walk tries again, as its queue would hand them out. */
const triesMax = 5;
/** How often the two interrupt each other. */
const interruptionsMax = 3;

interface Race {
  /** What the silent device has shown. */
  readonly silent: Show;
  /** What the other one has shown on this stream; undefined: it was not there. */
  readonly earlier?: Show;
  /** What it shows now; undefined: it goes. */
  readonly shows?: Show;
  /** The user blocks the contact instead. */
  readonly isBlocked?: true;
}

const races: Readonly<Record<string, Race>> = {
  "a device goes that was ahead of the silent one": { silent: "away", earlier: "chat" },
  "a device comes behind the silent one": { silent: "chat", shows: "away" },
  "a device comes ahead of the silent one": { silent: "away", shows: "chat" },
  "the contact is blocked": { silent: "chat", earlier: "away", isBlocked: true },
  "a device falls behind the silent one": { silent: "away", earlier: "chat", shows: "xa" },
};

async function run(race: Race, choose: Parameters<typeof interleave>[2]): Promise<void> {
  const stage = makeStage(engines);
  const domains = [stage.domain];
  await stage.user("nina");
  const pair = await stage.pair("nina", "alice", { state: "both" });
  await says(engines, pair, older, "silent", race.silent);
  if (race.earlier) await says(engines, pair, fence, "desk", race.earlier);
  const xml = stanza(
    "presence",
    {
      from: `${pair.contact}/desk`,
      to: `nina@${stage.domain}`,
      ...(race.shows ? {} : { type: "unavailable" }),
    },
    race.shows && `<show>${race.shows}</show>`,
  );
  const pack = packOf([{ xml, seq: unique(), fence }]);
  const block = { domain: stage.domain, user: "nina", contact: pair.contact };
  const [work, one] = race.isBlocked
    ? [nativeWork, nativeRecord("contact.blocked", block)]
    : [presenceWork, record({ body: pack })];
  const { directory } = portsOver(engines, { domains });
  await directory.byLocalpart(stage.domain, "nina");
  const left = async (gated: Parts) => {
    const ports = { ...portsOver(gated, { domains }), directory };
    await perform(work, ports, one);
  };
  const right = async (gated: Parts) => {
    const step = stage.task(fence, { phase: "settle", id: `${fence}.settle.0` });
    // Large enough for the pairs of all runs, so that one step meets them.
    const ports = { ...portsOver(gated, { domains }), resync: { pairsPerS: 10_000, settleS: 0 } };
    for (let tries = 1; !(await takeStep(step, ports)); tries++) assert.ok(tries < triesMax);
  };
  await interleave(engines, { left, right }, choose);
  const told = (await takeEvents(engines)).filter(({ type }) => type === "presence.changed");
  assert.equal(told.at(-1)?.data["show"], race.shows ?? "offline");
  assert.deepEqual(await known(engines, pair), race.shows ? ["desk"] : []);
  assert.deepEqual(await takeDeadLetters(engines, "walks"), []);
}

for (const [name, race] of Object.entries(races)) {
  test(`${name}, while that is forgotten`, async () => {
    let orders = 0;
    await inEveryOrder(async (choose) => {
      await run(race, choose);
      orders += 1;
    }, interruptionsMax);
    assert.ok(orders > 5, `${orders} orders`);
  });
}
