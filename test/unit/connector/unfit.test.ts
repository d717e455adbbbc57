/** What may not leave: it is set aside alone, and whoever waits for it hears. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, domain, idsOf, itemsSent, outbound, removed, startRig } from "./support.ts";

const bodies = (stanzas: readonly string[]) =>
  stanzas.flatMap((xml) => (xml.startsWith("<message") ? [/ id="([^"]*)"/.exec(xml)?.[1]] : []));

for (const [what, xml, text] of [
  ["a forbidden character", chat("bad", "\u0001"), /./],
  ["an unclosed tag", chat("bad", "<b>"), /./],
  ["a foreign sender", chat("bad").replace(domain, "other.example"), /domain/],
  ["no recipient", chat("bad").replace(/ to="[^"]*"/, ""), /recipient/],
  ["another element", "<stream:error/>", /./],
] as const) {
  test(`a stanza with ${what} never reaches the socket: it is set aside and its neighbours are written`, async (t) => {
    const rig = await startRig(t);
    const peer = await rig.accept();
    const items = [{ xml: chat("before") }, { xml }, { xml: chat("after") }];
    rig.queues.offer("outboundStanzas", [outbound("m", items)]);
    await rig.queues.until(removed("m"));
    assert.deepEqual(bodies(peer.stanzas()), ["before", "after"]);
    const aside = rig.queues.calls.find((call) => call.kind === "aside");
    assert.ok(aside?.kind === "aside");
    assert.deepEqual(
      [aside.queue, aside.letter.reason, aside.letter.cause],
      ["outboundStanzas", "unfit", "m.1"],
    );
    assert.match(aside.letter.text, text);
    assert.equal(rig.server.connections(), 1);
  });
}

test("the author of a stanza that may not leave gets it back as an error, before the message is deleted", async (t) => {
  const rig = await startRig(t);
  await rig.accept();
  const huge = chat("bad", "x".repeat(510 * 1024));
  rig.queues.offer("outboundStanzas", [outbound("m", [{ xml: huge }])]);
  await rig.queues.until(removed("m"));
  const kinds = rig.queues.calls.map(({ kind }) => kind);
  assert.ok(kinds.indexOf("send") < kinds.indexOf("remove"));
  const [bounce] = itemsSent(rig.queues.calls, "messageStanzas");
  assert.match(bounce?.xml ?? "", /type="error"/);
  assert.match(bounce?.xml ?? "", /not-acceptable/);
  assert.match(bounce?.xml ?? "", new RegExp(`from="alice@localhost" to="nina@${domain}" id="bad"`));
});

test("an error that may not leave is set aside without a bounce", async (t) => {
  const rig = await startRig(t);
  await rig.accept();
  const error = chat("bad", "x".repeat(510 * 1024)).replace('type="chat"', 'type="error"');
  rig.queues.offer("outboundStanzas", [outbound("m", [{ xml: error }])]);
  await rig.queues.until(removed("m"));
  assert.equal(itemsSent(rig.queues.calls, "messageStanzas").length, 0);
});

test("an item that cannot be read is set aside alone: the rest of its pack is written", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  const items = [{ xml: chat("before") }, { xml: chat("bad"), written: "yesterday" }, { xml: chat("after") }];
  rig.queues.offer("outboundStanzas", [outbound("m", items)]);
  await rig.queues.until(removed("m"));
  assert.deepEqual(bodies(peer.stanzas()), ["before", "after"]);
  const asides = rig.queues.calls.flatMap((call) => (call.kind === "aside" ? [call.letter] : []));
  assert.deepEqual(
    asides.map(({ reason, cause }) => [reason, cause]),
    [["malformed", "m"]],
  );
  assert.match(asides[0]?.body ?? "", /id=\\"bad\\"/);
});

test("an answer to a request that may not leave is an error instead, confirmed like any other", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  peer.echo = false;
  const addresses = `id="q" from="nina@${domain}" to="alice@localhost/phone"`;
  const huge = `<iq type="result" ${addresses}><query xmlns="x">${"x".repeat(510 * 1024)}</query></iq>`;
  rig.queues.offer("outboundStanzas", [outbound("m", [{ xml: huge }])]);
  const answer = await peer.expect(/^<iq[^>]* id="q"/);
  assert.match(answer, /type="error"/);
  assert.match(answer, /internal-server-error/);
  assert.match(answer, new RegExp(`from="nina@${domain}" to="alice@localhost/phone"`));
  await peer.expect(/<ping/);
  assert.deepEqual(idsOf(rig.queues.calls, "remove"), []);
  peer.echoKept();
  await rig.queues.until(removed("m"));
  assert.equal(itemsSent(rig.queues.calls, "iqStanzas").length, 0);
});

for (const [kind, queue, xml] of [
  [
    "a request to a contact",
    "presenceStanzas",
    `<presence type="subscribe" id="bad" from="nina@${domain}" to="alice@localhost">`,
  ],
  ["a question", "iqStanzas", `<iq type="get" id="bad" from="nina@${domain}" to="alice@localhost/phone">`],
] as const) {
  test(`${kind} that may not leave comes back as an error`, async (t) => {
    const rig = await startRig(t);
    await rig.accept();
    const huge = `${xml}<x xmlns="x">${"x".repeat(510 * 1024)}</x></${/[a-z]+/.exec(xml)?.[0]}>`;
    rig.queues.offer("outboundStanzas", [outbound("m", [{ xml: huge }])]);
    await rig.queues.until(removed("m"));
    assert.match(itemsSent(rig.queues.calls, queue)[0]?.xml ?? "", /type="error"[^>]* id="bad"/);
  });
}

test("a broadcast that may not leave is set aside, and no contact seems to have refused it", async (t) => {
  const rig = await startRig(t);
  await rig.accept();
  const huge = `<presence from="nina@${domain}"><status>${"x".repeat(510 * 1024)}</status></presence>`;
  rig.queues.offer("outboundPresence", [outbound("m", [{ xml: huge, recipients: ["alice@localhost"] }])]);
  await rig.queues.until(removed("m"));
  assert.deepEqual(
    rig.queues.calls.map(({ kind }) => kind),
    ["aside", "remove"],
  );
});

test("nobody is told of a stanza to nobody: the dead letter says it all", async (t) => {
  const rig = await startRig(t);
  await rig.accept();
  rig.queues.offer("outboundStanzas", [outbound("m", [{ xml: chat("bad", "x", "nina", "@@") }])]);
  await rig.queues.until(removed("m"));
  const asides = rig.queues.calls.flatMap((call) => (call.kind === "aside" ? [call.queue] : []));
  assert.deepEqual(asides, ["outboundStanzas"]);
});

test("recipients that are none are set aside alone: the others get their presence", async (t) => {
  const rig = await startRig(t);
  const peer = await rig.accept();
  const recipients = ["a@localhost", "@@", "b@localhost", "c@localhost/x"];
  const xml = `<presence from="nina@${domain}/causeway"/>`;
  rig.queues.offer("outboundPresence", [outbound("m", [{ xml, recipients }])]);
  await rig.queues.until(removed("m"));
  assert.deepEqual(
    peer.stanzas().flatMap((each) => (each.startsWith("<presence") ? [/ to="([^"]*)"/.exec(each)?.[1]] : [])),
    ["a@localhost", "b@localhost"],
  );
  const [letter, ...more] = rig.queues.calls.flatMap((call) => (call.kind === "aside" ? [call.letter] : []));
  assert.deepEqual(more, []);
  assert.deepEqual(JSON.parse(letter?.body ?? "").items[0].recipients, ["@@", "c@localhost/x"]);
});
