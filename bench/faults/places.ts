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

/** Milliseconds until this connector has the stream, and its fence. */
export async function upAfter(
  connector: RunningConnector,
  signal?: AbortSignal,
): Promise<{ ms: number; fence: number }> {
  const begun = performance.now();
  for (;;) {
    const health = await askOfFirst(connector);
    if (health?.stream === "up" && health.fence !== undefined) {
      return { ms: Math.round(performance.now() - begun), fence: health.fence };
    }
    await delay(lookMs, undefined, { ...(signal && { signal }) });
  }
}

/** Sends a signal to the process of a connector. */
export function signal({ pid }: RunningConnector, name: NodeJS.Signals): void {
  if (pid === undefined) throw new Error("the connector does not run");
  process.kill(pid, name);
}
