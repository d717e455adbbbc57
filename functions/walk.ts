/** `walks`: what is too long for one invocation goes on where its last step ended; what is for later happens. */
import { TransientFault } from "#aws/faults.ts";
import { hashId } from "#aws/hash.ts";
import { readWalkPack, type WalkTask, type WalkTaskOf } from "#core/contract/envelope.ts";
import { parseUserId } from "#core/mapping.ts";
import { broadcastStep } from "./broadcast.ts";
import { partingStep } from "./directed-presence.ts";
import { farewellStep } from "./farewell.ts";
import { underSpan } from "./item-span.ts";
import { offlineStep } from "./offline.ts";
import { onLambda, type QueueRecord, setAside, type Work } from "./pipeline.ts";
import { type Ports, portsFromEnvironment } from "./ports.ts";
import { probeStep } from "./probe-again.ts";
import { resyncStep, tellDisconnected } from "./resync.ts";

async function broadcastOn(task: WalkTaskOf<"broadcast">, ports: Ports): Promise<void> {
  const user = parseUserId(task.user);
  const record = user.ok ? await ports.table.readUser(task.domain, user.value) : undefined;
  const presence = record?.presence;
  // Nothing to announce, or a newer broadcast is on its way already.
  if (record === undefined || presence === undefined || presence.version !== task.version) return;
  await broadcastStep(ports, { record, presence, ...task });
}

async function step(task: WalkTask, ports: Ports): Promise<void> {
  switch (task.kind) {
    case "broadcast":
      return broadcastOn(task, ports);
    case "resync":
      return resyncStep(task, ports);
    case "disconnected":
      return tellDisconnected(task, ports);
    case "probe":
      return probeStep(task, ports);
    case "farewell":
      return farewellStep(task, ports);
    case "parting":
      return partingStep(task, ports);
    case "offline":
      return offlineStep(task, ports);
  }
}

/** A step is one span, however many it speaks to; the next step follows from it. */
function stepTraced(task: WalkTask, { messageId, receives }: QueueRecord, ports: Ports): Promise<void> {
  const { id, kind, domain, hops } = task;
  const user = "user" in task ? task.user : undefined;
  const fields = () => ({ queue: walkWork.queue, message: messageId, receives, id, domain, user, hops });
  const span = ports.tracer.follow(`walk ${kind}`, task.trace, fields);
  return underSpan(ports, walkWork.name, span, ({ trace }) => step({ ...task, trace }, ports));
}

export const walkWork: Work = {
  name: "walk",
  queue: "walks",
  async handle(record, ports) {
    const pack = readWalkPack(record.body);
    if (!pack.ok && pack.error.kind === "version") throw new TransientFault(pack.error.text);
    if (!pack.ok) {
      await setAside(ports, walkWork, {
        reason: "malformed",
        text: pack.error.text,
        cause: record.messageId,
        body: record.body,
        group: hashId(record.messageId),
      });
      return;
    }
    for (const task of pack.value.items) await stepTraced(task, record, ports);
  },
};

export const handler = onLambda(
  () =>
    portsFromEnvironment([
      "nativeDeliveries",
      "outboundStanzas",
      "outboundPresence",
      "nativeEvents",
      "walks",
    ]),
  walkWork,
);
