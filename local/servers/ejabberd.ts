import { existsSync, globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { portsAccept } from "../ports.ts";
import { type Process, startServing } from "../process.ts";
import { ensureCertificate } from "./certificate.ts";
import { loginHooks, orderlyStop } from "./ejabberd-hooks.ts";
import type { ServerOptions } from "./server.ts";

/** ejabberd's modules; each with its options. */
const modules = {
  mod_roster: {},
  mod_disco: {},
  mod_ping: {},
  mod_private: {},
  mod_privacy: {},
  mod_blocking: {},
  mod_carboncopy: {},
  mod_caps: {},
  mod_offline: {},
  mod_vcard: { search: false },
  mod_pubsub: { plugins: ["flat", "pep"] },
  mod_version: {},
  mod_time: {},
  mod_client_state: {},
};

/** Settings of the net beyond this server; dialback proves who a peer is, as certificates are self-made. */
function federationOf({ federation }: ServerOptions): object {
  // No way out of this machine.
  if (federation === undefined) return { s2s_access: "none" };
  return {
    s2s_use_starttls: "optional",
    outgoing_s2s_families: ["ipv4"],
    // Else it bounces everything for minutes after a peer was down.
    s2s_max_retry_delay: 1,
  };
}

/** Erlang's settings of names: no resolver but what {@link namesOf} says. */
const resolverSettings = '{resolv_conf, ""}.\n{lookup, [file]}.\n';

/** Answers for the cache of Erlang's resolver, which outlast every test: its own files know no ports. */
function namesOf({ federation }: ServerOptions): string[] {
  const keptS = 365 * 24 * 3600;
  return Object.entries(federation?.peers ?? {}).map(
    ([domain, port]) =>
      `inet_db:add_rr("_xmpp-server._tcp.${domain}", in, srv, ${keptS}, {0, 0, ${port}, "127.0.0.1"})`,
  );
}

/** The configuration; JSON, which is YAML as well. */
function configurationOf(options: ServerOptions, certificate: string): string {
  const { federation } = options;
  const listenOn = (port: number, module: string) => ({ port, ip: "127.0.0.1", module });
  return JSON.stringify(
    {
      hosts: [options.domain],
      loglevel: "warning",
      certfiles: [certificate],
      auth_method: "internal",
      auth_password_format: "plain",
      // Limits are for the open net; here they would only slow tests down.
      max_fsm_queue: 100_000,
      ...federationOf(options),
      listen: [
        { ...listenOn(options.xmppPort, "ejabberd_c2s"), starttls: true, max_stanza_size: 262_144 },
        {
          ...listenOn(options.componentPort, "ejabberd_service"),
          hosts: Object.fromEntries(
            options.componentDomains.map((domain) => [domain, { password: options.secret }]),
          ),
          // Stanzas for a second host of one listener stay with its own connection.
          global_routes: false,
        },
        {
          ...listenOn(options.httpPort, "ejabberd_http"),
          request_handlers: { "/xmpp-websocket": "ejabberd_http_ws" },
        },
        ...(federation ? [listenOn(federation.port, "ejabberd_s2s_in")] : []),
      ],
      modules: { ...modules, ...(federation && { mod_s2s_dialback: {} }) },
    },
    undefined,
    2,
  );
}

/** An Erlang binary with these bytes, whatever they are. */
function binary(text: string): string {
  return `<<${[...Buffer.from(text, "utf8")].join(",")}>>`;
}

/** Makes other servers known, registers what is missing, then leaves a file behind that says so. */
function registration(options: ServerOptions, readyFile: string): string {
  const register = options.accounts.map(
    ({ name, password }) =>
      `ejabberd_auth:try_register(${[name, options.domain, password].map(binary).join(",")})`,
  );
  return [
    ...namesOf(options),
    orderlyStop,
    ...loginHooks(binary(options.domain)),
    ...register,
    `ok = file:write_file(${binary(readyFile)}, <<>>)`,
  ]
    .join(", ")
    .concat(".");
}

/** Debian's folder of Erlang libraries depends on the processor. */
function librariesFolder(): string {
  const [found] = globSync("/usr/lib/*/ejabberd-*/ebin");
  if (found === undefined) throw new Error("ejabberd is not installed: apt-get install ejabberd");
  return dirname(dirname(found));
}

/** Starts ejabberd in the foreground, without its wrapper and without epmd; resolves when it serves. */
export async function startEjabberd(options: ServerOptions): Promise<Process> {
  mkdirSync(options.folder, { recursive: true });
  const { bothFile } = await ensureCertificate(options.folder, options.domain);
  const configFile = join(options.folder, "ejabberd.yml");
  const readyFile = join(options.folder, "ready");
  const resolverFile = join(options.folder, "resolver");
  writeFileSync(configFile, configurationOf(options, bothFile));
  writeFileSync(resolverFile, resolverSettings);
  rmSync(readyFile, { force: true });
  const erlang = (text: string) => JSON.stringify(text);
  const program = {
    name: "ejabberd",
    command: "/usr/bin/erl",
    args: [
      ...["-noinput", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"],
      ...["-mnesia", "dir", erlang(join(options.folder, "database"))],
      ...["-ejabberd", "config", erlang(configFile)],
      ...["log_path", erlang(join(dirname(options.logFile), "ejabberd-server.log"))],
      ...["-s", "ejabberd", "-eval", registration(options, readyFile)],
    ],
    env: {
      PATH: "/usr/bin:/bin",
      HOME: options.folder,
      LANG: "C.UTF-8",
      ERL_LIBS: librariesFolder(),
      EJABBERD_CONFIG_PATH: configFile,
      ...(options.federation && { ERL_INETRC: resolverFile }),
      ERL_CRASH_DUMP: join(options.folder, "erl_crash.dump"),
    },
    folder: options.folder,
    logFile: options.logFile,
  };
  const ports = [options.xmppPort, options.componentPort, options.httpPort];
  return await startServing(program, async () => existsSync(readyFile) && (await portsAccept(ports)));
}
