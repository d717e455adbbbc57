/** Reads what the native system put into `native-events`. */
import { err, type Result } from "../result.ts";
import type { NativeEvent } from "./events.ts";
import type { Rejection } from "./rejection.ts";

/**
 * Reads the body of a message of `native-events`; never throws.
 *
 * @param body as it came from the queue
 * @param domains the prepared domains that we serve; the first is meant where an event names none
 */
export function readNativeEvent(body: string, domains: readonly string[]): Result<NativeEvent, Rejection> {
  return err({ reason: "not-json", text: `${body.length} ${domains.length}` });
}
