/** What a connector does as its lease comes and goes, with a lease that the test plays by hand. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { Lease, LeaseListener } from "#connector/lease.ts";
import { readInboundPack } from "#core/contract/envelope.ts";
import type { Call } from "./hand-queues.ts";
import { chat, inboundChat, itemsSent, outbound, startRig } from "./support.ts";

interface HandLease extends Lease {
  /** What the connector said about it, in order. */
  readonly said: readonly string[];
  gain(): void;
  /** It is over; the connector is told, or finds out by itself. */
  lose(tell: "told" | "untold"): void;
}

function makeHandLease(): HandLease {
  const gained = new EventTarget();
  const said: string[] = [];
  let listener: LeaseListener | undefined;
  let tenure = 0;
  let fence = 100;
  let isHeld = false;
  return {
    said,
    gain() {
      tenure += 1;
      isHeld = true;
      gained.dispatchEvent(new Event("gain"));
    },
    lose(tell) {
      isHeld = false;
      if (tell === "told") listener?.onLost();
    },
    start(its) {
      listener = its;
    },
    term: () => (isHeld ? tenure : undefined),
    mayOpen: () => isHeld,
    async opens(signal) {
      if (!isHeld) await once(gained, "gain", { signal }).catch(() => {});
    },
    async takeFence() {
      fence += 1;
      return fence;
    },
    leave: () => said.push("leave"),
    async release() {
      said.push("release");
    },
    view: () => ({ role: isHeld ? "holder" : "standby", fresh: true }),
  };
}

type Aside = Extract<Call, { kind: "aside" }>;
const asides = (calls: readonly Call[]) => calls.filter((call): call is Aside => call.kind === "aside");

/** Reason, fence and id of what was set aside. */
const lettersOf = (calls: readonly Call[]) =>
  asides(calls).map(({ letter }) => {
    const pack = readInboundPack(letter.body ?? "");
    assert.ok(pack.ok);
    const [item] = pack.value.items;
    return [letter.reason, item?.fence, / id="([^"]*)"/.exec(item?.xml ?? "")?.[1]];
  });

test("a standby connects only when the lease is its own, and says so", async (t) => {
  const lease = makeHandLease();
  const rig = await startRig(t, { lease });
  assert.partialDeepStrictEqual(rig.connector.health(), { stream: "standby", lease: "standby" });
  assert.equal(rig.server.connections(), 0);
  lease.gain();
  await rig.accept();
  await rig.logged("stream.up");
  assert.partialDeepStrictEqual(rig.connector.health(), { stream: "up", lease: "holder", fence: 102 });
});

test("one whose lease is over writes nothing more, whatever it was about to write", async (t) => {
  const lease = makeHandLease();
  const rig = await startRig(t, { lease });
  lease.gain();
  const peer = await rig.accept();
  await rig.logged("stream.up");
  lease.lose("untold");
  rig.queues.offer("outboundStanzas", [outbound("one", [{ xml: chat("a") }])]);
  await rig.logged("write.failed");
  lease.lose("told");
  await peer.closed;
  assert.deepEqual(peer.stanzas(), []);
  await rig.queues.until((calls) => calls.some((call) => call.kind === "extend" && call.visibilityS === 0));
  assert.equal(rig.server.connections(), 1, "it stands by");
});

test("what comes after the end of the lease, and what waits for its queue, is kept aside as late", async (t) => {
  const lease = makeHandLease();
  const rig = await startRig(t, { lease });
  lease.gain();
  const peer = await rig.accept();
  peer.closeBack = false;
  const sending = Promise.withResolvers<[]>();
  rig.queues.answer = () => sending.promise;
  peer.write(inboundChat("under-way"));
  await rig.queues.until((calls) => calls.length === 1);
  peer.write(inboundChat("waiting"));
  while (rig.connector.health().windowStanzas < 2) await new Promise(setImmediate);
  lease.lose("told");
  await peer.closing;
  // What the server had sent, or has yet to send, before it saw that we go.
  peer.write(inboundChat("after"));
  peer.socket.end("</stream:stream>");
  sending.resolve([]);
  await rig.queues.until((calls) => asides(calls).length === 2);
  assert.deepEqual(lettersOf(rig.queues.calls).sort(), [
    ["late", 102, "after"],
    ["late", 102, "waiting"],
  ]);
  assert.equal(itemsSent(rig.queues.calls, "messageStanzas").length, 1, "what SQS had taken already");
});

