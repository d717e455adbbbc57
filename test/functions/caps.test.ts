/** What users can do is told; what contacts' clients can is asked once, over real engines. */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { allCapabilities } from "#core/capabilities.ts";
import { limits } from "#core/limits.ts";
import { iqWork } from "#functions/iq.ts";
import { nativeWork } from "#functions/native.ts";
import { makeHandler } from "#functions/pipeline.ts";
import type { Ports } from "#functions/ports.ts";
import { presenceWork } from "#functions/presence.ts";
import {
  answerTo,
  bearing,
  correction,
  infoOf,
  makeClientStage,
  newClient,
  receipts,
  stranger,
} from "#test/harness/clients.ts";
import { announce, domain, now, pairOf, portsOver, relate, takeStanzas } from "#test/harness/functions.ts";
import {
  again,
  available,
  invocation,
  nativeRecord,
  pack,
  presence,
  record,
  stanza,
} from "#test/harness/lambda-events.ts";
import { readStanza } from "#test/harness/played-server.ts";
import { perform } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines({ users: ["nina"] });
const stage = makeClientStage(engines);

const ghost = `nina@${domain}`;

describe("what a user can do", () => {
  const can = (edits: boolean) => portsOver(engines, { capabilities: { ...allCapabilities, edits } });
  const change = async (ports: Ports, show: string) => {
    const one = nativeRecord("presence.changed", { user: "olaf", show });
    await perform(nativeWork, ports, one);
    return (await takeStanzas(engines, "outboundPresence")).map(({ xml }) => readStanza(xml));
  };
  const verOf = (stanzas: Awaited<ReturnType<typeof change>>) =>
    stanzas[0]?.getChild("c", "http://jabber.org/protocol/caps")?.attrs["ver"];

  before(async () => {
    await announce(engines, "olaf");
    await relate(engines, pairOf("olaf", "friend@example.org"), { state: "from" });
  });

  test("is told with presence; an equal presence is told again only when it has changed", async () => {
    assert.equal(verOf(await change(can(true), "away")), can(true).caps.ver);
    assert.deepEqual(await change(can(true), "away"), []);
    assert.equal(verOf(await change(can(false), "away")), can(false).caps.ver);
    assert.deepEqual(await change(can(false), "away"), []);
  });

  test("is nothing that one who is gone tells, or tells again", async () => {
    const [gone] = await change(can(false), "offline");
    assert.equal(gone?.attrs["type"], "unavailable");
    assert.equal(gone.getChild("c"), undefined);
    assert.deepEqual(await change(can(true), "offline"), []);
  });

  test("is what the hash in presence stands for, and no other hash", async () => {
    const ports = can(false);
    const ask = async (node: string) => {
      const query = `<query xmlns="http://jabber.org/protocol/disco#info" node="${node}"/>`;
      const to = `olaf@${domain}/causeway`;
      const xml = stanza("iq", { type: "get", id: "q", from: "friend@example.org/x", to }, query);
      await makeHandler(iqWork, ports)(invocation(record({ body: pack(xml), group: "" })));
      const [reply] = await takeStanzas(engines);
      return readStanza(reply?.xml ?? "");
    };
    const reply = await ask(`urn:causeway#${ports.caps.ver}`);
    const features = reply.getChild("query")?.getChildren("feature") ?? [];
    assert.ok(features.some(({ attrs }) => attrs["var"] === receipts));
    assert.ok(!features.some(({ attrs }) => attrs["var"] === correction));
    const old = await ask(`urn:causeway#${can(true).caps.ver}`);
    assert.ok(old.getChild("error")?.getChild("item-not-found"));
  });
});

