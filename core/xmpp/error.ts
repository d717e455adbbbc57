/** Stanza errors (RFC 6120 §8.3): the one registry of conditions, and the one place that writes and reads them. */
import type { Element } from "ltx";
import { limits } from "../limits.ts";
import { childOf, childText, element, ns } from "./stanza.ts";

/** RFC 6120 §8.3.2 */
const errorTypes = ["auth", "cancel", "continue", "modify", "wait"] as const;
export type ErrorType = (typeof errorTypes)[number];

interface ConditionRow {
  /** The type that the RFC gives first. */
  readonly type: ErrorType;
  /** Whether the same stanza, sent again later, would fail again. */
  readonly permanent: boolean;
  /** For people, where the sender of the error gave no text. */
  readonly text: string;
}

/** RFC 6120 §8.3.3, in its order. */
export const conditions = {
  "bad-request": { type: "modify", permanent: true, text: "The request is malformed." },
  conflict: { type: "cancel", permanent: true, text: "The name or address is already in use." },
  "feature-not-implemented": { type: "cancel", permanent: true, text: "The feature is not supported." },
  forbidden: { type: "auth", permanent: true, text: "Permission is missing." },
  gone: { type: "cancel", permanent: true, text: "The recipient is no longer at this address." },
  // Type cancel in the RFC, yet a fault of the server's that someone will mend.
  "internal-server-error": { type: "cancel", permanent: false, text: "The server failed." },
  "item-not-found": { type: "cancel", permanent: true, text: "The recipient or item does not exist." },
  "jid-malformed": { type: "modify", permanent: true, text: "The address is malformed." },
  "not-acceptable": {
    type: "modify",
    permanent: true,
    text: "The recipient or server does not accept this.",
  },
  "not-allowed": { type: "cancel", permanent: true, text: "Nobody is allowed to do this." },
  "not-authorized": { type: "auth", permanent: true, text: "Credentials are missing or wrong." },
  "policy-violation": { type: "modify", permanent: true, text: "A policy of the server forbids this." },
  "recipient-unavailable": { type: "wait", permanent: false, text: "The recipient is unavailable for now." },
  redirect: { type: "modify", permanent: true, text: "The recipient is to be reached at another address." },
  "registration-required": { type: "auth", permanent: true, text: "Registration is required first." },
  // Type cancel in the RFC, yet servers say so, too, while the other one is down or restarts (ejabberd does).
  "remote-server-not-found": { type: "cancel", permanent: false, text: "The other server cannot be found." },
  "remote-server-timeout": { type: "wait", permanent: false, text: "The other server cannot be reached." },
  "resource-constraint": { type: "wait", permanent: false, text: "The server or recipient is too busy." },
  "service-unavailable": { type: "cancel", permanent: true, text: "The service is not available there." },
  "subscription-required": { type: "auth", permanent: true, text: "A subscription is required first." },
  "undefined-condition": {
    type: "cancel",
    permanent: true,
    text: "The request failed for an unknown reason.",
  },
  "unexpected-request": { type: "wait", permanent: false, text: "The request came at the wrong time." },
} as const satisfies Record<string, ConditionRow>;

export type Condition = keyof typeof conditions;

/**
 * The error that answers a stanza: addresses swapped, same id. Undefined for what must never be answered (an error,
 * RFC 6120 §8.3.1, and the result of an iq, §8.2.3) and where there is no address to answer from or to. Without
 * `text` the condition speaks for itself.
 */
export function errorReply(
  stanza: Element,
  condition: Condition,
  text?: string,
  errorType: ErrorType = conditions[condition].type,
): Element | undefined {
  const { type, from, to, id } = stanza.attrs;
  if (type === "error" || (stanza.getName() === "iq" && type === "result")) return undefined;
  if (from === undefined || to === undefined) return undefined;
  return element(
    stanza.getName(),
    { type: "error", from: to, to: from, id },
    element(
      "error",
      { type: errorType },
      element(condition, { xmlns: ns.stanzas }),
      text === undefined ? undefined : element("text", { xmlns: ns.stanzas, "xml:lang": "en" }, text),
    ),
  );
}

/**
 * What a stanza of type error says. What is unknown or missing reads as `undefined-condition` and the condition's
 * usual type and text. `permanent` is false where the condition may pass, or its sender says so (`wait`).
 */
export function readError(stanza: Element): {
  readonly condition: Condition;
  readonly type: ErrorType;
  readonly text: string;
  readonly permanent: boolean;
} {
  const error = childOf(stanza, "error");
  const name = error
    ?.getChildElements()
    .find((child) => child.getNS() === ns.stanzas && isCondition(child.getName()))
    ?.getName();
  const condition = name !== undefined && isCondition(name) ? name : "undefined-condition";
  const row: ConditionRow = conditions[condition];
  const type = errorTypes.find((each) => each === error?.attrs["type"]) ?? row.type;
  const text = error ? (childText(error, "text", ns.stanzas) ?? "").trim() : "";
  return { condition, type, text: shorten(text) || row.text, permanent: row.permanent && type !== "wait" };
}

function isCondition(name: string): name is Condition {
  return Object.hasOwn(conditions, name);
}

/** Cuts what a stranger wrote to a length that fits every event, never inside a character. */
function shorten(text: string): string {
  return text.slice(0, limits.statusCharsMax).replace(/[\ud800-\udbff]$/, "");
}
