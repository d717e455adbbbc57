/** Users of another server, of the other kind, over s2s: they befriend and talk to ghosts like anyone else. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { waitUntil } from "#local/wait-until.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { type RemoteServer, startRemote } from "#test/harness/federation.ts";
import { chat, presence } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const nina = "nina@im.home.example";
/**
 * Messages that the two servers may lose between them when one goes down: XEP-0198 is not spoken there, so what is
 * on its way at that moment neither arrives nor bounces (about one cut in six loses one).
 */
const lostMax = 2;
const unreachable = /^remote-server-(not-found|timeout)$/;
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

    test("who asks a contact that cannot be reached is told so, and who writes to it as well", async () => {
      const lost = "lou@gone.example";
      await emit("contact.requested", { contact: lost });
      const { contact: asked, condition } = await hears("contact.failed");
      assert.equal(asked, lost);
      assert.match(String(condition), unreachable);
      await emit("message.sent", { contact: lost, id: "lost", body: "Hello?" });
      const failed = await hears("message.failed");
      assert.deepEqual([failed["contact"], failed["id"]], [lost, "lost"]);
      assert.match(String(failed["condition"]), unreachable);
    });

    test("through a cut between the servers messages arrive or fail, and later ones arrive", async () => {
      /** How each message has ended, more than once where it has. */
      const ends = new Map<string, string[]>();
      const note = (id: unknown, end: string) => ends.get(String(id))?.push(end);
      rita.onStanza((stanza) => {
        const isMessage = stanza.is("message") && stanza.attrs["type"] !== "error";
        if (isMessage) note(stanza.attrs["id"], "arrived");
        else rita.inbox.put(stanza);
      });
      scenario.native.onEvent((event) => {
        if (event.type === "message.failed") note(event.data["id"], "failed");
        else scenario.native.inbox.put(event);
      });
      const sendMany = async (from: number, to: number) => {
        for (let number = from; number < to; number += 1) {
          ends.set(`m${number}`, []);
          await sends(`m${number}`);
        }
      };
      const until = (what: string, check: (all: string[][]) => boolean) =>
        waitUntil(async () => check([...ends.values()]), { what, timeoutMs: 10_000 });
      const has = (end: string) => (all: string[][]) => all.some((ended) => ended.includes(end));

      const sent = sendMany(0, 30);
      await until("message that arrives", has("arrived"));
      await remote.cut();
      await until("message that fails", has("failed"));
      await sent;
      rita.inbox.drain();
      await remote.mend();
      // Her client comes back by itself, and her server asks for nina's presence.
      await seen(undefined);
      await sendMany(30, 40);
      const later = () => [...ends.values()].slice(30);
      await until("arrival of all later messages", () => later().every(([end]) => end === "arrived"));
      const isOpen = (ended: string[]) => ended.length === 0;
      await until("end of the messages", (all) => all.filter(isOpen).length <= lostMax);
      const twice = [...ends].filter(([, ended]) => ended.length > 1);
      assert.deepEqual(twice, []);
    });
  },
  {
    domain: "home.example",
    componentDomain: "im.home.example",
    remoteDomains: ["remote.example", "gone.example"],
  },
);
