import assert from "node:assert/strict";
import { test } from "node:test";
import type { CloudEvent } from "#core/contract/cloud-event.ts";
import type { Delivery } from "#core/contract/events.ts";
import { parseUserId } from "#core/mapping.ts";
import { deliveryExample } from "#local/docs/examples.ts";
import { makeSession } from "#local/native/session.ts";

function startSession() {
  const nina = parseUserId("nina");
  assert.ok(nina.ok);
  const sent: CloudEvent[] = [];
  const printed: string[] = [];
  const ports = {
    send: (event: CloudEvent) => sent.push(event),
    print: (text: string) => printed.push(text),
    chosen: () => {},
    quit: () => {},
  };
  return { session: makeSession(ports, nina.value, undefined), sent, printed };
}

test("what is said of messages names the last one of that contact, an edit the first id of it", () => {
  const { session, sent, printed } = startSession();
  session.received(deliveryExample("message.sent") as Delivery);
  const { contact, id } = deliveryExample("message.sent").data;
  for (const line of [
    "hello",
    "/edit hallo",
    "/edit hullo",
    "/react 👍",
    "/read",
    "/to bob@localhost",
    "/read",
  ])
    session.typed(line);
  const [said, first, second, reaction, marker, ...more] = sent.map(({ type, data }) => ({ type, ...data }));
  assert.deepEqual(more, []);
  assert.partialDeepStrictEqual(said, { type: "message.sent", contact, body: "hello" });
  assert.ok(said && "id" in said && first && "id" in first);
  assert.partialDeepStrictEqual(first, { type: "message.edited", replaces: said.id, body: "hallo" });
  assert.partialDeepStrictEqual(second, { type: "message.edited", replaces: said.id, body: "hullo" });
  assert.partialDeepStrictEqual(reaction, { type: "message.reacted", id, emojis: ["👍"] });
  assert.partialDeepStrictEqual(marker, { type: "message.displayed", contact, id });
  assert.match(printed.at(-1) ?? "", /^! the contact has said nothing yet/);
});
