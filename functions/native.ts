/** `native-events.fifo`: what native users do, in each user's order. */

import { hashId, nativeEventsGroup, pairGroup, userGroup } from "#aws/hash.ts";
import { rejected } from "#core/contract/delivery.ts";
import type { NativeEvent } from "#core/contract/events.ts";
import { readNativeEvent } from "#core/contract/read-native-event.ts";
import type { Rejection } from "#core/contract/rejection.ts";
import { type Cause, queueMark } from "#core/decision.ts";
import type { Span } from "#core/trace.ts";
import { crashed, withNote } from "./crash-notes.ts";
import { sendDelivery } from "./effects.ts";
import { underSpan } from "./item-span.ts";
import { carryOut } from "./native-events.ts";
import { wrongGroup } from "./native-rejections.ts";
import { onLambda, type QueueRecord, setAside, type Work } from "./pipeline.ts";
import { type Ports, portsFromEnvironment } from "./ports.ts";

function toCause(event: NativeEvent, record: QueueRecord, trace: string): Cause {
  return {
    id: `${event.source} ${event.id}`,
    side: "native",
    mark: queueMark(record.sequence),
    time: event.time,
    trace,
    hops: 1,
  };
}

/** The group in which a rejection is delivered: as near to the pair as could be read. */
function rejectionGroup({ user, contact }: Rejection, domain: string, record: QueueRecord): string {
  if (user === undefined) return hashId("message", record.messageId);
  return contact === undefined ? userGroup(domain, user) : pairGroup(domain, user, contact);
}

/** Tells the native system why; what is no JSON object is kept as well, since its sender cannot be told apart. */
async function reject(
  rejection: Rejection,
  domain: string,
  record: QueueRecord,
  span: Span,
  ports: Ports,
): Promise<void> {
  const { messageId, body, group } = record;
  const { trace } = span;
  span.fail(rejection.reason);
  if (rejection.notJsonObject === true) {
    await setAside(ports, nativeWork, {
      reason: rejection.reason,
      text: rejection.text,
      cause: messageId,
      trace,
      body,
      group,
    });
  }
  const time = new Date(ports.clock()).toISOString();
  const event = rejected(rejection, { domain, domains: ports.domains, time, trace, messageId });
  await sendDelivery(ports, rejectionGroup(rejection, domain, record), event);
  ports.log({
    level: "warn",
    event: "rejected",
    reason: rejection.reason,
    path: rejection.path,
    id: rejection.id,
    trace,
  });
}

export const nativeWork: Work = {
  name: "native",
  queue: "nativeEvents",
  async handle(record, ports) {
    if (record.receives === 1) return handleRecord(record, ports);
    const { messageId, body, group } = record;
    const giveUp = () => setAside(ports, nativeWork, { ...crashed, cause: messageId, body, group });
    return withNote(ports, messageId, [
      { cause: messageId, handle: () => handleRecord(record, ports), giveUp },
    ]);
  },
};

/** An event goes on in the trace of whoever sent it, if it names one; else a trace begins here. */
function spanOf(event: ReturnType<typeof readNativeEvent>, record: QueueRecord, { tracer }: Ports): Span {
  const { messageId, group, receives } = record;
  const common = { queue: nativeWork.queue, message: messageId, receives, group };
  // Whenever the message comes, it is in the same trace.
  const attempt = { id: messageId, number: receives };
  if (!event.ok) return tracer.attempt(attempt, "native", () => common);
  const { id, source, type, data, traceparent } = event.value;
  const { domain, user } = data;
  const contact = "contact" in data ? data.contact : undefined;
  const fields = () => ({ ...common, id, source, domain, user, contact });
  const name = `native ${type}`;
  return traceparent === undefined
    ? tracer.attempt(attempt, name, fields)
    : tracer.follow(name, traceparent, fields);
}

async function handleRecord(record: QueueRecord, ports: Ports): Promise<void> {
  const event = readNativeEvent(record.body, ports.domains);
  await underSpan(ports, nativeWork.name, spanOf(event, record, ports), async (span) => {
    const [domain = ""] = ports.domains;
    if (!event.ok) return reject(event.error, domain, record, span, ports);
    if (record.group !== nativeEventsGroup(event.value.data.user)) {
      return reject(wrongGroup(event.value), event.value.data.domain, record, span, ports);
    }
    const rejection = await carryOut(event.value, toCause(event.value, record, span.trace), ports);
    if (rejection !== undefined) await reject(rejection, event.value.data.domain, record, span, ports);
  });
}

export const handler = onLambda(
  () => portsFromEnvironment(["nativeDeliveries", "outboundStanzas", "outboundPresence", "walks"]),
  nativeWork,
);
