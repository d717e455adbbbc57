/** What a presence change of a user with 100,000 subscribers costs, counted (`npm run bench -- presence` times it). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { nativeWork } from "#functions/native.ts";
import { broadcastOn, followed } from "#test/harness/broadcasts.ts";
import { portsOver, takeStanzas } from "#test/harness/functions.ts";
import { nativeRecord } from "#test/harness/lambda-events.ts";
import { perform } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const subscribers = 100_000;
const sendsMax = 30;

const engines = await useEngines();

test("100,000 subscribers are told, each once, by at most 30 sends", async () => {
  const contacts = Array.from({ length: subscribers }, (_, n) => `contact${n}@example.org`);
  await followed(engines, "star", contacts);
  engines.requests.length = 0;
  const change = nativeRecord("presence.changed", { user: "star", show: "away" });
  await perform(nativeWork, portsOver(engines), change);
  await broadcastOn(engines);
  const sends = engines.requests.filter((name) => name.startsWith("SendMessage")).length;
  const told = (await takeStanzas(engines, "outboundPresence")).flatMap(({ recipients = [] }) => recipients);
  assert.ok(sends <= sendsMax, `${sends} sends`);
  assert.equal(told.length, subscribers);
  assert.deepEqual(new Set(told), new Set(contacts));
});