test("a call that is under way when the lease ends is not tried again, and what SQS did not take is late", async (t) => {
  const lease = makeHandLease();
  const rig = await startRig(t, { lease });
  lease.gain();
  const peer = await rig.accept();
  const asked: boolean[] = [];
  rig.queues.answer = (_, messages, mayGoOn) => {
    asked.push(mayGoOn());
    lease.lose("untold");
    asked.push(mayGoOn());
    return messages.map((_, index) => ({ index, reason: "InternalError", permanent: false }));
  };
  peer.write(inboundChat("refused"));
  await rig.queues.until((calls) => asides(calls).length === 1);
  assert.deepEqual(asked, [true, false]);
  assert.deepEqual(lettersOf(rig.queues.calls), [["late", 102, "refused"]]);
});

test("what is late stays late when the lease is gained again", async (t) => {
  const lease = makeHandLease();
  const rig = await startRig(t, { lease });
  lease.gain();
  const peer = await rig.accept();
  peer.closeBack = false;
  await rig.logged("stream.up");
  lease.lose("told");
  lease.gain();
  peer.write(inboundChat("old"));
  peer.socket.end("</stream:stream>");
  const next = await rig.accept();
  next.write(inboundChat("new"));
  await rig.queues.until((calls) => calls.length === 2);
  assert.deepEqual(lettersOf(rig.queues.calls), [["late", 102, "old"]]);
  const [item] = itemsSent(rig.queues.calls, "messageStanzas");
  assert.equal(item?.fence, 104);
});

test("who has lost the lease does not tell that the stream has ended: another has it", async (t) => {
  const lease = makeHandLease();
  const rig = await startRig(t, { lease });
  lease.gain();
  await rig.accept();
  await rig.logged("stream.up");
  lease.lose("told");
  await rig.logged("stream.down");
  lease.gain();
  await rig.accept();
  await rig.logged("stream.up");
  while (rig.queues.tasks.length < 2) await new Promise(setImmediate);
  const kinds = rig.queues.tasks.map((body) => /"kind":"(\w+)"/.exec(body)?.[1]);
  assert.deepEqual(kinds, ["resync", "resync"]);
});

test("a lease that ends while a stream is being opened lets no handshake out: it would displace the next holder", async (t) => {
  const lease = makeHandLease();
  const rig = await startRig(t, { lease });
  rig.server.onHeader = () => lease.lose("untold");
  lease.gain();
  assert.equal((await rig.logged("stream.down"))["reason"], "lease-lost");
  assert.equal(rig.server.handshakes(), 0);
});

for (const [how, takeFence] of [
  ["gives no fence any more", () => Promise.reject(new Error("another's"))],
  ["gives one, to nobody by now", async () => 7],
] as const) {
  test(`a lease that ends while the table is asked before a server is dialled, and ${how}, dials none`, async (t) => {
    const lease = makeHandLease();
    const rig = await startRig(t, {
      lease: {
        ...lease,
        takeFence() {
          lease.lose("untold");
          return takeFence();
        },
      },
    });
    lease.gain();
    assert.equal((await rig.logged("stream.down"))["reason"], "lease-lost");
    assert.equal(rig.server.connections(), 0);
    assert.equal(rig.connector.health().stream, "standby");
  });
}

test("stopping says that it leaves, and lets the lease go when all is handed over", async (t) => {
  const lease = makeHandLease();
  const rig = await startRig(t, { lease });
  lease.gain();
  const peer = await rig.accept();
  await rig.logged("stream.up");
  const sending = Promise.withResolvers<[]>();
  rig.queues.answer = () => sending.promise;
  peer.write(inboundChat("last"));
  await rig.queues.until((calls) => calls.length === 1);
  const stopped = rig.connector.stop();
  await peer.closed;
  assert.deepEqual(lease.said, ["leave"]);
  sending.resolve([]);
  await stopped;
  assert.deepEqual(lease.said, ["leave", "release"]);
});
