/** Barriers on a server that gives a part of what is ours to another connection of the component. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, domain, outbound, removed, startRig } from "./support.ts";

const barrier = /<iq[^>]*><ping/;

test("a later barrier vouches for those before it, and the log says that the stream is shared", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.echo = false;
  rig.queues.offer("outboundStanzas", [outbound("one", [{ xml: chat("a") }])]);
  await peer.expect(barrier);
  rig.queues.offer("outboundStanzas", [outbound("two", [{ xml: chat("b") }])]);
  const second = await peer.expect(barrier);
  peer.write(second);
  await rig.queues.until(removed("one", "two"));
  await rig.logged("stream.shared");
});

test("a barrier that does not come back is followed by another before the stream counts as dead", async (t) => {
  const rig = await startRig(t, { limits: { barrierAgainMs: 20 } });
  const peer = await rig.accept();
  peer.echo = false;
  rig.queues.offer("outboundStanzas", [outbound("one", [{ xml: chat("a") }])]);
  await peer.expect(barrier);
  peer.write(await peer.expect(barrier));
  await rig.queues.until(removed("one"));
  assert.equal(rig.server.connections(), 1);
});

test("barriers of another connection of ours concern nobody", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.write(
    `<iq type='get' id='barrier-other-0' from='${domain}' to='${domain}'><ping xmlns='urn:xmpp:ping'/></iq>`,
  );
  peer.write(`<message id='m' from='alice@localhost/a' to='nina@${domain}'><body>x</body></message>`);
  await rig.queues.until((calls) => calls.length === 1);
  const [call] = rig.queues.calls;
  assert.ok(call?.kind === "send" && call.queue === "messageStanzas");
});
