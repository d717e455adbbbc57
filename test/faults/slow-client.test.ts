/** A client that is megabytes behind when its server is asked to stop. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeItem, writePack } from "#core/contract/envelope.ts";
import { waitUntil } from "#local/wait-until.ts";
import { onEachServer } from "#test/harness/bridge.ts";

const packs = Array.from({ length: 16 }, (_, pack) => `burst ${pack}`);
const perPack = 125;
const messageCount = packs.length * perPack;
// Together more than the kernel takes for a client that does not read, some 4 MiB.
const bodyBytes = 4096;
const waitMsMax = 60_000;
const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** A pack of messages as a function writes it. */
function packOf(name: string): string {
  const time = new Date().toISOString();
  const items = Array.from({ length: perPack }, (_, sequence) => {
    const id = `${name} ${sequence}`;
    const start = `<message from="nina@im.localhost" to="alice@localhost" type="chat" id="${id}">`;
    const xml = `${start}<body>${"x".repeat(bodyBytes)}</body></message>`;
    return encodeItem({ id, time, trace, hops: 1, xml });
  });
  return writePack(items);
}

onEachServer("a burst to a slow client", (scenario) => {
  test("whatever the server had routed when it was restarted arrives, and once", async () => {
    const arrived: string[] = [];
    const alice = await scenario.login("alice");
    alice.onStanza((stanza) => {
      if (stanza.is("message")) arrived.push(stanza.attrs["id"] ?? "");
    });
    alice.pause();
    await Promise.all(packs.map((name) => scenario.operator.put("outboundStanzas", [packOf(name)], name)));
    await scenario.operator.emptied("outboundStanzas");
    const restarted = scenario.bridge.restartServer();
    alice.resume();
    await restarted;
    const all = async () => new Set(arrived).size === messageCount;
    await waitUntil(all, { what: `${messageCount} messages`, timeoutMs: waitMsMax });
    assert.equal(arrived.length, messageCount);
  });
});
