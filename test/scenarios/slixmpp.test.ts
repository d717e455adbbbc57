/** A whole conversation with a client of another make: slixmpp. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { onEachServer } from "#test/harness/bridge.ts";
import { type SlixmppClient, startSlixmpp } from "#test/harness/slixmpp.ts";

const nina = "nina@im.localhost";
const contact = "alice@localhost";

onEachServer("slixmpp", (scenario) => {
  let client: SlixmppClient;
  const login = async () => {
    const { host, port } = scenario.bridge.endpoints.xmpp;
    const { certificate } = scenario;
    client = await startSlixmpp({ jid: contact, password: "alice", host, port, certificate });
  };
  before(login);
  after(async () => {
    await client.stop();
  });

  const emit = (type: string, data: object) =>
    scenario.native.emit({ type, data: { user: "nina", ...data } });

  test("each asks, accepts and sees the other", async () => {
    await emit("presence.changed", { show: "away", status: "Lunch & <tea>" });
    await emit("contact.requested", { contact });
    await client.next({ kind: "presence", type: "subscribe", from: nina }, "nina's request");
    client.send({ kind: "presence", to: nina, type: "subscribed" });
    await scenario.native.nextOf("contact.accepted", "nina");
    client.send({ kind: "presence", to: nina, type: "subscribe" });
    const asked = await scenario.native.nextOf("contact.requested", "nina");
    assert.equal(asked.data["preApproved"], true);
    await client.next({ kind: "presence", type: "subscribed", from: nina }, "nina's acceptance");
    const seen = await client.next({ kind: "presence", from: `${nina}/causeway` }, "nina's presence");
    assert.deepEqual([seen.show, seen.status], ["away", "Lunch & <tea>"]);
    client.send({ kind: "presence", show: "dnd", status: "Busy & <loud>" });
    const changed = await scenario.native.next(({ data }) => data["show"] === "dnd", "presence of alice");
    assert.deepEqual([changed.type, changed.data["status"]], ["presence.changed", "Busy & <loud>"]);
  });

  for (const body of [
    "Hello, nina!",
    "👩‍👩‍👧 e\u0301 שלום ]]> <b>&amp;</b>\n\tend",
    "😀é".repeat(10 * 1024),
  ]) {
    test(`text both ways: ${body.slice(0, 12)}…, ${body.length} units`, async () => {
      const id = `id <&> ${body.length}`;
      client.send({ kind: "message", to: nina, id, body });
      const { data } = await scenario.native.nextOf("message.sent", "nina");
      assert.deepEqual([data["id"], data["body"], data["contact"]], [id, body, contact]);
      await emit("message.sent", { contact, id, body });
      const message = await client.next({ kind: "message", id }, "message");
      assert.deepEqual([message.from, message.type, message.body], [nina, "chat", body]);
    });
  }

  test("a message to a user that does not exist comes back", async () => {
    client.send({ kind: "message", to: "nobody@im.localhost", id: "nobody", body: "Hello?" });
    await client.next({ kind: "message_error", id: "nobody", from: "nobody@im.localhost" }, "error");
  });

  const sees = (show: string) =>
    scenario.native.next(({ data }) => data["show"] === show && data["contact"] === contact, `alice ${show}`);

  test("logging out is seen", async () => {
    assert.equal(await client.stop(), 0);
    await sees("offline");
  });

  test("a client whose process is killed is seen to be gone", async () => {
    await login();
    await sees("online");
    client.kill();
    await sees("offline");
  });
});
