/** Barriers on a server that gives a part of what is ours to another connection of the component. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeBarriers } from "#connector/barriers.ts";
import { readStanza } from "#test/harness/played-server.ts";
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

/** One barrier under way on a stream that has brought nothing for `silentMs`, by these limits. */
function waiting(silentMs: number, barrierStuckMsMax: number) {
  const dead = Promise.withResolvers<string>();
  let [deaths, looks] = [0, 0];
  const looked = Promise.withResolvers<void>();
  const limits = { barrierMsMax: 20, barrierAgainMs: 5, barrierStuckMsMax };
  const barriers = makeBarriers(domain, limits, {
    silentMs: () => silentMs,
    dead(reason) {
      deaths += 1;
      dead.resolve(reason);
    },
    again() {
      looks += 1;
      // Each is at least so long after the last: far more than a silent stream is given.
      if (looks === 20) looked.resolve();
    },
    overtaken: () => {},
  });
  return {
    barriers,
    barrier: barriers.issue(),
    dead: dead.promise,
    looked: looked.promise,
    deaths: () => deaths,
  };
}

test("a barrier is waited for as long as the stream brings something: it may be behind that on a slow link", async () => {
  const { barriers, barrier, looked, deaths } = waiting(0, 60_000);
  await looked;
  assert.equal(deaths(), 0);
  assert.ok(barriers.consume(readStanza(barrier.xml)));
  assert.equal(await barrier.back, true);
  barriers.end();
});

test("the time in which the process stood still does not count: the answer may be there, unread", async () => {
  const { barriers, barrier, deaths } = waiting(60_000, 60_000);
  // As SIGSTOP does: nothing of ours runs.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  // The timer that is overdue runs before what the socket has.
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(deaths(), 0);
  assert.ok(barriers.consume(readStanza(barrier.xml)));
  assert.equal(await barrier.back, true);
  barriers.end();
});

test("but not for ever, and not on a stream that brings nothing", async () => {
  for (const { barriers, dead } of [waiting(0, 100), waiting(60_000, 60_000)]) {
    assert.equal(await dead, "barrier-timeout");
    barriers.end();
  }
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
