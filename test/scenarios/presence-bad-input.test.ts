/** Presence and contacts as nobody should send them: refused or cut, and the next good item goes all the way. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { laneOf } from "#aws/hash.ts";
import { limits } from "#core/limits.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { type PlayedServer, playServer, readStanza } from "#test/harness/played-server.ts";

const resources = 10_000;
/** Two writes for each, one after another. */
const resourcesMsMax = 150_000;
const strangers = 300;

onEachServer(
  "bad presence",
  (scenario) => {
    let played: PlayedServer;
    let made = 0;

    before(async () => {
      played = await playServer(scenario);
    });
    after(() => played.stop());

    const nina = () => `nina@${played.domain}`;
    const fresh = (what = "contact") => `${what}-${++made}@example.net`;
    const write = (from: string, attrs: string, children = "", to = nina()) =>
      played.peer.write(`<presence from="${from}" to="${to}" ${attrs}>${children}</presence>`);
    const emit = (type: string, contact: string, data: object = {}) =>
      scenario.native.emit({ type, data: { user: "nina", contact, ...data } });
    const hears = (contact: string) =>
      scenario.native.next(({ data }) => data["contact"] === contact, `delivery about ${contact}`);
    const refusal = (id: string) =>
      scenario.native.next(({ data }) => data["id"] === id, `rejection of ${id}`);
    const letterAbout = (reason: string, text: string) =>
      scenario.operator
        .deadLetters("presenceStanzas")
        .next((letter) => letter.reason === reason && JSON.stringify(letter).includes(text), reason);

    /** Behind whatever a contact has sent, its probe is the next thing that is answered, as to a stranger. */
    async function nothingBefore(contact: string) {
      write(contact, 'type="probe" id="next"');
      const { id, type } = (await played.nextTo(contact)).attrs;
      assert.deepEqual([id, type], ["next", "unsubscribed"]);
    }

    /** The whole way in and out again still works for somebody new. */
    async function goodGoesThrough() {
      const contact = fresh("good");
      write(contact, 'type="subscribe"');
      assert.equal((await hears(contact)).type, "contact.requested");
      await emit("contact.declined", contact);
      assert.equal((await played.nextTo(contact)).attrs["type"], "unsubscribed");
    }

    /** The user sees the contact, of whom nothing is known yet. */
    async function watch(contact: string) {
      await emit("contact.requested", contact, { mutual: false });
      assert.equal((await played.nextTo(contact)).attrs["type"], "subscribe");
      write(contact, 'type="subscribed"');
      assert.equal((await hears(contact)).type, "contact.accepted");
    }

    test("subscription stanzas between full JIDs are as between bare ones (RFC 6121 §3.1.1)", async () => {
      const contact = fresh();
      write(`${contact}/phone`, 'type="subscribe"', "", `${nina()}/any`);
      assert.equal((await hears(contact)).type, "contact.requested");
      await emit("contact.accepted", contact, { mutual: false });
      const { from, type } = (await played.nextTo(contact)).attrs;
      assert.deepEqual([from, type], [nina(), "subscribed"]);
      write(`${contact}/laptop`, 'type="unsubscribe"');
      assert.equal((await hears(contact)).type, "contact.removed");
      await goodGoesThrough();
    });

    test("the longest address that there is goes all the way, and its presence too", async () => {
      const part = limits.jidPartBytesMax;
      const contact = `${"x".repeat(part)}@${"y".repeat(part)}`;
      await watch(contact);
      assert.equal((await played.nextTo(contact)).attrs["type"], "probe");
      write(`${contact}/${"z".repeat(part)}`, "", "<show>dnd</show>");
      assert.equal((await hears(contact)).data["show"], "dnd");
      write(contact, 'type="subscribe"');
      assert.equal((await hears(contact)).type, "contact.requested");
      await emit("contact.accepted", contact);
      assert.equal((await played.nextTo(contact)).attrs["type"], "subscribed");
      await scenario.native.emit({ type: "presence.changed", data: { user: "nina", show: "away" } });
      assert.equal((await played.nextTo(contact)).getChildText("show"), "away");
      await emit("contact.removed", contact);
      await goodGoesThrough();
    });

    test("the domain lets everybody in, is up, and tells no native user", async () => {
      const contact = fresh();
      write(contact, 'type="subscribe" id="s"', "", played.domain);
      write(`${contact}/phone`, 'type="probe" id="p"', "", played.domain);
      const answers: Record<string, string | undefined>[] = [];
      while (answers.length < 3) answers.push((await played.nextTo(contact)).attrs);
      assert.deepEqual(
        answers.map(({ from, type, id }) => [from, type, id]),
        [
          [played.domain, "subscribed", "s"],
          [played.domain, undefined, undefined],
          [played.domain, undefined, "p"],
        ],
      );
      assert.deepEqual(
        scenario.native.inbox.items.filter(({ data }) => data["contact"] === contact),
        [],
      );
      await goodGoesThrough();
    });

    test("a subscription stanza from a JID of ours is set aside", async () => {
      write(`noah@${played.domain}`, 'type="subscribe" id="from ours"');
      await letterAbout("own-domain", "from ours");
      await goodGoesThrough();
    });

    test("a request to a user that does not exist gets silence, a probe what a stranger gets", async () => {
      const contact = fresh();
      const nobody = `nobody@${played.domain}`;
      for (const type of ["subscribe", "subscribed", "unsubscribe", "unsubscribed"]) {
        write(contact, `type="${type}" id="${type}"`, "", nobody);
      }
      write(contact, 'type="probe" id="p"', "", nobody);
      const { from, type, id } = (await played.nextTo(contact)).attrs;
      assert.deepEqual([from, type, id], [nobody, "unsubscribed", "p"]);
      await goodGoesThrough();
    });

    test("a note as large as a stanza may be is cut, a larger one is set aside in silence", async () => {
      const contact = fresh();
      const note = (bytes: number) => `<status>${"x".repeat(bytes)}</status>`;
      write(contact, 'type="subscribe" id="megabytes"', note(3 * limits.stanzaInBytesMax));
      await letterAbout("oversized", "megabytes");
      await nothingBefore(contact);
      write(contact, 'type="subscribe"', note(limits.stanzaInBytesMax - 1_000));
      const { type, data } = await hears(contact);
      assert.equal(type, "contact.requested");
      assert.equal(data["note"], "x".repeat(limits.statusCharsMax));
      await goodGoesThrough();
    });

    test("presence of a type that nobody defined changes nothing", async () => {
      const contact = fresh();
      for (const type of ["invisible", "", "Subscribe", "x".repeat(100_000)])
        write(contact, `type="${type}"`);
      await nothingBefore(contact);
      write(contact, 'type="subscribe"');
      assert.equal((await hears(contact)).type, "contact.requested");
      await goodGoesThrough();
    });

    for (const priority of ["128", "-129", "999999999999", "1.5", "high", ""]) {
      test(`a priority of "${priority}" counts as none, so the device does`, async () => {
        const contact = fresh();
        await watch(contact);
        write(`${contact}/a`, "", "<priority>-128</priority>");
        write(`${contact}/b`, "", `<show>away</show><priority>${priority}</priority>`);
        const { type, data } = await hears(contact);
        assert.deepEqual([type, data["show"], data["devices"]], ["presence.changed", "away", 1]);
        await goodGoesThrough();
      });
    }

    test(`of ${resources} devices of one contact ${limits.resourcesMax} are kept, and others go on`, async () => {
      const hoarder = fresh();
      const laneOfContact = (contact: string) => laneOf([played.domain, "nina", contact], limits.lanes);
      let other = fresh();
      while (laneOfContact(other) === laneOfContact(hoarder)) other = fresh();
      await watch(hoarder);
      await watch(other);
      for (let number = 0; number < resources; number += 1) write(`${hoarder}/r${number}`, "");
      write(`${other}/phone`, "", "<show>dnd</show>");
      assert.equal((await hears(hoarder)).data["show"], "online");
      assert.equal((await hears(other)).data["show"], "dnd");
      write(`${hoarder}/last`, "", "<show>chat</show>");
      const last = await scenario.native.next(
        (event) => event.data["contact"] === hoarder,
        "presence of the last device",
        resourcesMsMax,
      );
      assert.deepEqual([last.data["show"], last.data["devices"]], ["chat", limits.resourcesMax]);
      await goodGoesThrough();
    });

    test("probes from strangers in bulk are all refused, and tell nobody who exists", async () => {
      const users = ["nina", "nobody"];
      const asked = users.flatMap((user) =>
        Array.from({ length: strangers }, () => ({ user, stranger: fresh("stranger") })),
      );
      for (const { user, stranger } of asked) {
        write(`${stranger}/x`, 'type="probe" id="p"', "", `${user}@${played.domain}`);
      }
      const answers = await Promise.all(
        asked.map(async ({ user, stranger }) => {
          const answer = await played.nextTo(stranger);
          return answer.toString().replaceAll(user, "USER").replaceAll(stranger, "STRANGER");
        }),
      );
      const refused = `<presence from="USER@${played.domain}" to="STRANGER" id="p" type="unsubscribed"/>`;
      assert.deepEqual([...new Set(answers)], [readStanza(refused).toString()]);
      await goodGoesThrough();
      const all = played.peer.stanzas().filter((stanza) => stanza.includes(' to="stranger-'));
      assert.equal(all.length, asked.length);
    });

    for (const type of ["contact.requested", "contact.accepted", "contact.declined", "contact.removed"]) {
      for (const [reason, contact] of [
        ["invalid-contact", "@@"],
        ["invalid-contact", "alice@example.net/phone"],
        ["invalid-contact", `${"x".repeat(2_000)}@example.net`],
        ["invalid-contact", "a b@example.net"],
        ["own-domain", "noah@im.localhost"],
        ["own-domain", "IM.localhost"],
      ] as const) {
        test(`${type} about ${contact.slice(0, 40)} is refused: ${reason}`, async () => {
          const { id } = await emit(type, contact);
          const { type: answered, data } = await refusal(id);
          const { reason: why, path } = data;
          assert.deepEqual([answered, why, path], ["event.rejected", reason, "/data/contact"]);
          await goodGoesThrough();
        });
      }
    }
  },
  { servers: ["prosody"], timeoutMs: 240_000 },
);
