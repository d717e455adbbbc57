/** A second XMPP server, of the other kind, whose users reach the bridge from afar. */
import assert from "node:assert/strict";
import type { Scenario } from "./bridge.ts";
import { type OtherServer, otherKind, startOtherServer } from "./other-server.ts";

export type RemoteServer = OtherServer;

/** Starts the server of one of the scenario's remote domains, of another kind than the scenario's own. */
export async function startRemote(
  scenario: Scenario,
  domain: string,
  names: readonly string[],
): Promise<RemoteServer> {
  const { federation, server, bridge } = scenario;
  const port = federation?.peers[domain];
  assert.ok(federation && port, "the scenario has no such domain");
  const { xmpp, component } = bridge.endpoints;
  return await startOtherServer(otherKind(server), {
    domain,
    names,
    componentDomains: [`unused.${domain}`],
    federation: { port, peers: { [xmpp.domain]: federation.port, [component.domain]: federation.port } },
  });
}
