/** Whatever is put on an outbound queue: the stream stays the same one, and each item has one outcome. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeItem, writePack } from "#core/contract/envelope.ts";
import type { QueueName } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { hostileCount, seed } from "#test/harness/env.ts";
import { craftedItems, type HostileItem, nextOutbound, noPacks } from "#test/harness/hostile/outbound.ts";
import { makeRandom } from "#test/harness/hostile/random.ts";
import { connectRaw, type RawClient } from "#test/harness/hostile/raw-client.ts";

const domain = "im.localhost";
const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const neighbour = `noah@${domain}`;
/** Of one call to the engine. */
const messagesMax = 10;
let made = 0;

/** Hostile items, a good one before each and one behind the last, as the packs that hold them, in order. */
function interleave(items: readonly HostileItem[], to: string) {
  const first = made;
  const encoded = items.flatMap(({ item }) => {
    const good = `<message type="chat" id="good ${made}" from="${neighbour}" to="${to}"><body>x</body></message>`;
    const own = { id: `hostile ${made}`, time: new Date().toISOString(), trace, hops: 1 };
    made += 1;
    return [encodeItem({ ...own, id: `${own.id} before`, xml: good }), encodeItem({ ...own, ...item })];
  });
  const packs: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const one of encoded) {
    if (bytes + one.length > limits.packBytesMax) packs.push([]);
    bytes = packs.at(-1)?.length === 0 ? 0 : bytes;
    packs.at(-1)?.push(one);
    bytes += one.length;
  }
  return { packs: packs.map(writePack), first };
}

onEachServer(
  "hostile items on the outbound queues",
  (scenario) => {
    const alice = "alice@localhost";
    let receiver: RawClient;
    before(async () => {
      receiver = await connectRaw(scenario.bridge.endpoints.xmpp, "alice", "alice", "raw");
    });
    after(() => receiver.close());

    const streams = () => scenario.wire.streams;
    /** What has been written between two marks of the neighbour. */
    const hostileOnWire = (after: string, until: string) => {
      const ids = scenario.wire.written.map(({ stanza }) => stanza.attrs["id"]);
      return (
        scenario.wire.written
          .slice(ids.lastIndexOf(after) + 1, ids.lastIndexOf(until))
          // Barriers and answers of the domain itself come between them, too.
          .filter(({ stanza }) => /^(?!noah@).+@/.test(stanza.attrs["from"] ?? ""))
      );
    };

    /** Each item was written once, or set aside once. */
    async function withstand(queue: QueueName, items: readonly HostileItem[], group: string): Promise<void> {
      receiver.inbox.drain();
      const { packs, first } = interleave(items, alice);
      for (let at = 0; at < packs.length; at += 1) {
        await scenario.operator.put(queue, packs.slice(at, at + 1), group);
      }
      const last = `good ${made}`;
      made += 1;
      const end = `<message type="chat" id="${last}" from="${neighbour}" to="${alice}"><body>x</body></message>`;
      const closing = { id: last, time: new Date().toISOString(), trace, hops: 1, xml: end };
      await scenario.operator.put(queue, [writePack([encodeItem(closing)])], group);
      // In order, each of them.
      for (let n = first; n < made; n += 1) {
        const id = await receiver.nextId(neighbour);
        assert.equal(
          streams(),
          1,
          `the stream was closed before good ${n}: ${items[n - first - 1]?.what.slice(0, 2000)}`,
        );
        assert.equal(id, `good ${n}`);
      }
      const letters = scenario.operator.deadLetters(queue);
      for (const [index, { what, item }] of items.entries()) {
        const n = first + index;
        const written = hostileOnWire(`good ${n}`, `good ${n + 1}`).length;
        const { recipients = [alice] } = item;
        const fit = recipients.filter((recipient) => parseBareJid(recipient).ok).length;
        if (written === recipients.length) continue;
        assert.ok(written === 0 || written === fit, what.slice(0, 2000));
        const letter = await letters.next(
          ({ cause, body = "" }) => cause === `hostile ${n}` || body.includes(`"id":"hostile ${n}"`),
          `letter for ${what.slice(0, 2000)}`,
        );
        assert.match(letter.reason, /^(unfit|malformed)$/);
        assert.notEqual(letter.text, "");
      }
      const more = letters.items.filter(({ body = "" }) => body.includes('"id":"hostile '));
      assert.deepEqual(more, [], "each has one letter at the most");
    }

    for (const queue of ["outboundStanzas", "outboundPresence"] as const) {
      test(`each crafted item of ${queue} leaves or is set aside`, async () => {
        await withstand(queue, craftedItems, `crafted ${queue}`);
      });
    }

    test(`${hostileCount} items at random, seed ${seed}`, async (t) => {
      t.diagnostic(`CAUSEWAY_SEED=${seed} CAUSEWAY_HOSTILE=${hostileCount}`);
      const random = makeRandom(seed);
      for (let left = hostileCount; left > 0; left -= messagesMax * 10) {
        const count = Math.min(left, messagesMax * 10);
        const items = Array.from({ length: count }, () => nextOutbound(random));
        await withstand("outboundStanzas", items, "random");
      }
    });

    test("what is no pack is set aside whole, and its group goes on", async () => {
      const letters = scenario.operator.deadLetters("outboundStanzas");
      await scenario.operator.put("outboundStanzas", Object.values(noPacks), "no packs");
      await withstand("outboundStanzas", [], "no packs");
      for (const [what, body] of Object.entries(noPacks)) {
        assert.equal((await letters.next((letter) => letter.body === body, what)).reason, "malformed");
      }
    });

    test("a pack of an unknown version waits alone", async () => {
      const { packs } = interleave([], alice);
      assert.deepEqual(packs, []);
      await scenario.operator.put("outboundStanzas", ['{"v":99,"items":"of tomorrow"}'], "tomorrow");
      await withstand("outboundStanzas", [], "today");
      assert.deepEqual(scenario.operator.deadLetters("outboundStanzas").items, []);
    });
  },
  { wire: true, timeoutMs: 600_000 },
);
