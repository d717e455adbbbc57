/** A user's presence to all who may see it, however many, over real engines. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { userGroup } from "#aws/hash.ts";
import { limits } from "#core/limits.ts";
import { nativeWork } from "#functions/native.ts";
import { makeHandler } from "#functions/pipeline.ts";
import { walkWork } from "#functions/walk.ts";
import { broadcastOn, followed } from "#test/harness/broadcasts.ts";
import { type Ending, faulty } from "#test/harness/faults.ts";
import { domain, portsOver, take, takeDeadLetters, takeStanzas } from "#test/harness/functions.ts";
import { again, invocation, nativeRecord, record } from "#test/harness/lambda-events.ts";
import { perform } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines();

const change = (user: string, show: string, more: object = {}) =>
  nativeRecord("presence.changed", { user, show, ...more });

async function native(...records: SQSRecord[]): Promise<void> {
  await perform(nativeWork, portsOver(engines), ...records);
}

const templates = () => takeStanzas(engines, "outboundPresence");

describe("a broadcast", () => {
  const many = Array.from({ length: limits.broadcastStepMax + 4_000 }, (_, n) => `contact${n}@example.org`);

  test("tells 20,000 subscribers, each once, by a handful of messages of the user's group", async () => {
    await followed(engines, "star", many);
    engines.requests.length = 0;
    await native(change("star", "away", { status: "on stage" }));
    const steps = await broadcastOn(engines);
    const sends = engines.requests.filter((name) => name.startsWith("SendMessage")).length;
    assert.equal(steps, 1);
    // Three templates, and one walk.
    assert.equal(sends, 4);
    const told = await templates();
    assert.deepEqual(told.flatMap(({ recipients = [] }) => recipients).sort(), [...many].sort());
    for (const { xml, availability, group, recipients = [] } of told) {
      assert.match(xml, /^<presence from="star@im.example.com\/causeway"><show>away<\/show>/);
      assert.deepEqual(availability, { ghost: `star@${domain}`, version: 1 });
      assert.equal(group, userGroup(domain, "star"));
      assert.ok(recipients.length <= limits.recipientsMax);
    }
  });

  test("of nothing new is none", async () => {
    await native(change("star", "away", { status: "on stage" }));
    assert.equal(await broadcastOn(engines), 0);
    assert.deepEqual(await templates(), []);
  });

  test("stops when something newer is to be told", async () => {
    await native(change("star", "dnd"));
    const [task] = await take(engines, "walks");
    await native(change("star", "online"));
    await take(engines, "walks");
    await templates();
    await makeHandler(
      walkWork,
      portsOver(engines),
    )(invocation(record({ body: task?.body ?? "", group: "" })));
    assert.deepEqual(await templates(), []);
    assert.deepEqual(await take(engines, "walks"), []);
  });

  test("reaches everyone once, whatever call fails or kills the function", async () => {
    const shows = ["away", "dnd", "xa", "chat"];
    let broadcasts = 0;
    for (const ending of ["fails-after", "dies"] as const) {
      // The calls are: who it is, the new presence, its subscribers, the templates, the walk.
      for (let failing = ending === "dies" ? 0 : 1; ; failing += ending === "dies" ? 1 : 2) {
        broadcasts += 1;
        const one = change("star", shows[broadcasts % shows.length] ?? "", { status: `${broadcasts}` });
        const parts = faulty(engines, (index): Ending => (index === failing ? ending : "done"));
        const first = makeHandler(nativeWork, portsOver(parts))(invocation(one));
        await Promise.race([first, parts.died]);
        const disturbed = parts.calls.length > failing;
        if (disturbed) await native(again(one));
        await broadcastOn(engines);
        const told = (await templates()).flatMap(({ recipients = [] }) => recipients);
        assert.equal(told.length, many.length, `${ending} at call ${failing}`);
        assert.equal(new Set(told).size, many.length);
        if (!disturbed) break;
      }
    }
  });

  test("fits its messages also when addresses are long, and longer in JSON", async () => {
    const long = Array.from({ length: 1_500 }, (_, n) => `${String(n).padEnd(450, "ü")}@example.org`);
    await followed(engines, "far", long);
    await native(change("far", "away", { status: "ü".repeat(limits.statusCharsMax) }));
    await broadcastOn(engines);
    const told = (await templates()).flatMap(({ recipients = [] }) => recipients);
    assert.deepEqual(await takeDeadLetters(engines, "nativeEvents"), []);
    assert.deepEqual(told.sort(), long.sort());
  });
});

describe("the walk function", () => {
  test("sets aside what is no task, and returns what only a newer version can read", async () => {
    const handler = makeHandler(walkWork, portsOver(engines));
    const newer = record({ body: '{"v":2,"items":[]}', group: "" });
    const answer = await handler(invocation(record({ body: "no task", group: "" }), newer));
    assert.deepEqual(answer, { batchItemFailures: [{ itemIdentifier: newer.messageId }] });
    const letters = await takeDeadLetters(engines, "walks");
    assert.deepEqual(
      letters.map(({ reason, body }) => ({ reason, body })),
      [{ reason: "malformed", body: "no task" }],
    );
  });
});
