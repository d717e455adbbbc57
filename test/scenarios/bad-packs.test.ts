/** Packs on the inner queues that no sound process writes: what is broken is set aside alone, with its reason. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { encodeItem, writePack } from "#core/contract/envelope.ts";
import type { QueueName } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { element, ns } from "#core/xmpp/stanza.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { iq } from "#test/harness/stanzas.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

const domain = "im.localhost";
const nina = `nina@${domain}`;
const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
let fence = 1_000;

/** A pack of stanzas as a connector would write it, the causes of its items, and each of them alone. */
function inbound(stanzas: readonly string[]) {
  fence += 1;
  const time = new Date().toISOString();
  const items = stanzas.map((xml, seq) => encodeItem({ fence, seq, time, trace, xml }));
  const causes = stanzas.map((_, seq) => `${fence}.${seq}`);
  return { body: writePack(items), causes, alone: items.map((item) => writePack([item])) };
}

let effects = 0;
function outbound(stanzas: readonly string[]) {
  const time = new Date().toISOString();
  const ids = stanzas.map(() => `effect ${++effects}`);
  const items = stanzas.map((xml, index) => encodeItem({ id: ids[index] ?? "", time, trace, hops: 1, xml }));
  return { body: writePack(items), ids };
}

/** Stanzas that no function may act on; `name` is the stanza's, `more` what it holds. */
const brokenStanzas = (
  name: string,
  more: string,
): Record<string, readonly [xml: string, reason: string]> => {
  const stanza = (to: string, from: string, inside = more) =>
    `<${name} type="subscribe" id="bad" to="${to}" from="${from}">${inside}</${name}>`;
  const carol = "carol@localhost/x";
  return {
    "to another domain": [stanza("nina@elsewhere.example", carol), "wrong-to"],
    "to a subdomain of ours": [stanza(`nina@sub.${domain}`, carol), "wrong-to"],
    "to nobody": [`<${name} from="${carol}">${more}</${name}>`, "wrong-to"],
    "to what is no JID": [stanza("ni na@@", carol), "wrong-to"],
    "from what is no JID": [stanza(nina, "@localhost"), "wrong-from"],
    "from our own domain": [stanza(nina, `noah@${domain}`), "own-domain"],
    "a fragment": [`<${name} to="${nina}" from="${carol}"><body>Hello`, "malformed"],
    "two stanzas": [stanza(nina, carol) + stanza(nina, carol), "malformed"],
    text: ["Hello", "malformed"],
    "a comment": [stanza(nina, carol, "<!-- x -->"), "malformed"],
    "a CDATA section without an end": [stanza(nina, carol, "<body><![CDATA[x</body>"), "malformed"],
    "an entity that nobody defined": [stanza(nina, carol, "<body>&nbsp;</body>"), "malformed"],
    "a character that XML forbids": [stanza(nina, carol, "<body>&#1;</body>"), "malformed"],
    "elements that are nested too deeply": [
      stanza(nina, carol, `${"<x>".repeat(limits.stanzaDepthMax)}${"</x>".repeat(limits.stanzaDepthMax)}`),
      "malformed",
    ],
  };
};

const noPacks: Record<string, string> = {
  "no JSON": '{"v":1,',
  "no pack": '{"hello":"world"}',
  "a pack of nothing known": '{"v":1,"items":[{"hello":"world"}]}',
};

