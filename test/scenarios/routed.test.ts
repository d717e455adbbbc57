/** Where the native system asks for it, it is told when the XMPP server has taken a message on. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { onEachServer } from "#test/harness/bridge.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

const nina = "nina@im.localhost";

onEachServer(
  "message.routed",
  (scenario) => {
    let alice: XmppUser;
    before(async () => {
      alice = await scenario.login("alice");
    });

    const send = (id: string, more: Record<string, unknown> = {}) =>
      scenario.native.emit({
        type: "message.sent",
        data: { user: "nina", contact: alice.bare, id, body: "Hello", ...more },
      });
    const nextRouted = async () => (await scenario.native.nextOf("message.routed", "nina")).data;

    test("each stanza of a message is told of, in order", async () => {
      await send("r1", { attachments: [{ url: "https://files.example.com/1.png" }] });
      assert.equal((await alice.nextMessage(nina)).attrs["id"], "r1");
      assert.deepEqual(await nextRouted(), { user: "nina", contact: alice.bare, id: "r1" });
      assert.deepEqual(await nextRouted(), { user: "nina", contact: alice.bare, id: "r1", part: 1 });
    });

    test("routed is not received: a message that comes back was routed, too", async () => {
      await send("r2", { contact: "nobody@localhost" });
      assert.equal((await nextRouted())["id"], "r2");
      assert.equal((await scenario.native.nextOf("message.failed", "nina")).data["id"], "r2");
    });

    test("a contact cannot say it, whatever it writes", async () => {
      await alice.send(`<message type="headline" to="${nina}" id="r1"/>`);
      await alice.send(`<message type="chat" to="${nina}" id="c1"><body>hi</body></message>`);
      await scenario.native.nextOf("message.sent", "nina");
      assert.deepEqual(
        scenario.native.inbox.drain().filter(({ type }) => type === "message.routed"),
        [],
      );
    });
  },
  { capabilities: { routed: true } },
);
