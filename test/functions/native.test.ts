/** `native-events`: what native users do, and what is refused, over real engines. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { pairGroup, userGroup } from "#aws/hash.ts";
import { limits } from "#core/limits.ts";
import { nativeWork } from "#functions/native.ts";
import { makeHandler } from "#functions/pipeline.ts";
import {
  announce,
  domain,
  type LogEntry,
  pairOf,
  portsOver,
  relate,
  take,
  takeDeadLetters,
  takeEvents,
  takeStanzas,
  userId,
} from "#test/harness/functions.ts";
import { again, invocation, nativeEvent, nativeRecord, record, unique } from "#test/harness/lambda-events.ts";
import { perform } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines({ users: ["nina"] });
let log: LogEntry[] = [];

beforeEach(() => {
  log = [];
});

const contact = "alice@example.org";

async function handle(records: readonly SQSRecord[], openDirectory = false): Promise<void> {
  await perform(nativeWork, portsOver(engines, { log, openDirectory }), ...records);
}

const says = (body: string, data: Readonly<Record<string, unknown>> = {}) =>
  nativeRecord("message.sent", { user: "nina", contact, id: `m${unique()}`, body, ...data });

describe("events that are refused", () => {
  const common = { user: "nina", contact };
  const refused: Readonly<
    Record<
      string,
      {
        body: string;
        said: { user?: string; [field: string]: string | undefined };
        dead?: true;
        group?: string;
      }
    >
  > = {
    "not-json": { body: "<hello/>", said: { reason: "not-json" }, dead: true },
    "not-cloudevent": { body: "[]", said: { reason: "not-cloudevent" }, dead: true },
    "a missing attribute": {
      body: JSON.stringify({
        specversion: "1.0",
        id: "x",
        source: "urn:chat",
        type: "message.sent",
        data: common,
      }),
      said: { id: "x", source: "urn:chat", ...common, reason: "not-cloudevent", path: "/time" },
    },
    "unknown-type": {
      body: nativeEvent("message.sung", common, "t1"),
      said: { id: "t1", source: "urn:chat", type: "message.sung", ...common, reason: "unknown-type" },
    },
    invalid: {
      body: nativeEvent("message.sent", { ...common, id: "m", body: 7 }),
      said: { ...common, reason: "invalid", path: "/data/body" },
    },
    "invalid-contact": {
      body: nativeEvent("message.sent", { user: "nina", contact: "@@", id: "m", body: "hi" }),
      said: { user: "nina", reason: "invalid-contact", path: "/data/contact" },
    },
    "own-domain": {
      body: nativeEvent("contact.requested", { user: "nina", contact: `noah@${domain}` }),
      said: { reason: "own-domain", path: "/data/contact" },
    },
    "too-large": {
      body: nativeEvent("message.sent", { ...common, id: "m", body: "x".repeat(limits.eventBytesMax) }),
      said: { ...common, reason: "too-large" },
    },
    "unknown-user": {
      body: nativeEvent("message.sent", { user: "nobody", contact, id: "m", body: "hi" }),
      said: { user: "nobody", reason: "unknown-user", path: "/data/user" },
    },
    "localpart-taken": {
      body: nativeEvent("user.updated", { user: "other", localpart: "nina" }),
      said: { user: "other", reason: "localpart-taken", path: "/data/localpart" },
    },
    "wrong-group": {
      body: nativeEvent("message.sent", { user: "noah", contact, id: "m", body: "hi" }),
      said: { user: "noah", reason: "wrong-group", expected: "noah" },
      group: "nina",
    },
    "localpart-fixed": {
      body: nativeEvent("user.updated", { user: "nina", localpart: "nina.b" }),
      said: { user: "nina", reason: "localpart-fixed", path: "/data/localpart" },
    },
    "no-request": {
      body: nativeEvent("contact.accepted", { user: "nina", contact: "stranger@example.org" }),
      said: { contact: "stranger@example.org", reason: "no-request" },
    },
    "an unsupported field": {
      body: nativeEvent("user.updated", { user: "nina", vcard: { title: "Engineer" } }),
      said: { user: "nina", reason: "unsupported", path: "/data/vcard" },
    },
    "a cursor that is none of ours": {
      body: nativeEvent("roster.requested", { user: "nina", cursor: "@profile" }),
      said: { user: "nina", reason: "invalid", path: "/data/cursor" },
    },
  };

  for (const [name, { body, said, dead, group = said.user ?? "nina" }] of Object.entries(refused)) {
    test(`${name}: told with its reason, and the next event of the batch goes through`, async () => {
      const bad = record({ body, group });
      await handle([bad, says("good")]);
      const [rejected, ...more] = await takeEvents(engines);
      assert.deepEqual(more, []);
      assert.equal(rejected?.type, "event.rejected");
      assert.partialDeepStrictEqual(rejected.data, said);
      assert.ok(rejected.data["text"]);
      // Who sent an event without id or source is told which queue message it was.
      const known = "id" in rejected.data && "source" in rejected.data;
      assert.equal(rejected.data["messageId"], known ? undefined : bad.messageId);
      assert.match((await takeStanzas(engines)).map(({ xml }) => xml).join(), /<body>good<\/body>/);
      const letters = await takeDeadLetters(engines, "nativeEvents");
      assert.deepEqual(
        letters.map((letter) => letter.body),
        dead === undefined ? [] : [body],
      );
      assert.equal(log.filter(({ event }) => event === "rejected").length, 1);
      assert.ok(!JSON.stringify(log).includes("good"), "no text in the log");
    });
  }

  test("a repeat of a refused event repeats the id of its rejection", async () => {
    const bad = nativeRecord("message.sent", { user: "nobody", contact, id: "m", body: "hi" });
    await handle([bad]);
    await handle([again(bad)]);
    assert.equal((await takeEvents(engines)).length, 1);
  });

  test("no text that is not JSON is too large to be kept", async () => {
    const body = '\\"'.repeat(limits.queueMessageBytesMax / 2);
    await handle([record({ body, group: "nina" }), says("good")]);
    const [letter] = await takeDeadLetters(engines, "nativeEvents");
    assert.equal(letter?.cut, true);
    assert.ok(body.startsWith(letter.body ?? "-"));
    assert.ok((letter.body ?? "").length > limits.queueMessageBytesMax / 4);
    assert.equal((await takeStanzas(engines)).length, 1);
  });

  test("goes to the group that is nearest to what could be read", async () => {
    await handle([
      record({ body: nativeEvent("message.sung", { user: "nina", contact }), group: "nina" }),
      record({ body: nativeEvent("user.sung", { user: "nina" }), group: "nina" }),
    ]);
    const groups = (await take(engines, "nativeDeliveries")).map(({ group }) => group);
    assert.deepEqual(groups.sort(), [pairGroup(domain, "nina", contact), userGroup(domain, "nina")].sort());
  });
});

describe("users", () => {
  const update = (data: Readonly<Record<string, unknown>>) => nativeRecord("user.updated", data);
  const rejections = async () => (await takeEvents(engines)).map(({ data }) => data["reason"]);
  const read = (user: string) => engines.table.readUser(domain, userId(user));

  test("exist from their first user.updated, under the address that they choose", async () => {
    const user = `u${unique()}`;
    const one = update({ user, localpart: `Alias.${user}`, name: "Uma", nick: "U" });
    await handle([one, again(one), says("hi", { user })]);
    assert.deepEqual(await rejections(), []);
    const known = await read(user);
    assert.equal(known?.localpart, `alias.${user}`);
    assert.deepEqual({ name: known?.name, nick: known?.nick }, { name: "Uma", nick: "U" });
    const [stanza] = await takeStanzas(engines);
    assert.match(stanza?.xml ?? "", new RegExp(`from="alias.${user}@`));
  });

  test("change their names only forwards", async () => {
    const user = `u${unique()}`;
    const [first, second, third] = [
      update({ user, nick: "1" }),
      update({ user, nick: "2", name: "Two" }),
      update({ user, nick: "3" }),
    ];
    for (const each of [first, second, third, again(second)]) await handle([each]);
    const known = await read(user);
    assert.deepEqual({ name: known?.name, nick: known?.nick }, { name: "Two", nick: "3" });
  });

  test("keep out whoever wants their address, also in an open directory", async () => {
    const user = `u${unique()}`;
    const taken = `t${unique()}`;
    await handle([update({ user, localpart: taken })]);
    await handle([says("hi", { user: taken })], true);
    assert.deepEqual(await rejections(), ["localpart-taken"]);
    assert.deepEqual(await takeStanzas(engines), []);
  });

  test("exist as soon as they act in an open directory, and keep what they were announced with", async () => {
    const user = `u${unique()}`;
    await handle([says("hi", { user })], true);
    assert.equal((await takeStanzas(engines)).length, 1);
    assert.equal((await read(user))?.localpart, user);
    await handle([update({ user, nick: "N" })], true);
    assert.equal((await read(user))?.nick, "N");
    assert.deepEqual(await rejections(), []);
  });

  test("of two who want one address at the same time exactly one gets it", async () => {
    const localpart = `l${unique()}`;
    const users = Array.from({ length: 6 }, () => `u${unique()}`);
    await handle(users.map((user) => update({ user, localpart })));
    assert.deepEqual(await rejections(), Array(5).fill("localpart-taken"));
    const known = await Promise.all(users.map(read));
    assert.equal(known.filter((found) => found !== undefined).length, 1);
  });
});

describe("messages", () => {
  test("leave as one packed queue message with their attachments, without a write", async () => {
    const handler = makeHandler(nativeWork, portsOver(engines));
    engines.requests.length = 0;
    const attachments = [{ url: "https://files.example/a.png" }, { url: "https://files.example/b.png" }];
    const one = says("look", { id: "photo", attachments });
    await handler(invocation(one));
    // The user, and the policy.
    assert.deepEqual(engines.requests, ["GetItemCommand", "GetItemCommand", "SendMessageBatchCommand"]);
    await handler(invocation(again(one)));
    const packs = await take(engines, "outboundStanzas");
    assert.equal(packs.length, 1);
    assert.equal(packs[0]?.group, pairGroup(domain, "nina", contact));
    const ids = [...(packs[0]?.body ?? "").matchAll(/ id=\\"([^"\\]+)\\" *>?<body/g)].map(([, id]) => id);
    assert.deepEqual(ids, ["photo", "photo/1", "photo/2"]);
  });

  test("of one user leave in the order of the batch", async () => {
    const bodies = ["1", "2", "3", "4", "5"];
    await handle(bodies.map((body) => says(body)));
    const said = (await takeStanzas(engines)).map(({ xml }) => /<body>(.*)<\/body>/.exec(xml)?.[1]);
    assert.deepEqual(said, bodies);
  });
});

describe("the roster", () => {
  test("is listed page by page, each contact once, strangers left out", async () => {
    await announce(engines, "rosa");
    const contacts = Array.from({ length: limits.rosterPageMax + 70 }, (_, n) => `r${n}@example.org`);
    const queue = [...contacts, "gone@example.org"];
    const work = async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        await relate(engines, pairOf("rosa", next), { state: next.startsWith("gone") ? "none" : "both" });
      }
    };
    await Promise.all(Array.from({ length: 16 }, work));
    const listed: string[] = [];
    let cursor: unknown;
    let pages = 0;
    do {
      await handle([nativeRecord("roster.requested", { user: "rosa", ...(cursor ? { cursor } : {}) })]);
      const [page] = await takeEvents(engines);
      assert.equal(page?.type, "roster.listed");
      const found = page.data["contacts"] as { contact: string; subscription: string; show: string }[];
      assert.ok(found.length <= limits.rosterPageMax);
      assert.ok(found.every(({ subscription, show }) => subscription === "both" && show === "offline"));
      listed.push(...found.map((entry) => entry.contact));
      cursor = page.data["cursor"];
      pages += 1;
    } while (cursor !== undefined);
    assert.equal(pages, 2);
    assert.deepEqual(listed.sort(), contacts.sort());
  });
});
