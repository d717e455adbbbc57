/** Two connectors of one bridge: which one has the stream, and how long it takes to change. */
import { setTimeout as delay } from "node:timers/promises";
import type { Bridge } from "#local/bridge.ts";
import { askConnector } from "#local/connector.ts";
import type { RunningConnector } from "#local/connectors.ts";

const lookMs = 10;

/** What a connector says of its first domain. */
async function askOfFirst({ healthPort }: RunningConnector) {
  return (await askConnector(healthPort))?.[0];
}

/** The connectors by what they say of themselves; those that say nothing are left out. */
async function viewsOf({ connectors }: Bridge) {
  const views = connectors.map(async (connector) => ({
    connector,
    health: await askOfFirst(connector),
  }));
  return await Promise.all(views);
}

/** The connector that has the stream, and the one that stands by, when both are in their places. */
export async function placesOf(
  bridge: Bridge,
  signal?: AbortSignal,
): Promise<{ holder: RunningConnector; standby: RunningConnector; fence: number }> {
  for (;;) {
    const views = await viewsOf(bridge);
    const holder = views.find(({ health }) => health?.stream === "up");
    const standby = views.find(({ health }) => health?.lease === "standby" && health.leaseFresh);
    const fence = holder?.health?.fence;
    if (holder && standby && fence !== undefined) {
      return { holder: holder.connector, standby: standby.connector, fence };
    }
    await delay(lookMs, undefined, { ...(signal && { signal }) });
  }
}

/** The connectors that have a stream. */
export async function streamsUp(bridge: Bridge): Promise<RunningConnector[]> {
  const views = await viewsOf(bridge);
  return views.filter(({ health }) => health?.stream === "up").map(({ connector }) => connector);
}

/** How long a stream may take to be up again. */
export const upMsMax = 60_000;

/**
 * Milliseconds until one of these connectors has the stream under a later lease than this one. One that was killed and
 * started again may be first: it counts the dead one's lease from its own first look.
 */
export async function upAfter(
  connectors: readonly RunningConnector[],
  fence: number,
  signal?: AbortSignal,
): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const views = await Promise.all(connectors.map(askOfFirst));
    const isUp = views.some((health) => health?.stream === "up" && (health.fence ?? 0) > fence);
    const ms = Math.round(performance.now() - begun);
    if (isUp) return ms;
    if (ms > upMsMax) throw new Error(`no connector has the stream above fence ${fence} after ${ms} ms`);
    await delay(lookMs, undefined, { ...(signal && { signal }) });
  }
}

/** Sends a signal to the process of a connector. */
export function signal({ pid }: RunningConnector, name: NodeJS.Signals): void {
  if (pid === undefined) throw new Error("the connector does not run");
  process.kill(pid, name);
}
