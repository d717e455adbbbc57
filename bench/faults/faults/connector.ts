/** The connector goes away. */
import { limits } from "#core/limits.ts";
import { waitUntil } from "#local/wait-until.ts";
import type { Fault, Rig } from "../fault.ts";
import { placesOf, signal, streamsUp, upAfter } from "../places.ts";

/** From SIGTERM to the stream of the standby. */
const handOverMsMax = 2_000;
/** From the end of a holder that says nothing: its lease has to end first. */
const takeOverMsMax = limits.leaseMs + 2_000;

/** Strikes the connector that has the stream, and notes how long another one takes to have it. */
async function takeOver(rig: Rig, name: "SIGTERM" | "SIGKILL"): Promise<void> {
  const { holder, fence } = await placesOf(rig.bridge, rig.signal);
  rig.noteUnderWay();
  signal(holder, name);
  rig.tookOver(await upAfter(rig.bridge.connectors, fence, rig.signal));
}

const stops: Fault = {
  name: "connector-stop",
  summary: "the connector that has the stream asked to stop, 10 times; a standby takes over",
  bridge: { connectors: 2 },
  inboundLoss: "ending",
  repeats: false,
  takeOverMsMax: handOverMsMax,
  lastsS: 60,
  strike: (rig) => rig.strokes(rig.full ? 10 : 1, () => takeOver(rig, "SIGTERM")),
};

const kills: Fault = {
  name: "connector-kill",
  summary: "the connector that has the stream killed (kill -9), 10 times; a standby takes over",
  bridge: { connectors: 2 },
  inboundLoss: "window",
  repeats: true,
  takeOverMsMax,
  lastsS: 110,
  strike: (rig) => rig.strokes(rig.full ? 10 : 1, () => takeOver(rig, "SIGKILL")),
};

const lonelyStops: Fault = {
  name: "connector-stop-alone",
  summary: "the only connector asked to stop, and started again",
  inboundLoss: "ending",
  repeats: false,
  lastsS: 20,
  strike: (rig) => rig.strokes(1, () => rig.bridge.killConnector("SIGTERM")),
};

const lonelyKills: Fault = {
  name: "connector-kill-alone",
  summary: "the only connector killed (kill -9), and started again",
  inboundLoss: "window",
  repeats: true,
  lastsS: 20,
  strike: (rig) =>
    rig.strokes(1, async () => {
      rig.noteUnderWay();
      await rig.bridge.killConnector("SIGKILL");
    }),
};

/** What is under way when the frozen one wakes. */
const sleepsOnUntil = 0.75;

const freeze: Fault = {
  name: "connector-freeze",
  summary:
    "the connector that has the stream frozen for longer than its lease (SIGSTOP), and woken (SIGCONT)",
  bridge: { connectors: 2 },
  inboundLoss: "ending",
  repeats: true,
  late: true,
  takeOverMsMax,
  lastsS: 40,
  async strike(rig) {
    await rig.strokes(1, async () => {
      const { holder, standby, fence } = await placesOf(rig.bridge, rig.signal);
      signal(holder, "SIGSTOP");
      try {
        rig.tookOver(await upAfter([standby], fence, rig.signal));
        // Messages meet the new holder while the old one sleeps; then it wakes in the middle of them.
        await rig.progress(sleepsOnUntil);
      } finally {
        signal(holder, "SIGCONT");
      }
      rig.afterwards(async () => {
        for (const late of rig.lateFences) {
          if (late !== fence)
            throw new Error(`a stanza of fence ${late} was set aside, the frozen one had ${fence}`);
        }
        const after = await placesOf(rig.bridge, rig.signal);
        if (after.standby !== holder) throw new Error("the one that woke has displaced its successor");
      });
    });
  },
};

const stepDownMsMax = 15_000;

const tableFreeze: Fault = {
  name: "lease-table-freeze",
  summary:
    "the table frozen: the connector that has the stream steps down, and one of them returns with the table",
  bridge: { connectors: 2 },
  inboundLoss: "ending",
  repeats: true,
  lastsS: 40,
  strike: (rig) =>
    rig.strokes(1, async () => {
      const { fence } = await placesOf(rig.bridge, rig.signal);
      const { dynamodb } = rig.bridge.endpoints.processes;
      if (dynamodb === undefined) throw new Error("there is no process of the table");
      process.kill(dynamodb, "SIGSTOP");
      try {
        const isDown = async () => (await streamsUp(rig.bridge)).length === 0;
        const { signal: given } = rig;
        await waitUntil(isDown, { what: "end of the stream", timeoutMs: stepDownMsMax, signal: given });
      } finally {
        process.kill(dynamodb, "SIGCONT");
      }
      const places = await placesOf(rig.bridge, rig.signal);
      if (places.fence <= fence) throw new Error(`fence ${places.fence} is not above ${fence}`);
    }),
};

export const connectorFaults: readonly Fault[] = [
  stops,
  kills,
  lonelyStops,
  lonelyKills,
  freeze,
  tableFreeze,
];
