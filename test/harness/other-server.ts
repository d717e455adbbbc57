/** An XMPP server beside the bridge's own, with accounts of its own. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTcpProxy } from "#bench/faults/tcp-proxy.ts";
import { element, ns } from "#core/xmpp/stanza.ts";
import { freePort } from "#local/free-ports.ts";
import type { Process } from "#local/process.ts";
import { type Federation, type ServerKind, serverKinds } from "#local/servers/server.ts";
import { startXmppServer } from "#local/servers/start-server.ts";
import { keep } from "./env.ts";
import { connectXmpp, type XmppUser } from "./xmpp.ts";

export interface OtherServer {
  readonly componentPort: number;
  readonly secret: string;
  /** Logs an account in, whose password is its name. */
  login(name: string): Promise<XmppUser>;
  /** Stops the server alone; its users' clients try to come back. */
  cut(): Promise<void>;
  /**
   * Starts it again, with what it had kept; components get through to it when its users are back. What it stores for a
   * user who is not comes among what follows, in an order of the server's own.
   */
  mend(): Promise<void>;
  /** Stops everything for good. */
  stop(): Promise<void>;
}

export interface OtherServerOptions {
  readonly domain: string;
  /** Names of its accounts. */
  readonly names: readonly string[];
  readonly componentDomains: readonly string[];
  readonly federation?: Federation;
}

const stopMs = 5_000;

/** The kind that the bridge's own server is not. */
export function otherKind(kind: ServerKind): ServerKind {
  const other = serverKinds.find((each) => each !== kind);
  if (other === undefined) throw new Error("there is only one kind of server");
  return other;
}

export async function startOtherServer(kind: ServerKind, options: OtherServerOptions): Promise<OtherServer> {
  const { domain, names, componentDomains, federation } = options;
  const stateDir = mkdtempSync(join(tmpdir(), `causeway-other-${kind}-`));
  const settings = {
    folder: join(stateDir, kind),
    logFile: join(stateDir, `${kind}.log`),
    domain,
    accounts: names.map((name) => ({ name, password: name })),
    componentDomains,
    secret: randomUUID(),
    xmppPort: await freePort(),
    componentPort: await freePort(),
    httpPort: await freePort(),
    ...(federation && { federation }),
  };
  let running: Process = await startXmppServer(kind, settings);
  const link = await startTcpProxy(settings.componentPort);
  const users: XmppUser[] = [];
  return {
    componentPort: link.port,
    secret: settings.secret,
    async login(name) {
      const user = await connectXmpp({
        endpoints: { xmpp: { host: "127.0.0.1", port: settings.xmppPort } },
        jid: `${name}@${domain}`,
        password: name,
        resource: "afar",
        certificate: readFileSync(join(settings.folder, `${domain}.crt`), "utf8"),
      });
      users.push(user);
      return user;
    },
    cut: () => running.stop(stopMs),
    async mend() {
      link.silence(["up", "down"]);
      running = await startXmppServer(kind, settings);
      for (const user of users) {
        await user.available();
        // Answered behind its presence.
        await user.request(element("iq", { type: "get", to: domain }, element("ping", { xmlns: ns.ping })));
      }
      link.heal();
    },
    async stop() {
      await Promise.all(users.map((user) => user.stop()));
      await running.stop(stopMs);
      await link.close();
      if (keep) console.log(`kept: ${stateDir}`);
      else rmSync(stateDir, { recursive: true });
    },
  };
}
