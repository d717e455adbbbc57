/** What stays out: a server played by hand floods a connector, and comes from domains that are denied. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPolicy, type Policy } from "#core/policy.ts";
import { chat, domain, inboundChat, itemsSent, outbound, type Rig, removed, startRig } from "./support.ts";

const few = { rateSenderPerS: 1, rateSenderBurst: 3 };
const idsIn = (text: string, type = "error") =>
  [...text.matchAll(/<(?:message|iq) type="([^"]*)"[^>]* id="([^"]*)"/g)]
    .filter(([, found]) => found === type)
    .map(([, , id]) => id);
const sentIds = (rig: Rig) =>
  itemsSent(rig.queues.calls, "messageStanzas").map(({ xml }) => / id="([^"]*)"/.exec(xml)?.[1]);
const series = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}${index}`);
const request = (id: string) =>
  `<iq type="get" id="${id}" from="alice@localhost/phone" to="nina@${domain}"><query xmlns="x"/></iq>`;

/** Resolves when all that was written before has been read: a message of somebody else is in its queue. */
async function read(rig: Rig, peer: Awaited<ReturnType<Rig["accept"]>>, mark: string): Promise<void> {
  peer.write(inboundChat(mark, mark, "nina", `${mark}@elsewhere.example`));
  await rig.queues.until(() => sentIds(rig).includes(mark));
}

test("a flood is told once, then met with silence; others pass, and nothing refused enters a queue", async (t) => {
  const rig = await startRig(t, { limits: few });
  const peer = await rig.accept();
  peer.write(
    series("m", 200)
      .map((id) => inboundChat(id))
      .join(""),
  );
  await read(rig, peer, "calm");
  const answer = await peer.expect(/ id="m3"/);
  assert.match(answer, /<error type="wait"><policy-violation /);
  assert.match(answer, new RegExp(`from="nina@${domain}" to="alice@localhost/phone"`));
  await read(rig, peer, "later");
  await rig.connector.stop();
  assert.deepEqual(idsIn(peer.received()), ["m3"]);
  assert.deepEqual(sentIds(rig), ["m0", "m1", "m2", "calm", "later"]);
  assert.equal(
    rig.queues.calls.some(({ kind }) => kind === "aside"),
    false,
  );
  // One line for all of them.
  const lines = rig.logs.filter(({ event }) => event === "inbound.refused");
  assert.deepEqual(
    lines.map(({ fields }) => fields),
    [{ sender: 197, domain: 0, overall: 0, denied: 0, answered: 1, mostly: "alice@localhost" }],
  );
});

test("nobody is named who has not sent more than half of what was refused", async (t) => {
  const rig = await startRig(t, { limits: few });
  const peer = await rig.accept();
  for (const from of ["alice", "bob", "carol"]) {
    peer.write(
      series(from, 10)
        .map((id) => inboundChat(id, id, "nina", `${from}@localhost`))
        .join(""),
    );
  }
  await read(rig, peer, "calm");
  await rig.connector.stop();
  const lines = rig.logs.filter(({ event }) => event === "inbound.refused");
  assert.deepEqual(
    lines.map(({ fields }) => fields?.["mostly"]),
    [""],
  );
});

test("a sender that goes on is told again after the interval", async (t) => {
  const rig = await startRig(t, { limits: { ...few, refusalIntervalMs: 60 } });
  const peer = await rig.accept();
  peer.write(
    series("m", 10)
      .map((id) => inboundChat(id))
      .join(""),
  );
  await peer.expect(/ id="m3"/);
  // Written when the interval is over.
  await rig.logged("inbound.refused");
  peer.write(
    series("n", 10)
      .map((id) => inboundChat(id))
      .join(""),
  );
  await peer.expect(/ id="n\d"/);
  await read(rig, peer, "calm");
  assert.equal(idsIn(peer.received()).length, 2);
});

test("requests over the limit are answered one by one, up to a number", async (t) => {
  const rig = await startRig(t, { limits: { ...few, refusedIqAnswersMax: 4 } });
  const peer = await rig.accept();
  peer.write(series("q", 50).map(request).join(""));
  await peer.expect(/ id="q6"/);
  await read(rig, peer, "calm");
  assert.deepEqual(idsIn(peer.received()), ["q3", "q4", "q5", "q6"]);
  assert.equal(itemsSent(rig.queues.calls, "iqStanzas").length, 3);
});

