/** Reads what the native system put into `native-events`. */
import * as v from "valibot";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { isTraceparent } from "../trace.ts";
import { hasForbiddenCharacters } from "../xmpp/codec.ts";
import { type BareJid, domainOf, prepareDomain } from "../xmpp/jid.ts";
import { cloudEventSchema } from "./cloud-event.ts";
import type { NativeEvent } from "./events.ts";
import { nativeEventTypes, nativeSchema } from "./events.ts";
import { expectationOf, isMissing, pointerOf } from "./expectation.ts";
import type { RefusedEvent, Rejection } from "./rejection.ts";

/** Longest contact that could be one: a full JID. Longer text is no identity that a rejection should repeat. */
const identityCharsMax = 3 * limits.jidPartBytesMax + 2;
/** Attributes without which something is no CloudEvent (CloudEvents 1.0 §3.1.1), and `time`, which we require. */
const requiredAttributes: unknown[] = ["specversion", "id", "source", "type", "time"];

/**
 * Reads the body of a message of `native-events`; never throws.
 *
 * @param body as it came from the queue
 * @param domains the prepared domains that we serve; the first is meant where an event names none
 */
export function readNativeEvent(body: string, domains: readonly string[]): Result<NativeEvent, Rejection> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return err({ reason: "not-json", text: "The event is no JSON.", ...noObject });
  }
  if (!isRecord(value)) {
    return err({ reason: "not-cloudevent", text: "The event is no JSON object.", ...noObject });
  }
  const refused = identify(value);
  if (isOversized(body)) {
    const expected = `at most ${limits.eventBytesMax} bytes of JSON`;
    return err({ reason: "too-large", text: `The event is too large: ${expected}.`, expected, ...refused });
  }
  // The schema would take a list for a record.
  const whole = Array.isArray(value["data"]) ? { ...value, data: undefined } : value;
  const event = v.safeParse(cloudEventSchema, whole, { abortEarly: true });
  if (!event.success) return err(invalid(event.issues[0], cloudEventSchema, "", refused));
  const schema = nativeSchema(event.output);
  if (schema === undefined) {
    const expected = `one of ${nativeEventTypes.join(", ")}`;
    const text = "The event's type is not known.";
    return err({ reason: "unknown-type", text, path: "/type", expected, ...refused });
  }
  const data = v.safeParse(schema, event.output.data, { abortEarly: true });
  if (!data.success) return err(invalid(data.issues[0], schema, "/data", refused));
  const domain = servedDomain(data.output.domain, domains);
  if (domain === undefined) {
    const expected = `one of ${domains.join(", ")}`;
    const text = "The domain is not served here.";
    return err({ reason: "invalid", text, path: "/data/domain", expected, ...refused });
  }
  if ("contact" in data.output && domains.includes(domainOf(data.output.contact as BareJid))) {
    const expected = "a contact outside of the bridge's own domains";
    const text = "The contact is a user of the native system itself.";
    return err({ reason: "own-domain", text, path: "/data/contact", expected, ...refused });
  }
  // The schema was chosen by the type, which the compiler cannot follow.
  return ok({ ...withSoundTrace(event.output), data: { ...data.output, domain } } as NativeEvent);
}

const noObject = { expected: "a CloudEvent as a JSON object", notJsonObject: true };

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOversized(body: string): boolean {
  // No character takes more than three bytes per UTF-16 unit, so small bodies need no count.
  if (body.length * 3 <= limits.eventBytesMax) return false;
  return new TextEncoder().encode(body).length > limits.eventBytesMax;
}

/** What can be said about an event that may be wrong in any way. */
function identify(value: Record<string, unknown>): RefusedEvent {
  const data = isRecord(value["data"]) ? value["data"] : {};
  const { id, source, type } = value;
  const read = { id, source, type, user: data["user"], contact: data["contact"] };
  return Object.fromEntries(Object.entries(read).filter(([, text]) => isIdentity(text)));
}

function isIdentity(text: unknown): boolean {
  return typeof text === "string" && text.length <= identityCharsMax && !hasForbiddenCharacters(text);
}

function invalid(
  issue: v.BaseIssue<unknown>,
  schema: v.GenericSchema,
  prefix: string,
  refused: RefusedEvent,
): Rejection {
  const path = pointerOf(issue, prefix);
  const expected = expectationOf(issue, schema);
  const missing = isMissing(issue);
  const detail = issue.type === "raw_transform" ? issue.message : `expected ${expected}`;
  const text = missing ? `The field ${path} is missing.` : `The field ${path} is wrong: ${detail}.`;
  return { reason: reasonOf(issue, path, missing), text, path, expected, ...refused };
}

function reasonOf(issue: v.BaseIssue<unknown>, path: string, missing: boolean): Rejection["reason"] {
  if (path === "/data/contact" && !missing) return "invalid-contact";
  // A longer id is a sound CloudEvent, only more than we take.
  const attribute = requiredAttributes.includes(path.slice(1)) && issue.type !== "max_length";
  return attribute ? "not-cloudevent" : "invalid";
}

function servedDomain(named: string | undefined, domains: readonly string[]): string | undefined {
  if (named === undefined) return domains[0];
  const prepared = prepareDomain(named);
  return prepared.ok && domains.includes(prepared.value) ? prepared.value : undefined;
}

/** A trace context that is no W3C `traceparent` is dropped: it is not worth an event. */
function withSoundTrace<T extends { traceparent?: string }>(event: T): T {
  if (event.traceparent === undefined || isTraceparent(event.traceparent)) return event;
  const { traceparent: _, ...rest } = event;
  return rest as T;
}
