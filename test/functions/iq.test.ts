/** `iq-stanzas`: every request is answered once, the same way each time, over real engines. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hashId } from "#aws/hash.ts";
import { iqWork } from "#functions/iq.ts";
import { makeHandler } from "#functions/pipeline.ts";
import { domain, pairOf, portsOver, relate, takeStanzas } from "#test/harness/functions.ts";
import { again, invocation, packOf, record, stanza, unique } from "#test/harness/lambda-events.ts";
import { perform } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const engines = await useEngines({ users: ["nina"] });

const ping = `<ping xmlns="urn:xmpp:ping"/>`;
const get = (attrs: Readonly<Record<string, string>> = {}, child = ping) =>
  stanza("iq", { type: "get", id: "q1", ...attrs }, child);
const recordOf = (xml: string) => record({ body: packOf([{ xml, seq: unique() }]), group: "" });

/** What is answered to a stanza that comes three times, within and after a failure. */
async function answersTo(xml: string) {
  const one = recordOf(xml);
  for (const each of [one, again(one), again(one, 2)]) await perform(iqWork, portsOver(engines), each);
  return await takeStanzas(engines);
}

describe("a request", () => {
  test("to the domain is answered once, however often it comes", async () => {
    const [answer, ...more] = await answersTo(get({ to: domain }));
    assert.deepEqual(more, []);
    assert.equal(answer?.xml, `<iq type="result" from="${domain}" to="alice@example.org/phone" id="q1"/>`);
    assert.equal(answer.group, hashId("domain", domain, "alice@example.org"));
  });

  test("costs the domain no read but the policy, and a ghost one besides those for its address", async () => {
    const handler = makeHandler(iqWork, portsOver(engines));
    engines.requests.length = 0;
    await handler(invocation(recordOf(get({ to: domain }))));
    await handler(invocation(recordOf(get({ to: domain }))));
    const sent = "SendMessageBatchCommand";
    assert.deepEqual(engines.requests, ["GetItemCommand", sent, sent]);
    await handler(invocation(recordOf(get())));
    engines.requests.length = 0;
    await handler(invocation(recordOf(get())));
    assert.deepEqual(engines.requests, ["GetItemCommand", "SendMessageBatchCommand"]);
  });

  test("to a ghost tells strangers no more than there is to tell of nobody", async () => {
    const ofNina = await answersTo(get());
    const ofNobody = await answersTo(get({ to: `nobody@${domain}` }));
    assert.match(ofNina[0]?.xml ?? "", /type="error".*<service-unavailable /);
    assert.equal(ofNobody[0]?.xml, ofNina[0]?.xml.replaceAll("nina@", "nobody@"));
  });

  test("to a ghost is answered to whom it shows itself", async () => {
    const contact = "friend@example.org";
    await relate(engines, pairOf("nina", contact), { state: "from" });
    const [answer] = await answersTo(get({ from: `${contact}/x` }));
    assert.match(answer?.xml ?? "", /type="result"/);
  });

  test("that is none gets an error, what is an answer gets nothing", async () => {
    const [bad] = await answersTo(get({}, ping + ping));
    assert.match(bad?.xml ?? "", /<bad-request /);
    for (const type of ["result", "error"]) assert.deepEqual(await answersTo(get({ type })), []);
  });
});
