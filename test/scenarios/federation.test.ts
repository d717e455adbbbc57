/** Users of another server, of the other kind, over s2s: they befriend and talk to ghosts like anyone else. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { onEachServer } from "#test/harness/bridge.ts";
import { type RemoteServer, startRemote } from "#test/harness/federation.ts";
import { chat, presence } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const nina = "nina@im.home.example";
const contact = "rita@remote.example";

onEachServer(
  "federation",
  (scenario) => {
    let remote: RemoteServer;
    let rita: XmppUser;
    const emit = (type: string, data: object) =>
      scenario.native.emit({ type, data: { user: "nina", ...data } });
    const sends = (id: string) => emit("message.sent", { contact, id, body: `body ${id}` });
    const seen = (type: string | undefined) =>
      rita.next(
        ({ name, attrs }) => name === "presence" && attrs["type"] === type && bareOf(attrs["from"]) === nina,
        `presence of type ${type} from nina`,
      );
    const hears = async (type: string, timeoutMs?: number) =>
      (await scenario.native.nextOf(type, "nina", timeoutMs)).data;

    before(async () => {
      remote = await startRemote(scenario, "remote.example", ["rita"]);
      rita = await remote.login("rita");
    });
    after(() => remote?.stop());

    test("a user asks a contact of another server, and both see each other", async () => {
      await emit("presence.changed", { show: "away", status: "here" });
      await emit("contact.requested", { contact });
      assert.equal((await seen("subscribe")).attrs["from"], nina);
      await rita.send(presence({ type: "subscribed", to: nina }));
      assert.equal((await hears("contact.accepted"))["contact"], contact);
      assert.deepEqual(await hears("presence.changed"), {
        user: "nina",
        contact,
        show: "online",
        devices: 1,
      });
      await rita.send(presence({ type: "subscribe", to: nina }));
      await hears("contact.requested");
      await seen("subscribed");
      assert.equal((await seen(undefined)).getChildText("show"), "away");
      await emit("presence.changed", { show: "online" });
      assert.equal((await seen(undefined)).getChildText("show"), null);
    });

    test("messages go both ways", async () => {
      await sends("there");
      assert.equal((await rita.nextMessage(nina)).getChildText("body"), "body there");
      await rita.send(chat(nina, "back", "And back"));
      const { id, body } = await hears("message.sent");
      assert.deepEqual([id, body], ["back", "And back"]);
    });
  },
  {
    domain: "home.example",
    componentDomain: "im.home.example",
    remoteDomains: ["remote.example", "gone.example"],
  },
);