test("errors, results, headlines and presence over the limit meet silence", async (t) => {
  const rig = await startRig(t, {
    limits: { rateSenderBurst: 1, rateSenderPerS: 1, ratePresenceBurst: 1, ratePresencePerS: 1 },
  });
  const peer = await rig.accept();
  const from = `from="alice@localhost/phone" to="nina@${domain}"`;
  const silent = [
    `<message type="headline" id="h" ${from}><body>x</body></message>`,
    `<message type="error" id="e" ${from}><error type="cancel"/></message>`,
    `<iq type="result" id="r" ${from}/>`,
    `<iq type="error" id="i" ${from}/>`,
    `<presence type="subscribe" id="p" ${from}/>`,
  ];
  peer.write(`${[...silent, ...silent].join("")}`);
  await read(rig, peer, "calm");
  await rig.connector.stop();
  assert.doesNotMatch(peer.received(), / id="[heripo]"/);
  const [line] = rig.logs.filter(({ event }) => event === "inbound.refused");
  assert.deepEqual([line?.fields["sender"], line?.fields["answered"]], [8, 0]);
});

test("everybody together over the limit are told that we are too busy, each once, up to a rate", async (t) => {
  const rig = await startRig(t, {
    limits: { rateOverallPerS: 1, rateOverallBurst: 1, refusalAnswersPerS: 1, refusalAnswersBurst: 2 },
  });
  const peer = await rig.accept();
  peer.write(
    series("m", 9)
      .map((id) => inboundChat(id, id, "nina", `${id}@${id}.example`))
      .join(""),
  );
  assert.match(await peer.expect(/ id="m1"/), /<error type="wait"><resource-constraint /);
  await peer.expect(/ id="m2"/);
  await rig.connector.stop();
  assert.deepEqual(idsIn(peer.received()), ["m1", "m2"]);
});

test("a flood of what is too large is refused like any other, without a dead letter for each", async (t) => {
  const rig = await startRig(t, { limits: { ...few, stanzaInBytesMax: 1000 } });
  const peer = await rig.accept();
  peer.write(
    series("m", 40)
      .map((id) => inboundChat(id, "x".repeat(2000)))
      .join(""),
  );
  await peer.expect(/ id="m3"/);
  await read(rig, peer, "calm");
  assert.equal(rig.queues.calls.filter(({ kind }) => kind === "aside").length, 3);
  assert.deepEqual(idsIn(peer.received()), ["m0", "m1", "m2", "m3"]);
});

test("barriers and our own bounces are exempt, even from a policy that allows nobody", async (t) => {
  const rig = await startRig(t, {
    limits: { rateOverallPerS: 1, rateOverallBurst: 1 },
    readPolicy: async () => ({ ...openPolicy, allow: [] }),
  });
  await rig.accept();
  for (let count = 0; count < 5; count += 1) {
    rig.queues.offer("outboundStanzas", [outbound(`m${count}`, [{ xml: chat(`m${count}`) }])]);
    await rig.queues.until(removed(`m${count}`));
  }
  rig.queues.offer("outboundStanzas", [outbound("bad", [{ xml: chat("bad", "x".repeat(510 * 1024)) }])]);
  await rig.queues.until(removed("bad"));
  assert.match(itemsSent(rig.queues.calls, "messageStanzas")[0]?.xml ?? "", / id="bad"/);
});

test("a domain that is denied stays out, with all below it, from the next look at the policy on", async (t) => {
  let policy: Policy = openPolicy;
  const rig = await startRig(t, { limits: { policyReadMs: 10 }, readPolicy: async () => policy });
  const peer = await rig.accept();
  const write = (id: string, contact: string) => peer.write(inboundChat(id, id, "nina", contact));
  write("before", "eve@evil.example");
  await rig.queues.until(() => sentIds(rig).includes("before"));
  policy = { ...openPolicy, deny: ["evil.example"] };
  for (let tries = 0; !/ type="error"/.test(peer.received()); tries += 1) {
    write(`try${tries}`, "eve@evil.example");
    await read(rig, peer, `calm${tries}`);
  }
  assert.match(peer.received(), /<error type="cancel"><not-allowed /);
  write("below", "mallory@chat.evil.example");
  assert.match(await peer.expect(/ id="below"/), /not-allowed/);
  peer.write(`<presence id="p" from="eve@evil.example/x" to="nina@${domain}"/>`);
  await read(rig, peer, "last");
  assert.equal(itemsSent(rig.queues.calls, "presenceStanzas").length, 0);
});

test("a policy that cannot be read leaves the last one in force, with one line about it", async (t) => {
  let reads = 0;
  const readPolicy = async () => {
    reads += 1;
    if (reads > 1) throw new Error("no table");
    return { ...openPolicy, deny: ["evil.example"] };
  };
  const rig = await startRig(t, { limits: { policyReadMs: 5 }, readPolicy });
  const peer = await rig.accept();
  await rig.logged("policy.unread");
  peer.write(inboundChat("m", "m", "nina", "eve@evil.example"));
  assert.match(await peer.expect(/ id="m"/), /not-allowed/);
  assert.equal(rig.logs.filter(({ event }) => event === "policy.unread").length, 1);
});
