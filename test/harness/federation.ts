/** A second XMPP server, of the other kind, whose users reach the bridge from afar. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Process } from "#local/process.ts";
import { serverKinds } from "#local/servers/server.ts";
import { startXmppServer } from "#local/servers/start-server.ts";
import type { Scenario } from "./bridge.ts";
import { freePort } from "./ports.ts";
import { connectXmpp, type XmppUser } from "./xmpp.ts";

export interface RemoteServer {
  /** Logs an account in, whose password is its name. */
  login(name: string): Promise<XmppUser>;
  /** Stops the server alone; its users' clients try to come back. */
  cut(): Promise<void>;
  /** Starts it again, with what it had kept. */
  mend(): Promise<void>;
  /** Stops everything for good. */
  stop(): Promise<void>;
}

const stopMs = 5_000;

/** Starts the server of one of the scenario's remote domains, of another kind than the scenario's own. */
export async function startRemote(
  scenario: Scenario,
  domain: string,
  names: readonly string[],
): Promise<RemoteServer> {
  const { federation, server, bridge } = scenario;
  const port = federation?.peers[domain];
  const kind = serverKinds.find((other) => other !== server);
  assert.ok(federation && port && kind, "the scenario has no such domain");
  const { xmpp, component } = bridge.endpoints;
  const stateDir = mkdtempSync(join(tmpdir(), `causeway-remote-${kind}-`));
  const options = {
    folder: join(stateDir, kind),
    logFile: join(stateDir, `${kind}.log`),
    domain,
    accounts: names.map((name) => ({ name, password: name })),
    componentDomains: [`unused.${domain}`],
    secret: randomUUID(),
    xmppPort: await freePort(),
    componentPort: await freePort(),
    httpPort: await freePort(),
    federation: {
      port,
      peers: { [xmpp.domain]: federation.port, [component.domain]: federation.port },
    },
  };
  let running: Process = await startXmppServer(kind, options);
  const users: XmppUser[] = [];
  return {
    async login(name) {
      const user = await connectXmpp({
        endpoints: { xmpp: { host: "127.0.0.1", port: options.xmppPort } },
        jid: `${name}@${domain}`,
        password: name,
        resource: "afar",
        certificate: readFileSync(join(options.folder, `${domain}.crt`), "utf8"),
      });
      users.push(user);
      return user;
    },
    cut: () => running.stop(stopMs),
    async mend() {
      running = await startXmppServer(kind, options);
    },
    async stop() {
      await Promise.all(users.map((user) => user.stop()));
      await running.stop(stopMs);
      if (process.env["CAUSEWAY_KEEP"] === "1") console.log(`kept: ${stateDir}`);
      else rmSync(stateDir, { recursive: true });
    },
  };
}
