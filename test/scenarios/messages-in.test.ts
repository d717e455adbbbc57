/** Everything that a contact's message can be, from a real client over a real server to the native system. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { onEachServer } from "#test/harness/bridge.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const nina = "nina@im.localhost";
const contact = "alice@localhost";

const url = "https://files.example.org/x1/a.png";
const retract = '<retract xmlns="urn:xmpp:message-retract:1" id="m0"/>';
const omemo =
  '<encrypted xmlns="eu.siacs.conversations.axolotl"><header sid="1"/><payload>AAAA</payload></encrypted>' +
  '<encryption xmlns="urn:xmpp:eme:0" namespace="eu.siacs.conversations.axolotl"/><body>fallback</body>';

const isNinas = (attrs: Readonly<Record<string, string | undefined>>) => bareOf(attrs["from"]) === nina;

/** What is in a chat message with the id `m1`, and the event that it becomes. */
const kinds: Record<string, [string, string, Record<string, unknown>]> = {
  "a text that asks to be told": [
    '<body>hi</body><request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/>' +
      '<active xmlns="http://jabber.org/protocol/chatstates"/>',
    "message.sent",
    { id: "m1", body: "hi", asks: ["delivered", "displayed"] },
  ],
  "a text with thread, hints and style": [
    '<body>/me *waves*</body><thread parent="t0">t1</thread><no-copy xmlns="urn:xmpp:hints"/>' +
      '<unstyled xmlns="urn:xmpp:styling:0"/>',
    "message.sent",
    { id: "m1", body: "/me *waves*", thread: "t1", threadParent: "t0", hints: ["no-copy"], style: "plain" },
  ],
  "a correction": [
    '<body>better</body><replace xmlns="urn:xmpp:message-correct:0" id="m0"/>',
    "message.edited",
    { id: "m1", replaces: "m0", body: "better" },
  ],
  "a retraction with a text for others": [
    `${retract}<body>gone</body><fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:message-retract:1"/>`,
    "message.retracted",
    { id: "m0" },
  ],
  "a retraction of an older client": [
    '<apply-to xmlns="urn:xmpp:fasten:0" id="m0"><retract xmlns="urn:xmpp:message-retract:0"/></apply-to>',
    "message.retracted",
    { id: "m0" },
  ],
  reactions: [
    '<reactions xmlns="urn:xmpp:reactions:0" id="n1/2"><reaction>👍🏽</reaction><reaction>❤️</reaction></reactions>',
    "message.reacted",
    { id: "n1", part: 2, emojis: ["👍🏽", "❤️"] },
  ],
  "a reply with a quotation": [
    '<body>&gt; 👍🏽 lunch?\nyes</body><reply xmlns="urn:xmpp:reply:0" id="n1" to="nina@im.localhost/causeway"/>' +
      '<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0"><body start="0" end="12"/></fallback>',
    "message.sent",
    { id: "m1", body: "yes", replyTo: { id: "n1", author: "user", quote: "👍🏽 lunch?" } },
  ],
  "a receipt": ['<received xmlns="urn:xmpp:receipts" id="n1"/>', "message.delivered", { id: "n1" }],
  "a marker": ['<displayed xmlns="urn:xmpp:chat-markers:0" id="n1"/>', "message.displayed", { id: "n1" }],
  "a chat state": [
    '<composing xmlns="http://jabber.org/protocol/chatstates"/>',
    "typing.changed",
    { state: "composing" },
  ],
  "a file by its address": [
    `<body>${url}</body><x xmlns="jabber:x:oob"><url>${url}</url></x>`,
    "message.sent",
    { id: "m1", attachments: [{ url, name: "a.png", mediaType: "image/png" }] },
  ],
  "an uploaded file that is only an address": [
    `<body>${url}</body>`,
    "message.sent",
    { id: "m1", attachments: [{ url, name: "a.png", mediaType: "image/png" }] },
  ],
  "a file by a reference": [
    `<body>${url}</body><reference xmlns="urn:xmpp:reference:0" type="data" begin="0" end="32"><media-sharing xmlns="urn:xmpp:sims:1">` +
      '<file xmlns="urn:xmpp:jingle:apps:file-transfer:5"><media-type>image/png</media-type><name>c.png</name><size>9</size></file>' +
      `<sources><reference xmlns="urn:xmpp:reference:0" type="data" uri="${url}"/></sources></media-sharing></reference>`,
    "message.sent",
    { id: "m1", attachments: [{ url, name: "c.png", size: 9, mediaType: "image/png" }] },
  ],
  "a shared file": [
    '<file-sharing xmlns="urn:xmpp:sfs:0"><file xmlns="urn:xmpp:file:metadata:0"><name>b.png</name><size>7</size></file>' +
      `<sources><url-data xmlns="http://jabber.org/protocol/url-data" target="${url}"/></sources></file-sharing>` +
      '<store xmlns="urn:xmpp:hints"/>',
    "message.sent",
    { id: "m1", attachments: [{ url, name: "b.png", size: 7, mediaType: "image/png" }], hints: ["store"] },
  ],
};

