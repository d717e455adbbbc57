/** Valid events to start from. */
import type { NativeEventType } from "#core/contract/events.ts";
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
