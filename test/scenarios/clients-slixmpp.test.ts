/** Every kind of message to and from a client of another make: made and read by slixmpp's own plugins. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { contact, fromContact, fromUser, message, to } from "#test/fixtures/slixmpp-messages.ts";
import { acquaint } from "#test/harness/acquaint.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { type SlixmppClient, startSlixmpp } from "#test/harness/slixmpp.ts";

onEachServer("slixmpp's plugins", (scenario) => {
  let client: SlixmppClient;
  const login = (resource: string) => {
    const { host, port } = scenario.bridge.endpoints.xmpp;
    const { certificate } = scenario;
    return startSlixmpp({
      jid: contact,
      password: "alice",
      host,
      port,
      certificate,
      resource,
      carbons: true,
    });
  };
  before(async () => {
    client = await login("one");
    await acquaint(scenario, "nina", contact, {
      asked: () => client.next({ kind: "presence", type: "subscribe", from: to }),
      send: (type) => client.send({ kind: "presence", to, type }),
    });
  });
  after(async () => {
    await client.stop();
  });

  for (const { name, commands, type, data, absent = [], time } of fromContact) {
    test(`from the contact: ${name}`, async () => {
      scenario.native.inbox.drain();
      for (const command of commands) client.send(command);
      const event = await scenario.native.nextOf(type, "nina");
      assert.partialDeepStrictEqual(event.data, { ...data, contact });
      for (const field of absent) assert.equal(field in event.data, false, field);
      if (time !== undefined) assert.equal(event.time, time);
    });
  }

  for (const { name, type, data, time, wanted, seen } of fromUser) {
    test(`from the user: ${name}`, async () => {
      const event = { type, data: { user: "nina", contact, ...data }, ...(time && { time }) };
      client.inbox.drain();
      await scenario.native.emit(event);
      const told = await client.next({ from: to, ...wanted });
      assert.partialDeepStrictEqual(told, seen);
    });
  }

  test("0280: copies for the account's other client are no messages to the user", async () => {
    const other = await login("two");
    scenario.native.inbox.drain();
    client.send(message({ id: "copied", body: "once" }));
    await other.next({ kind: "carbon_sent", id: "copied" });
    client.send(message({ id: "after", body: "once more" }));
    for (const id of ["copied", "after"]) {
      const { data } = await scenario.native.nextOf("message.sent", "nina");
      assert.equal(data["id"], id);
    }
    await other.stop();
  });

  test("0380: who encrypts is told so once in a conversation", async () => {
    const noah = "noah@im.localhost";
    client.inbox.drain();
    for (const id of ["e1", "e2"]) {
      const encrypted_by = "eu.siacs.conversations.axolotl";
      client.send({ kind: "message", to: noah, id, body: "Encrypted", encrypted_by });
      const { data } = await scenario.native.nextOf("message.sent", "noah");
      assert.partialDeepStrictEqual(data, { id, encrypted: "OMEMO" });
    }
    const explained = await client.next({ kind: "message", from: noah });
    assert.match(explained.body ?? "", /encrypt/);
    await scenario.native.emit({
      type: "message.sent",
      data: { user: "noah", contact, id: "n1", body: "Hi" },
    });
    assert.equal((await client.next({ kind: "message", from: noah })).id, "n1");
  });

  test("0249: an invitation to a room is refused", async () => {
    client.send({ kind: "invitation", to, room: "room@rooms.example.com", reason: "Join us" });
    await client.next({ kind: "message_error", from: to });
  });
});
