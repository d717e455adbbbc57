/** What contacts' clients answer about what they can do: forged, false, true; and what follows of a contact. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { limits } from "#core/limits.ts";
import { infoElement } from "#core/xmpp/caps.ts";
import {
  answerTo,
  bearing,
  type Client,
  correction,
  infoOf,
  makeClientStage,
  newClient,
  receipts,
} from "#test/harness/clients.ts";
import { domain, now, portsOver } from "#test/harness/functions.ts";
import { available, presence } from "#test/harness/lambda-events.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines({ users: ["nina"] });
const stage = makeClientStage(engines);

const ghost = `nina@${domain}`;

describe("an answer", () => {
  async function askedClient() {
    const client = newClient(correction);
    const contact = await stage.contactIn();
    await stage.appear(portsOver(engines), `${contact}/d`, client);
    return { client, contact, question: await stage.asked() };
  }

  test("counts only from whom was asked, to who asked, under the id of the question", async () => {
    const { client, contact, question } = await askedClient();
    const right = answerTo(question);
    const forger = await stage.contactIn({ state: "both" });
    const [kind, hash, token = "", ...ver] = question.id.split("/");
    const guess = [kind, hash, `${token.slice(1)}A`, ...ver].join("/");
    for (const wrong of [
      { from: `${forger}/d` },
      { from: contact },
      { from: `${contact}/other` },
      { to: ghost },
      { to: `olaf@${domain}/causeway` },
      { to: domain },
      { id: guess },
      { id: `caps/sha-1//${client.caps.ver}` },
      { id: "caps" },
    ]) {
      await stage.answer({ ...right, ...wrong }, infoOf(client));
      const failure = `<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;
      await stage.answer({ ...right, ...wrong, type: "error" }, failure);
      assert.equal(await stage.stateOf(client), "asked", JSON.stringify(wrong));
    }
    await stage.answer(right, infoOf(client));
    assert.deepEqual(await stage.known(contact), [correction]);
  });

  test("that lies, says nothing or is an error makes the client unknown for a while", async () => {
    const query = (children: string) =>
      `<query xmlns="http://jabber.org/protocol/disco#info">${children}</query>`;
    for (const [type, childOf] of [
      ["result", () => infoOf(newClient(receipts))],
      ["result", () => ""],
      ["result", () => query("")],
      [
        "result",
        (client: Client) => infoOf(client).replace("</query>", `<feature var="${receipts}"/></query>`),
      ],
      ["result", (client: Client) => query(`${infoOf(client)}<feature var="a"/><feature var="a"/>`)],
      ["error", (client: Client) => infoOf(client)],
      // The same hash, with a feature passed off as a form.
      [
        "result",
        ({ info }: Client) => {
          const form = `<x xmlns="jabber:x:data" type="result"><field var="FORM_TYPE" type="hidden"><value>${correction}</value></field></x>`;
          const features = info.features.filter((feature) => feature !== correction);
          return infoElement({ ...info, features })
            .toString()
            .replace("</query>", `${form}</query>`);
        },
      ],
    ] as const) {
      const { client, contact, question } = await askedClient();
      await stage.answer({ ...answerTo(question), type }, childOf(client));
      assert.equal(await stage.stateOf(client), "unknown");
      assert.equal(await stage.known(contact), undefined);
      await stage.appear(portsOver(engines), `${contact}/d`, client);
      assert.deepEqual(await stage.questions(), []);
      const later = portsOver(engines, { clock: () => now + limits.capsUnknownS * 1000 });
      await stage.appear(later, `${contact}/d`, client);
      await stage.asked();
    }
  });

  test("that comes again, or after another one, changes nothing", async () => {
    const { client, contact, question } = await askedClient();
    for (const type of ["result", "result", "error"]) {
      await stage.answer({ ...answerTo(question), type }, infoOf(client));
      assert.deepEqual(await stage.known(contact), [correction]);
    }
  });

  test("costs a read and a write; what only looks like one a read; another none", async () => {
    const { client, question } = await askedClient();
    const ports = portsOver(engines);
    // Once for whatever comes within ten seconds.
    await ports.policies.of(domain);
    const costOf = async (attrs: Record<string, string>) => {
      engines.requests.length = 0;
      await stage.answer(attrs, infoOf(client), ports);
      return engines.requests.filter((name) => !/Message/.test(name));
    };
    assert.deepEqual(await costOf({ ...answerTo(question), id: "q1" }), []);
    assert.deepEqual(await costOf({ ...answerTo(question), from: "x@example.org/d" }), ["GetItemCommand"]);
    assert.deepEqual(await costOf(answerTo(question)), ["GetItemCommand", "PutItemCommand"]);
  });
});

describe("what a contact can do", () => {
  async function learned(...features: string[]): Promise<Client> {
    const client = newClient(...features);
    await stage.appear(portsOver(engines), `${await stage.contactIn()}/d`, client);
    await stage.answer(answerTo(await stage.asked()), infoOf(client));
    return client;
  }

  test("is what all of its devices can that count", async () => {
    const contact = await stage.contactIn();
    const [both, one, none] = [await learned(correction, receipts), await learned(receipts), await learned()];
    const ports = () => portsOver(engines);
    assert.equal(await stage.known(contact), undefined);
    await stage.appear(ports(), `${contact}/a`, both);
    assert.deepEqual(await stage.known(contact), [correction, receipts]);
    await stage.appear(ports(), `${contact}/b`, one);
    assert.deepEqual(await stage.known(contact), [receipts]);
    await stage.handle(
      ports(),
      available(`${contact}/c`, "online", `<priority>-1</priority>${bearing(none)}`),
    );
    assert.deepEqual(await stage.known(contact), [receipts]);
    await stage.handle(ports(), available(`${contact}/d`, "away"));
    assert.equal(await stage.known(contact), undefined);
    await stage.handle(ports(), presence(`${contact}/d`, { type: "unavailable" }));
    assert.deepEqual(await stage.known(contact), [receipts]);
    await stage.handle(ports(), presence(contact, { type: "unavailable" }));
    assert.equal(await stage.known(contact), undefined);
  });

  test("costs a read and one for each kind of client, and nothing for a while after", async () => {
    const contact = await stage.contactIn();
    const client = await learned(receipts);
    await stage.appear(portsOver(engines), `${contact}/a`, client);
    await stage.appear(portsOver(engines), `${contact}/b`, client);
    let clock = now;
    const ports = portsOver(engines, { clock: () => clock });
    const costOf = async () => {
      engines.requests.length = 0;
      assert.deepEqual(await stage.known(contact, ports), [receipts]);
      return engines.requests.length;
    };
    assert.equal(await costOf(), 2);
    assert.equal(await costOf(), 0);
    clock += limits.profileCacheMs + 1;
    assert.equal(await costOf(), 1);
  });
});
