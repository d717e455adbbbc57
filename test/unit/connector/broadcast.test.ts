import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, domain, outbound, presence, removed, startRig } from "./support.ts";

const availability = (version: number) => ({ ghost: `nina@${domain}`, version });

test("a template is written once per recipient, however many there are, in slices", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  const recipients = Array.from({ length: 5000 }, (_, index) => `c${index}@example.org`);
  rig.queues.offer("outboundPresence", [
    outbound("m", [{ xml: presence(), recipients, availability: availability(1) }]),
  ]);
  await rig.queues.until(removed("m"));
  const written = peer.stanzas().filter((xml) => xml.startsWith("<presence"));
  assert.deepEqual(
    written.map((xml) => / to="([^"]*)"/.exec(xml)?.[1]),
    recipients,
  );
  assert.ok(peer.stanzas().length - written.length >= 5, "each slice has its own barrier");
});

test("a message does not wait for the end of a broadcast", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.echo = false;
  const recipients = Array.from({ length: 5000 }, (_, index) => `c${index}@example.org`);
  rig.queues.offer("outboundPresence", [outbound("m", [{ xml: presence(), recipients }])]);
  // Two slices are under way and none is confirmed.
  await peer.expect(/<ping/);
  await peer.expect(/<ping/);
  rig.queues.offer("outboundStanzas", [outbound("chat", [{ xml: chat("hello") }])]);
  await peer.expect(/id="hello"/);
  assert.ok(peer.stanzas().filter((xml) => xml.startsWith("<presence")).length < 1500);
  peer.echo = true;
  peer.echoKept();
  await rig.queues.until(removed("m", "chat"));
});

test("an availability older than the newest broadcast of its ghost is dropped, equal and newer ones are not", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  const to = "bob@localhost";
  rig.queues.offer("outboundPresence", [
    outbound("m5", [{ xml: presence(), recipients: ["alice@localhost"], availability: availability(5) }]),
  ]);
  await rig.queues.until(removed("m5"));
  rig.queues.offer("outboundStanzas", [
    outbound("old", [{ xml: presence(`old.${to}`), availability: availability(4) }]),
    outbound("same", [{ xml: presence(`same.${to}`), availability: availability(5) }]),
    outbound("new", [{ xml: presence(`new.${to}`), availability: availability(6) }]),
    outbound("other", [
      { xml: presence(`other.${to}`), availability: { ghost: `noah@${domain}`, version: 1 } },
    ]),
  ]);
  await rig.queues.until(removed("old", "same", "new", "other"));
  const recipients = peer
    .stanzas()
    .flatMap((xml) => (xml.startsWith("<presence") ? [/ to="([^@"]*)/.exec(xml)?.[1]] : []));
  assert.deepEqual(
    recipients,
    ["alice", "same.bob", "new.bob", "other.bob"].map((name) => name.replace("@", "")),
  );
});

test("a goodbye leaves its contact out of a broadcast that was on its way, and of what is left of one", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.echo = false;
  const recipients = Array.from({ length: 1000 }, (_, index) => `c${index}@example.org`);
  const before = new Date().toISOString();
  const template = { xml: presence(), recipients, time: before };
  rig.queues.offer("outboundPresence", [outbound("m", [template])]);
  // Two slices are under way; the last recipient is in none of them.
  await peer.expect(/<ping/);
  await peer.expect(/<ping/);
  const [last = ""] = recipients.slice(-1);
  const goodbye = presence(last).replace("/>", ' type="unavailable"/>');
  const parting = { ...outbound("goodbye", [{ xml: goodbye, parting: true }]), sentAt: Date.now() };
  rig.queues.offer("outboundStanzas", [parting]);
  await peer.expect(/type="unavailable"/);
  peer.echo = true;
  peer.echoKept();
  await rig.queues.until(removed("m", "goodbye"));
  rig.queues.offer("outboundPresence", [outbound("n", [{ ...template, recipients: [last] }])]);
  await rig.queues.until(removed("n"));
  const toLast = peer.stanzas().filter((xml) => xml.includes(`to="${last}"`));
  assert.deepEqual(toLast, [goodbye]);
  const told = peer.stanzas().filter((xml) => xml.startsWith("<presence")).length;
  assert.equal(told, recipients.length);
});

test("of a burst of changes that is in hand only the newest is written, in one go", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  const recipients = ["alice@localhost", "bob@localhost"];
  const change = (version: number) =>
    outbound(
      `v${version}`,
      [{ xml: presence(), recipients, availability: availability(version) }],
      "group of nina",
    );
  rig.queues.offer("outboundPresence", [change(1), change(2), change(3)]);
  await rig.queues.until(removed("v1", "v2", "v3"));
  const written = peer.stanzas().filter((xml) => xml.startsWith("<presence"));
  assert.equal(written.length, recipients.length);
});

test("a message written late carries the time when it was written, once; a fresh one and presence do not", async (t) => {
  const now = Date.parse("2026-11-23T10:00:00Z");
  const rig = await startRig(t, { now: () => now });
  const peer = await rig.accept();
  const late = "2026-11-23T09:58:59.5Z";
  const delay = `<delay xmlns="urn:xmpp:delay" from="x" stamp="2026-11-20T00:00:00Z"/>`;
  rig.queues.offer("outboundStanzas", [
    outbound("m", [
      { xml: chat("late"), written: late },
      { xml: chat("fresh"), written: "2026-11-23T09:59:30Z" },
      { xml: chat("stamped").replace("</message>", `${delay}</message>`), written: late },
      { xml: presence("alice@localhost"), written: late },
    ]),
  ]);
  await rig.queues.until(removed("m"));
  const delays = peer
    .stanzas()
    .filter((xml) => !xml.startsWith("<iq"))
    .map((xml) => [...xml.matchAll(/<delay [^>]*>/g)].map(([match]) => match));
  assert.deepEqual(delays, [
    [`<delay xmlns="urn:xmpp:delay" from="${domain}" stamp="2026-11-23T09:58:59.500Z"/>`],
    [],
    [delay],
    [],
  ]);
});