describe("a client that nobody knows", () => {
  test("is asked once, however many bear its capabilities, by whatever instance they are read", async () => {
    const client = newClient(correction);
    const contacts = await Promise.all(Array.from({ length: 100 }, () => stage.contactIn()));
    const packs = Array.from({ length: 10 }, (_, n) => contacts.slice(10 * n, 10 * n + 10));
    await Promise.all(
      packs.map((part) =>
        stage.handle(
          portsOver(engines),
          ...part.map((one) => available(`${one}/d`, "online", bearing(client))),
        ),
      ),
    );
    const question = await stage.asked();
    assert.equal(question.from, `${ghost}/causeway`);
    assert.equal(question.node, `https://example.org/client#${client.caps.ver}`);
    assert.ok(contacts.some((contact) => question.to === `${contact}/d`));

    await stage.answer(answerTo(question), infoOf(client));
    for (const contact of contacts) assert.deepEqual(await stage.known(contact), [correction]);
  });

  test("costs a read for each instance that has not met it, and afterwards nothing", async () => {
    const client = newClient(receipts);
    const contact = await stage.contactIn();
    await stage.appear(portsOver(engines), `${contact}/d`, client);
    await stage.answer(answerTo(await stage.asked()), infoOf(client));
    const ports = portsOver(engines);
    const other = await stage.contactIn();
    const online = (one: string) => available(`${one}/d`, "online", bearing(client));
    const costOf = async (...xmls: string[]) => {
      engines.requests.length = 0;
      await stage.handle(ports, ...xmls);
      return engines.requests.filter((name) => !name.startsWith("SendMessage"));
    };
    // The instance meets the user.
    await stage.handle(ports, available(`${contact}/d`, "away"));
    const twice = ["UpdateItemCommand", "UpdateItemCommand"];
    assert.deepEqual(await costOf(online(contact), online(contact)), [
      "UpdateItemCommand",
      "GetItemCommand",
      "UpdateItemCommand",
    ]);
    assert.deepEqual(await costOf(online(contact), online(contact)), twice);
    assert.deepEqual(await costOf(online(other), online(other)), twice);
    assert.deepEqual(await stage.known(other), [receipts]);
  });

  test("is not asked by who does not see it, and not where the contact is blocked or unknown", async () => {
    const client = newClient();
    for (const state of [
      { state: "from" },
      { state: "none+out" },
      { state: "both", blocked: true },
    ] as const) {
      await stage.appear(portsOver(engines), `${await stage.contactIn(state)}/d`, client);
    }
    await stage.appear(portsOver(engines), `${stranger()}/d`, client);
    assert.deepEqual(await stage.questions(), []);
    assert.equal(await stage.stateOf(client), undefined);
  });

  test("is not asked where it gets no messages, has no name, or shows the legacy kind of capabilities", async () => {
    const client = newClient();
    const contact = await stage.contactIn();
    const legacy = `<c xmlns="http://jabber.org/protocol/caps" node="https://example.org" ver="0.9" ext="x"/>`;
    await stage.handle(
      portsOver(engines),
      available(`${contact}/d`, "online", `<priority>-1</priority>${bearing(client)}`),
      available(contact, "online", bearing(client)),
      available(`${contact}/e`, "online", legacy),
      presence(`${contact}/d`, { type: "unavailable" }, bearing(client)),
    );
    assert.deepEqual(await stage.questions(), []);
  });

  test("is asked again under the same id when its presence comes again after the question was not sent", async () => {
    const client = newClient();
    const contact = await stage.contactIn();
    const one = record({ body: pack(available(`${contact}/d`, "online", bearing(client))) });
    const silent = portsOver({
      ...engines,
      queues: {
        ...engines.queues,
        send(queue, messages) {
          if (queue === "outboundStanzas") throw Object.assign(new Error("away"), { name: "TimeoutError" });
          return engines.queues.send(queue, messages);
        },
      },
    });
    const failed = await makeHandler(presenceWork, silent)(invocation(one));
    assert.equal(failed.batchItemFailures.length, 1);
    await perform(presenceWork, portsOver(engines), again(one));
    const question = await stage.asked();
    await stage.answer(answerTo(question), infoOf(client));
    assert.equal(await stage.stateOf(client), "known");
  });

  test("is asked again, perhaps of somebody else, when it has not answered for a while", async () => {
    const client = newClient(receipts);
    const [contact, other] = [await stage.contactIn(), await stage.contactIn()];
    let clock = now;
    const ports = portsOver(engines, { clock: () => clock });
    await stage.appear(ports, `${contact}/d`, client);
    const first = await stage.asked();
    await stage.appear(ports, `${other}/d`, client);
    assert.deepEqual(await stage.questions(), []);
    clock += limits.capsAnswerS * 1000;
    await stage.appear(ports, `${other}/d`, client);
    const second = await stage.asked();
    assert.equal(second.to, `${other}/d`);
    // What comes too late is an answer to nothing.
    await stage.answer(answerTo(first), infoOf(client));
    assert.equal(await stage.stateOf(client), "asked");
    await stage.answer(answerTo(second), infoOf(client));
    assert.equal(await stage.stateOf(client), "known");
  });

  test("is asked anew when what is remembered of it lacks what is used now, or is too old", async () => {
    const [lacking, old] = [newClient(), newClient()];
    const features = { [receipts]: true };
    const expires = now / 1000;
    const state = { kind: "known", features } as const;
    await engines.table.replaceCaps(lacking.caps, undefined, { token: "t", expires: expires + 60, state });
    await engines.table.replaceCaps(old.caps, undefined, { token: "t", expires, state });
    const contact = await stage.contactIn();
    for (const client of [lacking, old]) {
      await stage.appear(portsOver(engines), `${contact}/d`, client);
      assert.equal(await stage.known(contact), undefined);
      await stage.answer(answerTo(await stage.asked()), infoOf(client));
      assert.deepEqual(await stage.known(contact), []);
    }
  });

  test("of a contact that names another one each time is asked a few times only", async () => {
    const contact = await stage.contactIn();
    const ports = portsOver(engines);
    const presences = Array.from({ length: 50 }, () =>
      available(`${contact}/d`, "online", bearing(newClient())),
    );
    await stage.handle(ports, ...presences);
    assert.equal((await stage.questions()).length, limits.capsQuestionsMax);
  });
});
