import assert from "node:assert/strict";
import { test } from "node:test";
import { type LeaseListener, makeNoLease } from "#connector/lease.ts";
import { chat, domain, idsOf, outbound, startRig } from "./support.ts";

test("nothing follows the stream's closing tag, however much was yet to be written", async (t) => {
  const alone = makeNoLease(domain, { takeFence: async () => 1 });
  const { promise: listening, resolve } = Promise.withResolvers<LeaseListener>();
  const rig = await startRig(t, { limits: { closeMsMax: 10_000 }, lease: { ...alone, start: resolve } });
  const peer = await rig.accept();
  peer.socket.pause();
  // More than any socket's buffers take.
  const items = Array.from({ length: 1_000 }, (_, n) => ({ xml: chat(`m${n}`, "x".repeat(32 * 1024)) }));
  rig.queues.offer("outboundStanzas", [outbound("m", items)]);
  await rig.queues.until(() => rig.connector.health().held === 1);
  (await listening).onClose();
  peer.socket.resume();
  await peer.closed;
  const [before, behind] = peer.received().split("</stream:stream>");
  assert.match(before ?? "", /id="m0"/);
  assert.equal(behind, "");
  assert.deepEqual(idsOf(rig.queues.calls, "extend"), ["m"]);
});

test("stopping closes the stream in order and ends in time, also when no queue answers what is given back", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.echo = false;
  rig.queues.unextended = () => new Promise(() => {});
  rig.queues.offer("outboundStanzas", [outbound("m", [{ xml: chat("a") }])]);
  await peer.expect(/id="a"/);
  const stopped = rig.connector.stop();
  await peer.closed;
  assert.match(peer.received(), /<\/stream:stream>$/);
  assert.deepEqual(idsOf(rig.queues.calls, "extend"), ["m"]);
  await stopped;
});
