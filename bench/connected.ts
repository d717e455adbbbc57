/** The bundled connector, in its process as deployed. */
import { type ConnectorOptions, isConnected, startConnector } from "#local/connector.ts";
import { freePort } from "#local/free-ports.ts";
import type { Process } from "#local/process.ts";
import { waitUntil } from "#local/wait-until.ts";
import type { OnEnd } from "./ending.ts";

const connectedMsMax = 15_000;
const stopMs = 25_000;

/** Starts it, and resolves when its streams to the XMPP server are up. */
export async function startConnected(
  options: Omit<ConnectorOptions, "healthPort">,
  onEnd: OnEnd,
): Promise<Process> {
  const healthPort = await freePort();
  const connector = await startConnector({ ...options, healthPort });
  onEnd(() => connector.stop(stopMs));
  await waitUntil(() => isConnected(healthPort), {
    what: "the connector's stream",
    timeoutMs: connectedMsMax,
  });
  return connector;
}
