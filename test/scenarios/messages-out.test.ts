/** Everything that a native user can say, as an account of a real server gets it. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Element } from "ltx";
import { limits } from "#core/limits.ts";
import { readStanzaId } from "#core/stanza-id.ts";
import { childOf, ns } from "#core/xmpp/stanza.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { presence } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser, xml } from "#test/harness/xmpp.ts";

const nina = "nina@im.localhost";
const contact = "alice@localhost";
const quote = "Where is the report?\n👩‍👩‍👧‍👦?";
const picture = {
  url: "https://files.example.com/cat.png",
  name: "cat.png",
  mediaType: "image/png",
  size: 48213,
  width: 640,
  height: 480,
  hash: "sha-256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
  description: "A cat & its 📦",
};

/** An element as text by which it can be compared: servers order attributes and children anew. */
function canonical(it: Element): string {
  const attrs = Object.entries(it.attrs).filter(([key, value]) => key !== "xmlns" || value !== ns.client);
  const sorted = Object.fromEntries(attrs.sort(([a], [b]) => a.localeCompare(b)));
  const children = it.children.map((child) => (typeof child === "string" ? child : canonical(child)));
  return JSON.stringify([it.name, sorted, ...children]);
}

/** Asserts what a stanza holds, what a server adds of its own left out. */
function assertHolds(stanza: Element, children: readonly string[]): void {
  const added = ["stanza-id", "archived"];
  const own = stanza.getChildElements().filter(({ name }) => !added.includes(name));
  assert.deepEqual(own.map(canonical).sort(), children.map((child) => canonical(xml(child))).sort());
}

