import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ServerKind } from "./server.ts";

const setup = fileURLToPath(new URL("../setup/setup.mjs", import.meta.url));

/**
 * Installs ejabberd where it is among these: npm gives no arguments to its pre-scripts, which therefore install the
 * usual server alone. What it does goes to standard error. Rejects where it fails, or is ended by a signal to us.
 */
export async function ensureServers(kinds: readonly ServerKind[]): Promise<void> {
  if (!kinds.includes("ejabberd")) return;
  const child = spawn(process.execPath, [setup, "ejabberd"], { stdio: ["ignore", 2, 2] });
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, passOn);
  const [status] = await once(child, "close");
  for (const signal of signals) process.off(signal, passOn);
  if (status !== 0) throw new Error("ejabberd could not be installed");
}
