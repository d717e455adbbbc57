/** What the connector holds: hidden from others, and no more than it has room for. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ReceivedMessage } from "#aws/queues.ts";
import { chat, idsOf, outbound, presence, removed, startRig } from "./support.ts";

// Each waits for a clock of its own.
describe("visibility", { concurrency: true }, () => {
  test("what is held is kept invisible until it is confirmed", async (t) => {
    // Long enough for a pause of a busy machine: what is visible again is nobody's to extend.
    const rig = await startRig(t, { limits: { outboundVisibilityS: 1 } });
    const peer = await rig.accept();
    peer.echo = false;
    rig.queues.offer("outboundStanzas", [outbound("m", [{ xml: chat("a") }])]);
    await rig.queues.until((calls) => idsOf(calls, "extend").length >= 2);
    peer.echoKept();
    await rig.queues.until(removed("m"));
    assert.ok(rig.queues.calls.every((call) => call.kind !== "extend" || call.visibilityS > 0));
  });

  for (const [how, unextended] of [
    ["refused", (messages: readonly ReceivedMessage[]) => messages],
    ["unanswered", () => Promise.reject(new Error("timeout"))],
  ] as const) {
    test(`an extension that was ${how} is made again before the message is visible`, async (t) => {
      const rig = await startRig(t, { limits: { outboundVisibilityS: 2 } });
      const peer = await rig.accept();
      peer.echo = false;
      const calledAt: number[] = [];
      rig.queues.unextended = (messages) => {
        calledAt.push(performance.now());
        return calledAt.length === 1 ? unextended(messages) : [];
      };
      const message = outbound("m", [{ xml: chat("a") }]);
      rig.queues.offer("outboundStanzas", [message]);
      await rig.queues.until((calls) => idsOf(calls, "extend").length === 3);
      const [first = 0, again = 0, next = 0] = calledAt;
      assert.ok(again - first < 900, `half of the visibility has not passed: ${again - first} ms`);
      assert.ok(next - again > 900, "a success holds for half of it");
      peer.echoKept();
      await rig.queues.until(removed("m"));
    });
  }

  test("what is given back while it is being extended follows that call, with its group; others do not wait", async (t) => {
    // Long enough for a pause of a busy machine: what is visible again is nobody's to give back.
    const rig = await startRig(t, { limits: { outboundVisibilityS: 4 } });
    const peer = await rig.accept();
    peer.echo = false;
    await rig.logged("stream.up");
    const extended = Promise.withResolvers<[]>();
    rig.queues.unextended = () => extended.promise;
    rig.queues.offer("outboundStanzas", [outbound("extended", [{ xml: chat("a") }], "group")]);
    await rig.queues.until((calls) => idsOf(calls, "extend").length === 1);
    rig.queues.unextended = () => [];
    const [later, other] = [
      outbound("later", [{ xml: chat("b") }], "group"),
      outbound("other", [{ xml: chat("c") }]),
    ];
    rig.queues.offer("outboundStanzas", [later, other]);
    await peer.expect(/id="c"/);
    peer.socket.destroy();
    const givenBack = () =>
      rig.queues.calls.flatMap((call) =>
        call.kind === "extend" && call.visibilityS === 0 ? [call.messages.map(({ id }) => id)] : [],
      );
    await rig.queues.until(() => givenBack().length > 0);
    // Whoever waited for no call would have spoken by the time that the next stream is up.
    await rig.accept();
    await rig.logged("stream.up");
    assert.deepEqual(givenBack(), [["other"]]);
    extended.resolve([]);
    await rig.queues.until(() => givenBack().length > 1);
    assert.deepEqual(givenBack(), [["other"], ["later", "extended"]]);
  });
});

test("no more is received than may be held", async (t) => {
  const rig = await startRig(t, { limits: { outboundHeldMax: 30 } });
  const peer = await rig.accept();
  peer.echo = false;
  await rig.logged("stream.up");
  for (let i = 0; i < 6; i += 1) {
    rig.queues.offer(
      "outboundStanzas",
      Array.from({ length: 10 }, (_, n) => outbound(`m${i}-${n}`, [{ xml: chat(`m${i}-${n}`) }])),
    );
  }
  await peer.expect(/id="m1-9"/);
  // A presence poll may bring 10, so 20 are all that fit beside it.
  assert.equal(rig.connector.health().held, 20);
  peer.echo = true;
  peer.echoKept();
  await rig.queues.until((calls) => idsOf(calls, "remove").length === 60);
});

test("what is held is bounded in bytes, but however large a message is it passes", async (t) => {
  const rig = await startRig(t, { limits: { outboundHeldBytesMax: 20_000 } });
  const peer = await rig.accept();
  peer.echo = false;
  await rig.logged("stream.up");
  const ids = ["a", "b", "c"];
  for (const id of ids) {
    rig.queues.offer("outboundStanzas", [outbound(id, [{ xml: chat(id, "x".repeat(12_000)) }])]);
  }
  rig.queues.offer("outboundStanzas", [outbound("larger", [{ xml: chat("larger", "x".repeat(36_000)) }])]);
  await peer.expect(/id="a"/);
  assert.equal(rig.connector.health().held, 1);
  assert.equal(rig.queues.polls("outboundStanzas"), 0, "ten more of the kind would be too many");
  peer.echo = true;
  peer.echoKept();
  await rig.queues.until(removed(...ids, "larger"));
});

test("a large broadcast keeps no message from being received", async (t) => {
  const rig = await startRig(t, { limits: { outboundHeldBytesMax: 20_000 } });
  const peer = await rig.accept();
  peer.echo = false;
  const recipients = Array.from({ length: 2_000 }, (_, index) => `c${index}@example.org`);
  rig.queues.offer("outboundPresence", [outbound("broadcast", [{ xml: presence(), recipients }])]);
  await peer.expect(/<presence/);
  for (const id of ["a", "b", "c"]) {
    rig.queues.offer("outboundStanzas", [outbound(id, [{ xml: chat(id) }])]);
    await peer.expect(new RegExp(`id="${id}"`));
  }
});
