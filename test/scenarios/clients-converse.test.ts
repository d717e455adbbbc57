/** Messages to and from Converse, which knows the newest of retraction (0424), replies (0461) and reactions (0444). */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { acquaint } from "#test/harness/acquaint.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { type ConverseClient, type ConverseEvent, startConverse } from "#test/harness/converse.ts";

const to = "nina@im.localhost";
const contact = "alice@localhost";
const url = "https://files.example.com/cat.png";
const question = "😀 Shall we?\nToday?";

onEachServer("Converse", (scenario) => {
  let client: ConverseClient;
  before(async () => {
    const { websocket } = scenario.bridge.endpoints.xmpp;
    client = await startConverse({ jid: contact, password: "alice", websocket });
    await acquaint(scenario, "nina", contact, {
      asked: () => client.next({ kind: "asked", from: to }),
      send: (type) => client.send({ kind: "presence", to, type }),
    });
    client.send({ kind: "open", to });
    await client.next({ kind: "opened" });
  });
  after(async () => {
    await client.stop();
  });

  const emit = (type: string, data: object) =>
    scenario.native.emit({ type, data: { user: "nina", contact, ...data } });
  const delivered = async (type: string, data: object) => {
    const event = await scenario.native.nextOf(type, "nina");
    assert.partialDeepStrictEqual(event.data, { contact, ...data });
    return event.data;
  };
  const shown = (wanted: Partial<ConverseEvent>) => client.next({ kind: "shown", ...wanted });
  /** Sends a message; resolves with the id that Converse gave it. */
  const say = async (body: string): Promise<string> => {
    scenario.native.inbox.drain();
    client.send({ kind: "message", to, body });
    const { id = "" } = await shown({ text: body, mine: true });
    await delivered("message.sent", { id, body });
    return id;
  };

  test("a message of the user's is shown, and confirmed at once", async () => {
    await emit("message.sent", { id: "m1", body: question });
    await shown({ id: "m1", text: question, mine: false });
    await client.next({ kind: "message", id: "m1", originId: "m1", markable: true });
    await delivered("message.delivered", { id: "m1" });
  });

  test("a reply comes without the quotation that stands in for it", async () => {
    client.send({ kind: "reply", to, id: "m1", body: "Yes 🎉" });
    const data = await delivered("message.sent", { body: "Yes 🎉", replyTo: { id: "m1", author: "user" } });
    assert.deepEqual(data["asks"], ["delivered"]);
  });

  test("a reply that is corrected keeps its text, although Converse leaves the old quotation's range", async () => {
    client.send({ kind: "reply", to, id: "m1", body: "Nol" });
    const { id } = await delivered("message.sent", { body: "Nol" });
    client.send({ kind: "edit", to, id: String(id), body: "No" });
    await delivered("message.edited", { replaces: id, body: "No" });
  });

  test("a correction names the first id, also the second time", async () => {
    const id = await say("Helo");
    client.send({ kind: "edit", to, id, body: "Hello" });
    await delivered("message.edited", { replaces: id, body: "Hello" });
    client.send({ kind: "edit", to, id, body: "Hello!" });
    await delivered("message.edited", { replaces: id, body: "Hello!" });
  });

  test("a retraction is no text", async () => {
    const id = await say("Forget this");
    client.send({ kind: "retraction", to, id });
    await delivered("message.retracted", { id });
  });

  for (const state of ["composing", "paused", "active", "inactive", "gone"]) {
    test(`both see that the other is ${state}`, async () => {
      client.send({ kind: "state", to, state });
      await delivered("typing.changed", { state });
      await emit("typing.changed", { state });
      await client.next({ kind: "message", from: to, chatState: state });
    });
  }

  test("a file comes as a file", async () => {
    scenario.native.inbox.drain();
    client.send({ kind: "message", to, body: url, url });
    const data = await delivered("message.sent", { attachments: [{ url }] });
    assert.equal("body" in data, false);
  });

  test("what was displayed is told both ways", async () => {
    client.send({ kind: "marker", to, id: "m1", marker: "displayed" });
    await delivered("message.displayed", { id: "m1" });
    const id = await say("Read me");
    await emit("message.displayed", { id });
    await client.next({ kind: "message", from: to, marked: id });
  });

  test("what was delivered is ticked", async () => {
    const id = await say("Tick me");
    await emit("message.delivered", { id });
    await shown({ id, received: true });
  });

  test("an edit changes the message, not its place", async () => {
    await emit("message.edited", { id: "m2", replaces: "m1", body: "Shall we tomorrow?" });
    await shown({ id: "m1", edited: true, text: "Shall we tomorrow?" });
  });

  test("reactions are shown at the message, and go", async () => {
    const id = await say("React to me");
    await emit("message.reacted", { id, emojis: ["👍", "🎉"] });
    const { reactions } = await shown({ id, mine: true });
    assert.deepEqual(reactions, { [to]: ["👍", "🎉"] });
    await emit("message.reacted", { id, emojis: [] });
    const left = await shown({ id, mine: true });
    assert.deepEqual(left.reactions, {});
  });

  test("a reply is shown without its quotation", async () => {
    const id = await say("😀 one\ntwo");
    const replyTo = { id, author: "contact", quote: "😀 one\ntwo" };
    await emit("message.sent", { id: "m3", body: "three 😀", replyTo });
    const { replyTo: answered, text } = await shown({ id: "m3" });
    assert.deepEqual([answered, text], [id, "three 😀"]);
    const parsed = await client.next({ kind: "message", id: "m3" });
    assert.deepEqual([parsed.replyTo, parsed.replyAuthor], [id, contact]);
  });

  test("a retraction takes the message away", async () => {
    await emit("message.sent", { id: "m4", body: "Not this" });
    await shown({ id: "m4" });
    await emit("message.retracted", { id: "m4" });
    await client.next({ kind: "message", retracts: "m4" });
    await shown({ id: "m4", retracted: true });
  });

  test("an attachment is a link, and text is text or styled as the event says", async () => {
    await emit("message.sent", { id: "m5", body: "*b*", style: "plain", attachments: [{ url }] });
    const text = await client.next({ kind: "message", id: "m5" });
    assert.equal(text.unstyled, true);
    const file = await client.next({ kind: "message", id: "m5/1" });
    assert.deepEqual([file.url, file.body], [url, url]);
    await emit("message.sent", { id: "m6", body: "*b*", style: "xep0393" });
    assert.equal((await client.next({ kind: "message", id: "m6" })).unstyled, undefined);
  });

  test("/me is the user", async () => {
    await emit("message.sent", { id: "m7", body: "/me waves" });
    await shown({ id: "m7", me: true });
  });
});
