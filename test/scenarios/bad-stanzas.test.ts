/**
 * What real servers repair or refuse before a component sees it, from a hand-played one: each bad stanza is
 * answered or set aside, and the next good one goes all the way.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type ComponentServer, type Peer, startComponentServer } from "#bench/component-server.ts";
import { limits } from "#core/limits.ts";
import type { Process } from "#local/process.ts";
import { onEachServer } from "#test/harness/bridge.ts";

const domain = "im.localhost";
const secret = "a secret of no importance";
const nina = `nina@${domain}`;
const message = (id: string, to: string, from = "alice@localhost/x", body = "Hello") =>
  `<message type="chat" id="${id}" to="${to}" from="${from}"><body>${body}</body></message>`;

// A second connector of the same bridge plays the part; the bridge's own real server is only one of them.
onEachServer(
  "a hand-played server",
  (scenario) => {
    let server: ComponentServer;
    let connector: Process;
    let peer: Peer;
    let made = 0;

    before(async () => {
      server = await startComponentServer({ domain, secret });
      ({ connector } = await scenario.startConnector(server.port, secret));
      peer = await server.accept();
    });
    after(async () => {
      await connector.stop(limits.stopMsMax);
      await server.close();
    });

    const goesThrough = async (id: string) =>
      assert.equal((await scenario.native.nextOf("message.sent", "nina")).data["id"], id);
    const letterAbout = (text: string) =>
      scenario.operator
        .deadLetters("messageStanzas")
        .next((letter) => letter.text.includes(text), `dead letter that says ${text}`);

    for (const [what, to] of [
      ["another domain", "nina@elsewhere.example"],
      ["a subdomain of ours", `nina@sub.${domain}`],
      ["nobody", ""],
      ["what is no JID", "@@"],
    ]) {
      test(`a stanza to ${what} does not enter, and the next one goes through`, async () => {
        const id = `${++made}`;
        peer.write(message(`bad ${id}`, to ?? "") + message(`good ${id}`, nina));
        await goesThrough(`good ${id}`);
        assert.equal((await letterAbout(`id bad ${id}`)).reason, "wrong-to");
      });
    }

    test("a stanza from what is no JID does not enter, and the next one goes through", async () => {
      peer.write(message("bad from", nina, "@@") + message("good from", nina));
      await goesThrough("good from");
      assert.equal((await letterAbout("id bad from")).reason, "wrong-from");
    });

    test("a stanza from our own domain is set aside, and the next one goes through", async () => {
      peer.write(message("own", nina, `noah@${domain}/x`, "own words") + message("good own", nina));
      await goesThrough("good own");
      const letters = scenario.operator.deadLetters("messageStanzas");
      const letter = await letters.next(({ body }) => body?.includes("own words") ?? false, "dead letter");
      assert.equal(letter.reason, "own-domain");
    });

    for (const [reason, body] of [
      ["oversized", "x".repeat(limits.stanzaInBytesMax)],
      ["too-deep", "<x>".repeat(limits.stanzaDepthMax) + "</x>".repeat(limits.stanzaDepthMax)],
      ["too-many-parts", "<x/>".repeat(limits.stanzaPartsMax)],
    ] as const) {
      test(`a stanza that is ${reason} is answered, and the next one goes through`, async () => {
        peer.write(message(reason, nina, "alice@localhost/x", body) + message(`behind ${reason}`, nina));
        const error = await peer.expect(new RegExp(`id="${reason}"`));
        assert.match(error, /type="error"/);
        assert.match(error, /<policy-violation /);
        assert.match(error, /to="alice@localhost\/x"/);
        await goesThrough(`behind ${reason}`);
        assert.equal((await letterAbout(`id ${reason}`)).reason, reason);
      });
    }

    for (const [what, xml] of [
      ["tags that do not match", `<message to="${nina}" from="alice@localhost/x"><body></message></body>`],
      ["a comment", "<!-- x -->"],
      ["an entity that nobody defined", message("entity", nina, "alice@localhost/x", "&nbsp;")],
      ["a character that XML forbids", message("forbidden", nina, "alice@localhost/x", "&#1;")],
    ] as const) {
      test(`${what} ends the stream, and on the next one stanzas go through`, async () => {
        peer.write(`${message(`before ${what}`, nina)}${xml}`);
        await goesThrough(`before ${what}`);
        await peer.closed;
        peer = await server.accept();
        peer.write(message(`behind ${what}`, nina));
        await goesThrough(`behind ${what}`);
      });
    }

    test("half a stanza goes with the stream that it came on, and on the next one stanzas go through", async () => {
      peer.write(message("before half", nina));
      peer.socket.end(message("half", nina).slice(0, -10));
      await goesThrough("before half");
      peer = await server.accept();
      peer.write(message("behind half", nina));
      await goesThrough("behind half");
    });

    for (const [what, xml] of [
      ["an element that is no stanza", '<unknown xmlns="urn:example:x"><y/></unknown>'],
      ["text", "Hello"],
    ] as const) {
      test(`${what} between stanzas changes nothing, and the next one goes through`, async () => {
        peer.write(`${xml}${message(`behind ${what}`, nina)}`);
        await goesThrough(`behind ${what}`);
      });
    }
  },
  { servers: ["prosody"] },
);
