/** The CloudEvents 1.0 envelope that every event of the contract has, in both directions. */
import * as v from "valibot";
import { limits } from "../limits.ts";
import { isPlainText, plainWords, timeField } from "./fields.ts";

/** A required CloudEvents attribute: text without control characters (CloudEvents 1.0, type system: String). */
function attribute(description: string) {
  return v.pipe(
    v.string(),
    v.description(description),
    v.nonEmpty(),
    v.maxLength(limits.idCharsMax),
    v.check(isPlainText, plainWords),
  );
}

/** CloudEvents 1.0 §3.1, structured JSON mode; unknown attributes are ignored. */
export const cloudEventSchema = v.object({
  specversion: v.pipe(v.literal("1.0"), v.description("Version of CloudEvents.")),
  id: attribute("Unique within `source`; the same id from the same source is the same event."),
  source: v.pipe(
    attribute("Who sends: a URI. What Causeway sends comes from `xmpp:<domain>`."),
    v.check((source) => !/[\s<>"{}|\\^`]/u.test(source), "a URI: no spaces, quotes or angle brackets"),
  ),
  type: attribute("What happened: one of the types below."),
  time: timeField("When it happened."),
  datacontenttype: v.exactOptional(
    v.pipe(
      v.string(),
      v.description("Media type of `data`: JSON."),
      v.regex(/^application\/([a-z0-9.-]+\+)?json *(;.*)?$/, "application/json"),
    ),
  ),
  traceparent: v.exactOptional(
    v.pipe(
      v.string(),
      v.description("W3C Trace Context; what comes of the event continues it (docs/traces.md)."),
    ),
  ),
  data: v.pipe(v.record(v.string(), v.unknown()), v.description("What the type says.")),
});

export type CloudEvent = v.InferOutput<typeof cloudEventSchema>;

/** A CloudEvent of one type, with that type's data. */
export type EventOf<T extends string, D> = Omit<CloudEvent, "type" | "data"> & {
  type: T;
  data: D;
};