onEachServer("what a native user says", (scenario) => {
  let alice: XmppUser;
  let bob: XmppUser;

  before(async () => {
    [alice, bob] = [await scenario.login("alice"), await scenario.login("bob")];
    // Alice may see nina's presence, bob may not.
    await alice.send(presence({ type: "subscribe", to: nina }));
    await scenario.native.nextOf("contact.requested", "nina");
    await emit("contact.accepted", { mutual: false });
    await alice.next((it) => it.is("presence") && it.attrs["type"] === "subscribed", "subscribed");
  });

  const emit = (type: string, data: Record<string, unknown>, time?: string) =>
    scenario.native.emit({ type, data: { user: "nina", contact, ...data }, ...(time && { time }) });

  /** The next message from nina that says something. */
  const next = (said: string, user = alice) =>
    user.next(
      (it) => it.is("message") && bareOf(it.attrs["from"]) === nina && it.toString().includes(said),
      `message from nina with ${said.slice(0, 60)}`,
    );

  const asks = (id: string) => [
    `<origin-id xmlns="${ns.originId}" id="${id}"/>`,
    `<request xmlns="${ns.receipts}"/>`,
    `<markable xmlns="${ns.chatMarkers}"/>`,
    `<active xmlns="${ns.chatStates}"/>`,
  ];
  const store = `<store xmlns="${ns.hints}"/>`;

  test("a reply in a thread: reference, quotation and its place in the body", async () => {
    const replyTo = { id: "a <1>", author: "contact", quote };
    const more = { thread: "t1", threadParent: "t0", style: "plain", hints: ["store"] };
    await emit("message.sent", { id: "r1", body: "Here.", replyTo, ...more });
    const stanza = await next('id="r1"');
    assertHolds(stanza, [
      "<body>&gt; Where is the report?\n&gt; 👩‍👩‍👧‍👦?\nHere.</body>",
      `<fallback xmlns="${ns.fallback}" for="${ns.replies}"><body start="0" end="34"/></fallback>`,
      '<thread parent="t0">t1</thread>',
      `<reply xmlns="${ns.replies}" to="${contact}" id="a &lt;1&gt;"/>`,
      `<unstyled xmlns="${ns.styling}"/>`,
      ...asks("r1"),
      store,
    ]);
  });

  test("normal messages and headlines keep their type", async () => {
    await emit("message.sent", { id: "n1", body: "a letter", subject: "S", kind: "normal" });
    const letter = await next("a letter");
    // RFC 6121 §5.2.2: what is said of none.
    assert.equal(letter.attrs["type"] ?? "normal", "normal");
    assert.equal(letter.getChildText("subject"), "S");
    await emit("message.sent", { id: "n2", body: "news", kind: "headline" });
    const news = await next("<body>news");
    assert.equal(news.attrs["type"], "headline");
    assertHolds(news, ["<body>news</body>", `<origin-id xmlns="${ns.originId}" id="n2"/>`]);
  });

  test("a file: its URL as text, out of band and as file sharing, after the text", async () => {
    await emit("message.sent", {
      id: "f1",
      body: "look",
      attachments: [picture, { url: "https://f.example/b" }],
    });
    assertHolds(await next("<body>look<"), ["<body>look</body>", ...asks("f1")]);
    const file = await next("cat.png");
    assert.equal(file.attrs["id"], "f1/1");
    assertHolds(file, [
      `<body>${picture.url}</body>`,
      `<file-sharing xmlns="${ns.fileSharing}" disposition="inline"><file xmlns="${ns.fileMetadata}">` +
        "<media-type>image/png</media-type><name>cat.png</name><size>48213</size>" +
        "<dimensions>640x480</dimensions><desc>A cat &amp; its 📦</desc>" +
        `<hash xmlns="${ns.hashes}" algo="sha-256">47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</hash></file>` +
        `<sources><url-data xmlns="${ns.urlData}" target="${picture.url}"/></sources></file-sharing>`,
      `<x xmlns="${ns.outOfBand}"><url>${picture.url}</url><desc>A cat &amp; its 📦</desc></x>`,
      `<fallback xmlns="${ns.fallback}" for="${ns.fileSharing}"/>`,
      ...asks("f1/1"),
    ]);
    assert.equal((await next("https://f.example/b")).attrs["id"], "f1/2");
  });

  test("a correction of a message with a file takes the place of both", async () => {
    await emit("message.edited", { id: "f2", replaces: "f1", body: "look!", attachments: [picture] });
    const [text, file] = [await next("look!"), await next("cat.png")];
    assertHolds(text, [
      "<body>look!</body>",
      `<replace xmlns="${ns.correction}" id="f1"/>`,
      ...asks("f2"),
      store,
    ]);
    assert.equal(file.attrs["id"], "f2/1");
    assert.equal(childOf(file, "replace", ns.correction)?.attrs["id"], "f1/1");
  });

  test("a retraction takes back the message and its files", async () => {
    const event = await emit("message.retracted", { id: "f1", parts: 2 });
    const all = [await next("<retract "), await next("<retract "), await next("<retract ")];
    assert.deepEqual(
      all.map((stanza) => childOf(stanza, "retract", ns.retraction)?.attrs["id"]),
      ["f1", "f1/1", "f1/2"],
    );
    assert.deepEqual(
      all.map((stanza) => stanza.getChildText("body") !== null),
      [true, false, false],
    );
    assert.deepEqual(readStanzaId(all[2]?.attrs["id"] ?? ""), { id: "f1", part: 2, event: event.id });
  });

  test("reactions are a set, and an empty one takes them back", async () => {
    await emit("message.reacted", { id: "a1", originId: "o1", emojis: ["👍", "❤️‍🔥"] });
    assertHolds(await next("<reactions"), [
      `<reactions xmlns="${ns.reactions}" id="o1"><reaction>👍</reaction><reaction>❤️‍🔥</reaction></reactions>`,
      store,
    ]);
    await emit("message.reacted", { id: "a1", emojis: [] });
    assertHolds(await next("<reactions"), [`<reactions xmlns="${ns.reactions}" id="a1"/>`, store]);
  });

  test("receipt, marker and typing reach who may see the user, and nobody else", async () => {
    const told = [
      ["message.delivered", { id: "a <1>" }],
      ["message.displayed", { id: "a <1>" }],
      ["typing.changed", { state: "composing" }],
    ] as const;
    for (const [type, data] of told) {
      await emit(type, { contact: bob.bare, ...data });
      await emit(type, data);
    }
    assertHolds(await next("<received"), [`<received xmlns="${ns.receipts}" id="a &lt;1&gt;"/>`, store]);
    assertHolds(await next("<displayed"), [`<displayed xmlns="${ns.chatMarkers}" id="a &lt;1&gt;"/>`, store]);
    assertHolds(await next("<composing"), [
      `<composing xmlns="${ns.chatStates}"/>`,
      `<no-store xmlns="${ns.hints}"/>`,
    ]);
    // What comes to bob after them shows that they never came.
    await emit("message.sent", { contact: bob.bare, id: "b1", body: "hello" });
    assert.equal((await next("", bob)).getChildText("body"), "hello");
    assert.deepEqual(
      bob.inbox.items.filter((it) => it.is("message")),
      [],
    );
  });

  test("what leaves late says when it was meant, and typing does not leave at all", async () => {
    const time = new Date(Date.now() - limits.delayAfterMs - 5_000).toISOString();
    await emit("typing.changed", { state: "composing" }, time);
    await emit("message.reacted", { id: "a1", emojis: ["👍"] }, time);
    await emit("message.displayed", { id: "a1" }, time);
    await emit("message.edited", { id: "f3", replaces: "f1", body: "b" }, time);
    for (const child of ["reactions", "displayed", "replace"]) {
      const stanza = await next(`<${child}`);
      const stamps = stanza.getChildren("delay", ns.delay).map(({ attrs }) => attrs);
      assert.deepEqual(
        stamps.map(({ from, stamp }) => [from, stamp]),
        [["im.localhost", time]],
      );
    }
    const more = alice.inbox.items.filter((it) => it.is("message"));
    assert.deepEqual(more.map(String), []);
  });

  test("an id of 1,000 characters survives in every place", async () => {
    const id = `'"<&> ü😀\u05d0`.repeat(90);
    await emit("message.edited", { id, replaces: id, body: "b" });
    const edit = await next("<replace");
    assert.deepEqual([edit.attrs["id"], childOf(edit, "replace", ns.correction)?.attrs["id"]], [id, id]);
    const event = await emit("message.retracted", { id });
    const retraction = await next("<retract ");
    assert.equal(childOf(retraction, "retract", ns.retraction)?.attrs["id"], id);
    assert.deepEqual(readStanzaId(retraction.attrs["id"] ?? ""), { id, event: event.id });
    await emit("message.displayed", { id });
    assert.equal(childOf(await next("<displayed"), "displayed", ns.chatMarkers)?.attrs["id"], id);
  });

  test("what comes back names the message, its part and the event", async () => {
    const event = await emit("message.retracted", { contact: "nobody@localhost", id: "gone", parts: 1 });
    const seen = [];
    for (let bounces = 0; bounces < 2; bounces++) {
      const { data } = await scenario.native.nextOf("message.failed", "nina");
      seen.push([data["id"], data["part"], data["event"]]);
    }
    assert.deepEqual(seen, [
      ["gone", undefined, event.id],
      ["gone", 1, event.id],
    ]);
  });
});
