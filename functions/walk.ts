/** `walks`: long broadcasts go on where the last step ended, until a newer version of the presence exists. */
import { TransientFault } from "#aws/faults.ts";
import { hashId } from "#aws/hash.ts";
import { readWalkPack, type WalkTask } from "#core/contract/envelope.ts";
import { parseUserId } from "#core/mapping.ts";
import { broadcastStep } from "./broadcast.ts";
import { onLambda, setAside, type Work } from "./pipeline.ts";
import { type Ports, portsFromEnvironment } from "./ports.ts";

async function step(task: WalkTask, ports: Ports): Promise<void> {
  const user = parseUserId(task.user);
  const record = user.ok ? await ports.table.readUser(task.domain, user.value) : undefined;
  const presence = record?.presence;
  // Nothing to announce, or a newer broadcast is on its way already.
  if (record === undefined || presence === undefined || presence.version !== task.version) return;
  await broadcastStep(ports, { record, presence, ...task });
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
    for (const task of pack.value.items) await step(task, ports);
  },
};

export const handler = onLambda(() => portsFromEnvironment(["outboundPresence", "walks"]), walkWork);
