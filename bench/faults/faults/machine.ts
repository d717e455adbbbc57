/** The machine itself: its clock jumps, its disk is full. */
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { waitFor } from "../aws-behaviours.ts";
import { isPoll } from "../aws-call.ts";
import { keepAskingContacts } from "../contacts.ts";
import { clearDisk, fillDisk, mountDisk, noDiskReason } from "../disk.ts";
import type { Fault, Rig } from "../fault.ts";
import { placesOf } from "../places.ts";
import { pause } from "../spell.ts";

const hourMs = 3_600_000;
/** Read by connectors and functions; one run at a time is made by a process. */
const clockFile = join(tmpdir(), `causeway-clock-${process.pid}`);
const clockModule = pathToFileURL(join(import.meta.dirname, "../clock.ts"));
clockModule.searchParams.set("file", clockFile);
const wrongMs = 15_000;
const shortWrongMs = 4_000;
/** What is between a stamp and the truth at most, while the clock of its writer is wrong. */
const stampErrorMsMax = 60_000;

/** Stamps on what leaves must say when it was written, which only the native system's own clock knows. */
function checkStamps(rig: Rig): void {
  const begun = Date.now();
  const { domain } = rig.bridge.endpoints.component;
  let stamps = 0;
  let wrong = 0;
  rig.ends.onStanza((_, stanza) => {
    for (const { attrs } of stanza.getChildren("delay")) {
      if (attrs["from"] !== domain) continue;
      stamps += 1;
      const at = Date.parse(attrs["stamp"] ?? "");
      if (!(at > begun - stampErrorMsMax && at < Date.now() + stampErrorMsMax)) wrong += 1;
    }
  });
  rig.afterwards(() => {
    rig.log(`${stamps} messages with a delay stamp`);
    if (wrong > 0) throw new Error(`${wrong} delay stamps are wrong by more than a minute`);
  });
}

const clock: Fault = {
  name: "clock-jump",
  summary:
    "the clock of connectors and functions an hour ahead, an hour behind, and right again, for 15 s each",
  bridge: { connectors: 2, imports: [clockModule.href] },
  inboundLoss: "none",
  repeats: false,
  lastsS: 75,
  strike: (rig) =>
    keepAskingContacts(rig, async () => {
      checkStamps(rig);
      const before = await placesOf(rig.bridge, rig.signal);
      try {
        await rig.strokes(rig.full ? 2 : 1, async () => {
          for (const shiftMs of [hourMs, -hourMs, 0]) {
            writeFileSync(clockFile, String(shiftMs));
            await pause(rig, rig.full ? wrongMs : shortWrongMs);
          }
        });
      } finally {
        rmSync(clockFile, { force: true });
      }
      const after = await placesOf(rig.bridge, rig.signal);
      // The lease is counted by the monotonic clock.
      if (after.fence !== before.fence) throw new Error("the stream has changed hands, or was opened again");
    }),
};

const fullMs = 20_000;
const shortFullMs = 6_000;

/** The disk of one engine is full for a while, and nobody takes messages meanwhile, so that it needs room. */
function fullDisk(engine: "sqs" | "dynamodb"): Fault {
  let folder = "";
  return {
    name: `disk-full-${engine}`,
    summary: `no room on the disk of the ${engine === "sqs" ? "SQS" : "DynamoDB"} engine for 20 s`,
    impossible: noDiskReason,
    prepare(stateDir) {
      folder = join(stateDir, engine);
      return mountDisk(folder);
    },
    // A stream needs the table only when it begins.
    inboundLoss: engine === "sqs" ? "ending" : "none",
    repeats: true,
    lastsS: 75,
    strike: (rig) =>
      keepAskingContacts(rig, async () => {
        // Early: what was once taken is used again, and no more is needed.
        const { functionsSqs, connectorSqs, functionsDynamodb, connectorDynamodb } = rig.aws;
        const asked =
          engine === "sqs" ? [functionsSqs, connectorSqs] : [functionsDynamodb, connectorDynamodb];
        const held = Promise.withResolvers<void>();
        fillDisk(folder);
        if (engine === "sqs") functionsSqs.set({ on: isPoll, does: waitFor(held.promise) });
        try {
          await rig.stroke(() => pause(rig, rig.full ? fullMs : shortFullMs));
        } finally {
          clearDisk(folder);
          functionsSqs.set();
          held.resolve();
        }
        const failed = asked.reduce((sum, each) => sum + each.failed(), 0);
        rig.log(`${failed} calls failed by the full disk`);
        if (failed === 0) throw new Error("the disk was full and no call failed");
      }),
  };
}

export const machineFaults: readonly Fault[] = [clock, fullDisk("sqs"), fullDisk("dynamodb")];
