/** Whatever comes from the XMPP side: the stream stays the same one, and each stanza has one outcome. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { limits } from "#core/limits.ts";
import { parseStanza } from "#core/xmpp/codec.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { hostileCount, seed } from "#test/harness/env.ts";
import { extremes } from "#test/harness/hostile/extremes.ts";
import { makeRandom } from "#test/harness/hostile/random.ts";
import { connectRaw, type RawClient } from "#test/harness/hostile/raw-client.ts";
import { nextStanza } from "#test/harness/hostile/stanzas.ts";
import { domain, inboundChat, startRig } from "#test/unit/connector/support.ts";

const noRates = { perS: 1e6, burst: 1e6 };
/** On a machine that is busy otherwise, too. */
const patienceMs = 180_000;
/** Both servers are set up to read no more of a client at once. */
const clientBytesMax = 256 * 1024;
/** These end ejabberd 23.01 as a process, which is not the question here; a played server sends them below. */
const endsServers = /^(a million attributes|10,000 levels)/;
/** Stanzas between two looks at what has come of them. */
const batchMax = 20;

onEachServer(
  "hostile stanzas of a client",
  (scenario) => {
    let neighbour: RawClient;
    let hostile: RawClient;
    let goods = 0;
    const login = (name: string) => connectRaw(scenario.bridge.endpoints.xmpp, name, name, "raw");
    before(async () => {
      neighbour = await login("bob");
      hostile = await login("alice");
    });
    after(async () => await Promise.all([neighbour.close(), hostile.close()]));

    /** Writes as a client; the connection is another one where the server has ended it or could not read on. */
    async function write(xml: string): Promise<void> {
      if (hostile.isClosed()) hostile = await login("alice");
      hostile.write(xml);
      // What is too much for the server's clients ends the connection, and takes long to read here.
      if (xml.length < clientBytesMax && parseStanza(xml).ok) return;
      await hostile.close();
    }

    /** What the neighbour writes arrives, in order, on the same stream. */
    async function assertWell(what: readonly string[]): Promise<void> {
      neighbour.write(
        `<message type="chat" id="good ${goods}" to="noah@im.localhost"><body>x</body></message>`,
      );
      const event = await scenario.native.nextOf("message.sent", "noah", patienceMs);
      assert.equal(event.data["id"], `good ${goods}`);
      goods += 1;
      const shown = () => what.map((xml) => xml.slice(0, 1000)).join("\n");
      assert.equal(scenario.wire.streams, 1, `the stream was closed by one of these:\n${shown()}`);
    }

    /** What the connector has let in, the functions could read. */
    async function assertTaken(): Promise<void> {
      for (const queue of ["messageStanzas", "presenceStanzas", "iqStanzas"] as const) {
        await scenario.operator.emptied(queue);
        const letters = scenario.operator.deadLetters(queue).drain();
        const wrong = letters.filter(
          ({ reason }) => !["oversized", "too-deep", "too-many-parts", "malformed"].includes(reason),
        );
        assert.deepEqual(wrong, []);
      }
      assert.deepEqual(scenario.operator.deadLetters("outboundStanzas").items, []);
    }

    test(`${hostileCount} stanzas at random, seed ${seed}`, async (t) => {
      t.diagnostic(`CAUSEWAY_SEED=${seed} CAUSEWAY_HOSTILE=${hostileCount}`);
      const random = makeRandom(seed);
      for (let left = hostileCount; left > 0; left -= batchMax) {
        const batch = Array.from({ length: Math.min(left, batchMax) }, () =>
          nextStanza(random)
            .replace(' from="alice@example.org/phone"', "")
            .replaceAll("nina@im.example.com", "nina@im.localhost")
            .replaceAll("alice@example.org", "alice@localhost"),
        );
        for (const xml of batch) await write(xml);
        await assertWell(batch);
      }
      await assertTaken();
      const read = scenario.wire.read.filter(({ stanza }) => stanza.attrs["from"]?.startsWith("alice@"));
      t.diagnostic(`${read.length} stanzas came through the server`);
      assert.ok(read.length > hostileCount / 4, String(read.length));
    });

    test("stanzas at the limits and far beyond", async () => {
      for (const [name, xml] of extremes) {
        if (endsServers.test(name)) continue;
        const own = xml
          .replace('from="alice@example.org/phone" ', "")
          .replace("nina@im.example.com", "nina@im.localhost");
        await write(own);
        await assertWell([name]);
        // Each by itself: together in one batch they may be too much for a function on a busy machine.
        await scenario.operator.emptied("messageStanzas");
      }
      await assertTaken();
    });
  },
  {
    wire: true,
    timeoutMs: 600_000,
    rates: { sender: noRates, presence: noRates, domain: noRates, overall: noRates },
  },
);

/** As {@link startRig} has it. */
const addressed = (xml: string) => xml.replaceAll("im.example.com", domain);

test(`${hostileCount} stanzas that no server lets through, seed ${seed}`, async (t) => {
  const random = makeRandom(seed);
  const rates = { rateSenderPerS: 1e6, rateDomainPerS: 1e6, rateOverallPerS: 1e6, ratePresencePerS: 1e6 };
  const rig = await startRig(t, { limits: rates });
  const causes = () =>
    rig.queues.calls.flatMap((call) => {
      if (call.kind === "aside") return [call.letter.cause];
      if (call.kind !== "send") return [];
      return call.messages.flatMap(({ body }) =>
        (JSON.parse(body).items as { fence: number; seq: number }[]).map(
          ({ fence, seq }) => `${fence}.${seq}`,
        ),
      );
    });
  const peer = await rig.accept();
  const { fence } = await rig.logged("stream.up");
  let written = 0;
  const expected: string[] = [];
  const write = (xml: string) => {
    peer.write(xml);
    expected.push(`${fence}.${written++}`);
  };
  for (let left = hostileCount; left > 0; left -= 1) {
    const xml = addressed(nextStanza(random));
    if (parseStanza(xml).ok) write(xml);
    write(inboundChat(`good ${left}`, "x", "noah", "bob@localhost"));
  }
  for (const xml of extremes.values()) if (isXml(xml)) write(addressed(xml));
  await rig.queues.until(() => causes().length >= expected.length);
  assert.deepEqual(causes().toSorted(), expected.toSorted());
  const goods = rig.queues.calls.flatMap((call) =>
    call.kind === "send"
      ? call.messages.flatMap(({ body }) => [...body.matchAll(/good (\d+)/g)].map(([, n]) => n))
      : [],
  );
  assert.deepEqual(
    goods,
    Array.from({ length: hostileCount }, (_, n) => String(hostileCount - n)),
  );
  assert.equal(rig.server.connections(), 1);
});

/** Of what is too much the connector reads no more than where it ends. */
function isXml(xml: string): boolean {
  const isTooMuch =
    xml.length > limits.stanzaInBytesMax / 4 || (xml.match(/</g)?.length ?? 0) > limits.stanzaPartsMax;
  return !xml.startsWith("<!") && (isTooMuch || parseStanza(xml).ok);
}
