/** Valid events to start from, and what becomes of invalid ones. */
import assert from "node:assert/strict";
import type { NativeEventType } from "#core/contract/events.ts";
import { readNativeEvent } from "#core/contract/read-native-event.ts";
import type { Rejection } from "#core/contract/rejection.ts";
import { nativeExample } from "#local/docs/examples.ts";

export const domains = ["im.example.com", "im.example.net"];

/** The example of a type with other attributes or data; `undefined` takes a field away when encoded. */
export function bodyOf(
  type: NativeEventType,
  data: Record<string, unknown> = {},
  attributes: Record<string, unknown> = {},
): string {
  const example = nativeExample(type);
  return JSON.stringify({ ...example, ...attributes, data: { ...example.data, ...data } });
}

export function refusal(body: string): Rejection {
  const read = readNativeEvent(body, domains);
  assert.ok(!read.ok, "the event was accepted");
  return read.error;
}

export function refusalOf(type: NativeEventType, data: Record<string, unknown>, attributes = {}): Rejection {
  return refusal(bodyOf(type, data, attributes));
}