onEachServer("packs on the inner queues", (scenario) => {
  let alice: XmppUser;
  before(async () => {
    alice = await scenario.login("alice");
  });

  const letterOf = (queue: QueueName, cause: string) =>
    scenario.operator
      .deadLetters(queue)
      .next((letter) => letter.cause === cause, `dead letter of ${queue} for ${cause}`);
  const delivered = async (type: string, contact: string) => {
    const event = await scenario.native.nextOf(type, "nina");
    assert.equal(event.data["contact"], contact);
  };

  /** For each stanza queue: a stanza that goes through, and what shows that it did. */
  const goods = {
    messageStanzas: (contact: string) => ({
      xml: `<message type="chat" id="good" to="${nina}" from="${contact}/x"><body>good</body></message>`,
      seen: () => delivered("message.sent", contact),
    }),
    presenceStanzas: (contact: string) => ({
      xml: `<presence type="subscribe" to="${nina}" from="${contact}"/>`,
      seen: () => delivered("contact.requested", contact),
    }),
    iqStanzas: (contact: string) => ({
      xml: `<iq type="get" id="good" to="${domain}" from="${contact}/x"><ping xmlns="${ns.ping}"/></iq>`,
      seen: async () => {
        await alice.request(iq("get", domain, element("ping", { xmlns: ns.ping })));
      },
    }),
  };

  for (const [queue, name] of [
    ["messageStanzas", "message"],
    ["presenceStanzas", "presence"],
    ["iqStanzas", "iq"],
  ] as const) {
    test(`each broken ${name} of a pack is set aside, and the good one goes through`, async () => {
      const broken = Object.entries(brokenStanzas(name, "<body>Hello</body>"));
      const good = goods[queue](`carol-${name}@localhost`);
      const { body, causes, alone } = inbound([...broken.map(([, [xml]]) => xml), good.xml]);
      await scenario.operator.put(queue, [body]);
      await good.seen();
      for (const [index, [what, [, reason]]] of broken.entries()) {
        const letter = await letterOf(queue, causes[index] ?? "");
        assert.equal(letter.reason, reason, what);
        assert.equal(letter.body, alone[index], what);
        assert.equal(letter.trace, trace, what);
      }
    });

    test(`what is no pack is set aside whole in ${queue}, and the next one goes through`, async () => {
      const good = goods[queue](`dave-${name}@localhost`);
      await scenario.operator.put(queue, [...Object.values(noPacks), inbound([good.xml]).body]);
      await good.seen();
      for (const [what, body] of Object.entries(noPacks)) {
        const letter = await scenario.operator
          .deadLetters(queue)
          .next((other) => other.body === body, `dead letter of ${what}`);
        assert.equal(letter.reason, "malformed");
      }
    });
  }

  test("a pack of a newer version waits for a newer reader, and holds up no other lane", async () => {
    const newer = inbound([goods.messageStanzas("eve@localhost").xml]).body.replace('"v":1', '"v":2');
    await scenario.operator.put("messageStanzas", [newer], "lane-newer");
    const good = goods.messageStanzas("frank@localhost");
    await scenario.operator.put("messageStanzas", [inbound([good.xml]).body], "lane-other");
    await good.seen();
    // The last thing that is set aside, so that whatever was before it is there.
    await scenario.operator.put("messageStanzas", ["last"], "lane-other");
    const letters = scenario.operator.deadLetters("messageStanzas");
    await letters.next(({ body }) => body === "last", "dead letter of the last one");
    assert.deepEqual(letters.items, []);
  });

  test("nothing false leaves: it is set aside, the stream stays, and the good one goes through", async () => {
    const message = (attrs: string, inside = "<body>Hello</body>") => `<message ${attrs}>${inside}</message>`;
    const ours = `from="${nina}"`;
    const to = `to="${alice.bare}"`;
    const unfit: Record<string, string> = {
      "from another domain": message(`from="nina@elsewhere.example" ${to}`),
      "from a subdomain of ours": message(`from="nina@sub.${domain}" ${to}`),
      "from nobody": message(to),
      "from an address that is not prepared": message(`from="NINA@${domain}" ${to}`),
      "to nobody": message(ours),
      "to what is no JID": message(`${ours} to="@@"`),
      "a fragment": `<message ${ours} ${to}><body>Hello`,
      "two stanzas": message(`${ours} ${to}`) + message(`${ours} ${to}`),
      "the end of the stream": "</stream:stream>",
      "a comment": message(`${ours} ${to}`, "<!-- x -->"),
      "an entity that nobody defined": message(`${ours} ${to}`, "<body>&nbsp;</body>"),
      "a character that XML forbids": message(`${ours} ${to}`, "<body>&#1;</body>"),
      "a prefix that nobody bound": message(`${ours} ${to}`, "<x:y/>"),
      "an element that is no stanza": `<handshake ${ours} ${to}/>`,
      "a stanza of another namespace": message(`xmlns="urn:example:x" ${ours} ${to}`),
      "one that is larger than servers take": message(
        `${ours} ${to} id="large"`,
        `<body>${"x".repeat(limits.stanzaOutBytesMax)}</body>`,
      ),
    };
    const good = message(`${ours} ${to} id="good"`);
    const { body, ids } = outbound([...Object.values(unfit), good]);
    await scenario.operator.put("outboundStanzas", [body]);
    assert.equal((await alice.nextMessage(nina)).attrs["id"], "good");
    for (const [index, what] of Object.keys(unfit).entries()) {
      const letter = await letterOf("outboundStanzas", ids[index] ?? "");
      assert.equal(letter.reason, "unfit", what);
    }
    // Its author could be read, and learns of it.
    const failed = await scenario.native.next(({ data }) => data["id"] === "large", "message.failed");
    assert.deepEqual([failed.type, failed.data["condition"]], ["message.failed", "not-acceptable"]);
    assert.equal(scenario.logOf("connector").match(/stream\.up/g)?.length, 1, "streams that came up");
  });

  test("what is no pack is set aside whole on its way out, and the next one goes through", async () => {
    const good = `<message from="${nina}" to="${alice.bare}" id="next"><body>good</body></message>`;
    await scenario.operator.put("outboundStanzas", [...Object.values(noPacks), outbound([good]).body]);
    assert.equal((await alice.nextMessage(nina)).attrs["id"], "next");
    for (const [what, body] of Object.entries(noPacks)) {
      const letter = await scenario.operator
        .deadLetters("outboundStanzas")
        .next((other) => other.body === body, `dead letter of ${what}`);
      assert.equal(letter.reason, "malformed");
    }
  });
});
