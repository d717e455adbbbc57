import type { Process } from "../process.ts";
import { startEjabberd } from "./ejabberd.ts";
import { startProsody } from "./prosody.ts";
import type { ServerKind, ServerOptions } from "./server.ts";

/** Starts a real XMPP server of this kind with its own folder and ports; resolves when it serves. */
export async function startXmppServer(kind: ServerKind, options: ServerOptions): Promise<Process> {
  switch (kind) {
    case "prosody":
      return await startProsody(options);
    case "ejabberd":
      return await startEjabberd(options);
  }
}
