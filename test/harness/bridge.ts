import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { limits } from "#core/limits.ts";
import { type Bridge, startBridge } from "#local/bridge.ts";
import { type BridgeOptions, bridgeDefaults } from "#local/bridge-options.ts";
import type { FurtherDomain } from "#local/component-domains.ts";
import { freePort, freePorts } from "#local/free-ports.ts";
import type { Process } from "#local/process.ts";
import { type Federation, type ServerKind, serverKinds } from "#local/servers/server.ts";
import { keep } from "./env.ts";
import { type NativeSide, startNativeSide } from "./native.ts";
import { type Operator, startOperator } from "./operator.ts";
import { type OtherServer, otherKind, startOtherServer } from "./other-server.ts";
import { type SecondConnector, startSecondConnector } from "./second-connector.ts";
import { keepTraces, type Traces } from "./traces.ts";
import { startWire, type Wire } from "./wire.ts";
import { connectXmpp, type XmppUser } from "./xmpp.ts";

/** A bridge with both of its sides, for the tests of one file on one server. */
export interface Scenario {
  readonly server: ServerKind;
  readonly bridge: Bridge;
  readonly native: NativeSide;
  readonly operator: Operator;
  /** Lines that the bridge has logged, for tests about them. */
  readonly log: readonly string[];
  /** What a part has logged so far: `connector`, `function-message`, `prosody`, … */
  logOf(part: string): string;
  /** What connectors and all functions have logged, metrics included. */
  logs(): readonly string[];
  /** How the server reaches others, where `remoteDomains` were given. */
  readonly federation: Federation | undefined;
  /** The connection of the bridge's own connector, where `wire` was asked for. */
  readonly wire: Wire;
  /** All spans of the bridge, where `traced` was asked for. */
  readonly traces: Traces;
  /** The component's, as the server was told it. */
  readonly secret: string;
  /** PEM of the server's self-signed certificate. */
  readonly certificate: string;
  /** The server of the further domain, where `elsewhere` was asked for. */
  readonly elsewhere: OtherServer;
  /**
   * Starts another connector of the bridge, for a component listener on this port of 127.0.0.1; it ends before the
   * bridge.
   */
  startConnector(
    componentPort: number,
    secret: string,
    furtherDomains?: readonly FurtherDomain[],
  ): Promise<SecondConnector>;
  /** Logs an account in (`alice`, `bob`); it is logged out after the last test. */
  login(name: string, resource?: string): Promise<XmppUser>;
}

export type ScenarioOptions = Partial<
  Pick<
    BridgeOptions,
    | "accounts"
    | "users"
    | "directory"
    | "lanes"
    | "concurrency"
    | "domain"
    | "componentDomain"
    | "furtherDomains"
    | "resync"
    | "capabilities"
    | "connectors"
    | "rates"
    | "dynamodbEndpoint"
  >
> & {
  /** Default: every server that there is. */
  readonly servers?: readonly ServerKind[];
  /** Domains of other XMPP servers, which tests may start or leave unreachable. */
  readonly remoteDomains?: readonly string[];
  /** A further component domain, at a server of the other kind that starts before the bridge. */
  readonly elsewhere?: {
    readonly domain: string;
    readonly componentDomain: string;
    readonly names: readonly string[];
  };
  /** Watches what connector and server write to each other. */
  readonly wire?: boolean;
  /** Records every trace. */
  readonly traced?: boolean;
  /** Milliseconds that all tests of one server may take together. */
  readonly timeoutMs?: number;
};

const timeoutMsDefault = 120_000;

interface Running {
  readonly bridge: Bridge;
  readonly native: NativeSide;
  readonly operator: Operator;
  readonly certificate: string;
  readonly stateDir: string;
  readonly federation: Federation | undefined;
  readonly wire: Wire | undefined;
  readonly traces: Traces | undefined;
  readonly elsewhere: OtherServer | undefined;
}

