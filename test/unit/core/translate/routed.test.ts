import assert from "node:assert/strict";
import { test } from "node:test";
import { allCapabilities } from "#core/capabilities.ts";
import { eventToMessage } from "#core/translate/event-to-message.ts";
import { fromNative, makeContext, makeKnown, must, nativeEvent } from "./support.ts";

test("each stanza of a message is confirmed where the native system wants to know that it was routed", () => {
  const ctx = makeContext({ cause: fromNative });
  const attachments = [{ url: "https://a.example/b" }];
  const event = nativeEvent("message.sent", { id: "m1", body: "hi", attachments });
  const confirms = (routed: boolean) =>
    must(eventToMessage(ctx, event, makeKnown({ capabilities: { ...allCapabilities, routed } }))).map(
      (effect) => effect.kind === "stanza" && effect.confirm,
    );
  assert.deepEqual(confirms(true), [true, true]);
  assert.deepEqual(confirms(false), [undefined, undefined]);
});
