import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ServerKind } from "./server.ts";

const setup = fileURLToPath(new URL("../setup/setup.mjs", import.meta.url));

/**
 * Installs ejabberd where it is among these: npm gives no arguments to its pre-scripts, which therefore install the
 * usual server alone. What it does goes to standard error. Throws where it fails.
 */
export function ensureServers(kinds: readonly ServerKind[]): void {
  if (!kinds.includes("ejabberd")) return;
  const { status } = spawnSync(process.execPath, [setup, "ejabberd"], { stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("ejabberd could not be installed");
}