async function startScenario(server: ServerKind, options: ScenarioOptions, log: string[]): Promise<Running> {
  const stateDir = mkdtempSync(join(tmpdir(), `causeway-${server}-`));
  const { timeoutMs, servers, remoteDomains, elsewhere: apart, wire: isWatched, traced, ...chosen } = options;
  const federation = remoteDomains && (await federationWith(remoteDomains));
  const ports = await freePorts();
  const wire = isWatched ? await startWire(await freePort(), ports.component) : undefined;
  const traces = traced ? await keepTraces() : undefined;
  const elsewhere =
    apart &&
    (await startOtherServer(otherKind(server), { ...apart, componentDomains: [apart.componentDomain] }));
  const bridge = await startBridge({
    ...bridgeDefaults,
    ...chosen,
    ...(traces && { traces: { collector: traces.endpoint, ratio: 1 } }),
    ...(apart && elsewhere && { furtherDomains: [{ domain: apart.componentDomain, at: elsewhere }] }),
    ...(federation && { federation }),
    ...(wire && { componentPort: wire.port }),
    server,
    stateDir,
    ports,
    log: (line) => log.push(line),
  });
  const { domain } = bridge.endpoints.xmpp;
  const certificate = readFileSync(join(stateDir, "xmpp", server, `${domain}.crt`), "utf8");
  const { endpoints } = bridge;
  return {
    bridge,
    native: startNativeSide(endpoints),
    operator: startOperator(endpoints),
    certificate,
    stateDir,
    federation,
    wire,
    traces,
    elsewhere,
  };
}

async function federationWith(domains: readonly string[]): Promise<Federation> {
  const peers: Record<string, number> = {};
  for (const domain of domains) peers[domain] = await freePort();
  return { port: await freePort(), peers };
}

function secretOf(server: ServerKind, stateDir: string): string {
  const file = { prosody: "prosody.cfg.lua", ejabberd: "ejabberd.yml" }[server];
  const text = readFileSync(join(stateDir, "xmpp", server, file), "utf8");
  const [, secret] = /(?:component_secret = |"password": )"([^"]+)"/.exec(text) ?? [];
  if (secret === undefined) throw new Error(`no secret in ${file}`);
  return secret;
}

/** A part that only some scenarios have. */
function askedFor<T>(option: keyof ScenarioOptions, part: T | undefined): T {
  if (part === undefined) throw new Error(`\`${option}\` was not asked for`);
  return part;
}

/**
 * Defines the same tests for each server, around a bridge of their own. `define` is called while tests are
 * being declared; the scenario's parts exist only inside tests and hooks.
 */
export function onEachServer(
  title: string,
  define: (scenario: Scenario) => void,
  options: ScenarioOptions = {},
): void {
  for (const server of options.servers ?? serverKinds) {
    describe(`${title} (${server})`, { timeout: options.timeoutMs ?? timeoutMsDefault }, () => {
      const log: string[] = [];
      const users: XmppUser[] = [];
      const connectors: Process[] = [];
      let running: Running | undefined;
      const parts = () => {
        if (running === undefined) throw new Error("the bridge runs only inside tests and hooks");
        return running;
      };
      before(async () => {
        running = await startScenario(server, options, log);
      });
      after(async () => {
        await Promise.all(users.map((user) => user.stop()));
        // While there are queues yet: else they would try to tell until they are killed.
        await Promise.all(connectors.map((connector) => connector.stop(limits.stopMsMax)));
        await running?.native.stop();
        await running?.operator.stop();
        await running?.bridge.stop();
        await running?.wire?.close();
        await running?.traces?.close();
        await running?.elsewhere?.stop();
        if (running && !keep) rmSync(running.stateDir, { recursive: true });
        if (running && keep) console.log(`kept: ${running.stateDir}\n${log.join("\n")}`);
      });
      define({
        server,
        log,
        get bridge() {
          return parts().bridge;
        },
        get native() {
          return parts().native;
        },
        get operator() {
          return parts().operator;
        },
        get wire() {
          return askedFor("wire", parts().wire);
        },
        get traces() {
          return askedFor("traced", parts().traces);
        },
        get certificate() {
          return parts().certificate;
        },
        get secret() {
          return secretOf(server, parts().stateDir);
        },
        get federation() {
          return parts().federation;
        },
        logOf: (part) => readFileSync(join(parts().stateDir, "logs", `${part}.log`), "utf8"),
        logs() {
          const folder = join(parts().stateDir, "logs");
          const ours = readdirSync(folder).filter((file) => /^(connector|function-)/.test(file));
          return ours.map((file) => readFileSync(join(folder, file), "utf8"));
        },
        get elsewhere() {
          return askedFor("elsewhere", parts().elsewhere);
        },
        async startConnector(componentPort, secret, furtherDomains = []) {
          const second = await startSecondConnector(parts(), options, componentPort, secret, furtherDomains);
          connectors.push(second.connector);
          return second;
        },
        async login(name, resource = "test") {
          const { bridge, certificate } = parts();
          const { endpoints } = bridge;
          const account = endpoints.xmpp.accounts.find(({ jid }) => jid.split("@")[0] === name);
          if (account === undefined) throw new Error(`no account ${name}`);
          const user = await connectXmpp({ endpoints, ...account, resource, certificate });
          users.push(user);
          return user;
        },
      });
    });
  }
}
