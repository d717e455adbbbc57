/** The network between connector and XMPP server fails. */
import { waitUntil } from "#local/wait-until.ts";
import type { Fault, Rig } from "../fault.ts";
import { streamsUp, upMsMax } from "../places.ts";
import { pause } from "../spell.ts";
import type { Direction } from "../tcp-proxy.ts";

/** Longer than the connector waits for a barrier: it notices. */
const silentMs = 25_000;
const shortSilentMs = 3_000;
const slowMs = 30_000;
const shortSlowMs = 3_000;
const slowBytesPerS = 1_000;

/** Resolves when a connector has a stream. */
async function up(rig: Rig): Promise<void> {
  const isUp = async () => (await streamsUp(rig.bridge)).length > 0;
  await waitUntil(isUp, { what: "stream of the connector", timeoutMs: upMsMax, signal: rig.signal });
}

const resets: Fault = {
  name: "link-reset",
  summary: "the TCP connection between connector and server reset, 10 times",
  inboundLoss: "window",
  repeats: true,
  lastsS: 50,
  strike: (rig) =>
    rig.strokes(rig.full ? 10 : 2, async () => {
      rig.noteUnderWay();
      rig.link.reset();
      await up(rig);
    }),
};

function silence(name: string, which: string, directions: readonly Direction[]): Fault {
  return {
    name,
    summary: `the network between connector and server drops everything ${which} for ${silentMs / 1000} s`,
    inboundLoss: "window",
    repeats: true,
    lastsS: 60,
    strike: (rig) =>
      rig.strokes(1, async () => {
        rig.noteUnderWay();
        rig.link.silence(directions);
        await pause(rig, rig.full ? silentMs : shortSilentMs);
        rig.link.heal();
        await up(rig);
      }),
  };
}

const slow: Fault = {
  name: "link-slow",
  summary: `the network between connector and server passes on 1 kB a second for ${slowMs / 1000} s`,
  inboundLoss: "none",
  repeats: true,
  lastsS: 60,
  strike: (rig) =>
    rig.strokes(1, async () => {
      rig.link.slow(slowBytesPerS);
      await pause(rig, rig.full ? slowMs : shortSlowMs);
      rig.link.heal();
      await up(rig);
    }),
};

export const networkFaults: readonly Fault[] = [
  resets,
  silence("link-silent", "both ways", ["up", "down"]),
  silence("link-silent-up", "towards the server", ["up"]),
  silence("link-silent-down", "towards the connector", ["down"]),
  slow,
];
