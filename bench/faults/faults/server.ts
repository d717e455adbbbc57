/** The XMPP server goes away. */
import type { Fault } from "../fault.ts";

const restarts: Fault = {
  name: "server-restart",
  summary: "the XMPP server asked to stop and started again, 5 times",
  inboundLoss: "none",
  repeats: true,
  bounces: true,
  lastsS: 75,
  strike: (rig) => rig.strokes(rig.full ? 5 : 1, () => rig.bridge.restartServer()),
};

const kills: Fault = {
  name: "server-kill",
  summary: "the XMPP server killed (kill -9)",
  inboundLoss: "window",
  repeats: true,
  lastsS: 30,
  strike: (rig) =>
    rig.strokes(1, async () => {
      rig.noteUnderWay();
      await rig.bridge.killServer();
    }),
};

export const serverFaults: readonly Fault[] = [restarts, kills];