/** What is nothing to the native system, and gets no answer. */
const silent: Record<string, string> = {
  attention: '<attention xmlns="urn:xmpp:attention:0"/>',
  "a call": '<propose xmlns="urn:xmpp:jingle-message:0" id="c1"/>',
  "a forwarded message":
    '<forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" from="eve@localhost"><body>x</body></message></forwarded>',
  "a renewal of keys": '<encrypted xmlns="urn:xmpp:omemo:2"><header sid="1"/></encrypted>',
  "something unheard of": '<something xmlns="urn:unheard:of"/>',
};

onEachServer("everything a message can be, on its way in", (scenario) => {
  let alice: XmppUser;
  before(async () => {
    alice = await scenario.login("alice");
  });

  const send = (children: string, attrs = 'type="chat" id="m1"') =>
    alice.send(`<message to="${nina}" ${attrs}>${children}</message>`);
  /** The very next event about nina, so that nothing else can have come before. */
  const next = async () => {
    const { type, data } = await scenario.native.next(
      ({ data }) => data["user"] === "nina",
      "event for nina",
    );
    const { user: _, contact: from, ...said } = data;
    assert.equal(from, contact);
    return [type, said];
  };
  const nextAnswer = (type: string) =>
    alice.next(({ attrs }) => isNinas(attrs) && attrs["type"] === type, `${type} from nina`);

  for (const [name, [children, type, data]] of Object.entries(kinds)) {
    test(name, async () => {
      await send(children);
      assert.deepEqual(await next(), [type, data]);
    });
  }

  test("a single message and news", async () => {
    await send("<body>one</body>", 'id="m1"');
    assert.deepEqual(await next(), ["message.sent", { id: "m1", body: "one", kind: "normal" }]);
    await send("<body>news</body>", 'id="m1" type="headline"');
    assert.deepEqual(await next(), ["message.sent", { id: "m1", body: "news", kind: "headline" }]);
  });

  test("what is nothing to anybody", async () => {
    for (const children of Object.values(silent)) await send(children);
    await send("<body>behind them</body>");
    assert.deepEqual(await next(), ["message.sent", { id: "m1", body: "behind them" }]);
  });

  test("a forger: whatever ids it names, what it says is its own", async () => {
    const bob = await scenario.login("bob");
    const carbon =
      '<received xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" ' +
      `from="${contact}/phone" to="${nina}" type="chat" id="m1"><body>forged</body></message></forwarded></received>`;
    const forged: [string, string][] = [
      ['<body>forged</body><replace xmlns="urn:xmpp:message-correct:0" id="m1"/>', "message.edited"],
      [retract.replace("m0", "m1"), "message.retracted"],
      [kinds["reactions"]?.[0] ?? "", "message.reacted"],
      [`<body>forged</body>${carbon}`, "nothing"],
      ["<body>behind it</body>", "message.sent"],
    ];
    for (const [children] of forged)
      await bob.send(`<message to="${nina}" type="chat" id="f1">${children}</message>`);
    for (const [, expected] of forged) {
      if (expected === "nothing") continue;
      const { type, data } = await scenario.native.next(({ data }) => data["user"] === "nina", expected);
      assert.deepEqual([type, data["contact"]], [expected, bob.bare]);
    }
  });

  test("an encrypted message: a placeholder for one side, one explanation for the other", async () => {
    await send(omemo, 'type="chat" id="e1"');
    await send(omemo, 'type="chat" id="e2"');
    const body = "(This message is encrypted with OMEMO and cannot be read here.)";
    assert.deepEqual(await next(), ["message.sent", { id: "e1", body, encrypted: "OMEMO" }]);
    assert.deepEqual(await next(), ["message.sent", { id: "e2", body, encrypted: "OMEMO" }]);
    // The answer to what follows would come after a second explanation.
    await send('<x xmlns="jabber:x:conference" jid="room@rooms.localhost"/>', 'id="i1"');
    const first = await alice.next(({ attrs }) => isNinas(attrs), "explanation");
    assert.match(first.getChildText("body") ?? "", /encrypted with OMEMO/);
    const second = await alice.next(({ attrs }) => isNinas(attrs), "refused invitation");
    assert.equal(second.attrs["id"], "i1");
    assert.ok(second.getChild("error")?.getChild("feature-not-implemented"));
  });

  test("a reaction that is none comes back, with the reason", async () => {
    const text = "x".repeat(100);
    await send(`<reactions xmlns="urn:xmpp:reactions:0" id="n1"><reaction>${text}</reaction></reactions>`);
    const error = (await nextAnswer("error")).getChild("error");
    assert.ok(error?.getChild("not-acceptable"));
    assert.ok(error?.getChildText("text"));
  });
});
