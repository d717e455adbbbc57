import { err, ok, type Result } from "#core/result.ts";
import { type ServerKind, serverKinds } from "#local/servers/server.ts";

/** The servers that `--server` names on a command line; the error is a sentence for people. */
export function readServers(text: string): Result<readonly ServerKind[], string> {
  const chosen = text === "both" ? serverKinds : serverKinds.filter((kind) => kind === text);
  if (chosen.length > 0) return ok(chosen);
  return err(`--server takes ${serverKinds.join(", ")} or both, not ${text}`);
}
