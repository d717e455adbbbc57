import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { portsAccept } from "../ports.ts";
import { type Process, startServing } from "../process.ts";
import { ensureCertificate } from "./certificate.ts";
import type { ServerOptions } from "./server.ts";

const modules = [
  "roster",
  "saslauth",
  "tls",
  "disco",
  "presence",
  "message",
  "iq",
  "ping",
  "posix",
  "private",
  "blocklist",
  "carbons",
  "pep",
  "vcard4",
  "vcard_legacy",
  "version",
  "time",
  "offline",
  "websocket",
];

/** Lua source of a value: the configuration is made from data, never from pasted text. */
function lua(value: unknown): string {
  if (Array.isArray(value)) return `{ ${value.map(lua).join("; ")} }`;
  if (typeof value === "object" && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, item]) => `[${lua(key)}] = ${lua(item)}`)
      .join("; ")} }`;
  }
  if (typeof value === "string") {
    // Everything but plain printable ASCII by its byte: no character can end the string.
    const bytes = [...Buffer.from(value, "utf8")].map((byte) =>
      byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\${String(byte).padStart(3, "0")}`,
    );
    return `"${bytes.join("")}"`;
  }
  return String(value);
}

/** Answers what Prosody would ask a DNS from a table; other names do not exist. */
const namesModule = `module:set_global();
local ports = module:get_option("local_names", {});
local function lookup(_, answer, name, kind)
  local port = ports[name:match("^_xmpp%-server%._tcp%.(.+)$")];
  if kind == "SRV" and port then
    return answer({ { srv = { target = "127.0.0.1", port = port, priority = 0, weight = 0 } } });
  end
  answer({});
end
require "net.adns".resolver = function () return { lookup = lookup }; end
`;

/**
 * Has Prosody stop between two stanzas. By itself it runs a signal's handler in the middle of whatever it does: a
 * stanza that it is just writing to a session is lost when the session is closed under it
 * (docs/decisions/0015-local-servers-keep-what-they-routed.md). So here the handler leaves a note, and a timer reads it.
 */
const orderlyStopModule = `module:set_global();
local signal = require "util.signal";
local asked;
local function stop()
  prosody.unlock_globals();
  prosody.shutdown("Received SIGTERM");
  prosody.lock_globals();
end
module:add_timer(0.1, function ()
  if asked then
    prosody.main_thread:run(stop);
    return;
  end
  if asked == nil then
    asked = false;
    signal.signal("SIGTERM", function () asked = true; end);
  end
  return 0.1;
end);
`;

/** Settings of the net beyond this server; dialback proves who a peer is, as certificates are self-made. */
function federationOf({ federation }: ServerOptions): object {
  // No way out of this machine.
  if (federation === undefined) return { s2s_ports: [], modules_disabled: ["s2s", "admin_shell"] };
  const { port, peers } = federation;
  return {
    s2s_ports: [port],
    s2s_secure_auth: false,
    local_names: peers,
    modules_disabled: ["admin_shell"],
  };
}

function configurationOf(options: ServerOptions, key: string, certificate: string): string {
  const federated = options.federation !== undefined;
  const global = {
    ...(process.getuid?.() === 0 && { run_as_root: true }),
    pidfile: join(options.folder, "prosody.pid"),
    data_path: join(options.folder, "data"),
    log: [{ levels: { min: "info" }, to: "console" }],
    interfaces: ["127.0.0.1"],
    c2s_ports: [options.xmppPort],
    c2s_direct_tls_ports: [],
    s2s_direct_tls_ports: [],
    http_interfaces: ["127.0.0.1"],
    http_ports: [options.httpPort],
    https_ports: [],
    component_interfaces: ["127.0.0.1"],
    component_ports: [options.componentPort],
    plugin_paths: [options.folder],
    modules_enabled: [...modules, "orderly_stop", ...(federated ? ["local_names", "s2s", "dialback"] : [])],
    ...federationOf(options),
    authentication: "internal_plain",
    c2s_require_encryption: false,
    allow_unencrypted_plain_auth: true,
    consider_websocket_secure: true,
    http_default_host: options.domain,
    // Delays the last segment by 40 ms when the receiver is quiet.
    network_settings: { nagle: false },
    ssl: { key, certificate },
  };
  const component = {
    component_secret: options.secret,
    // A new connector displaces a frozen one.
    component_conflict_resolve: "kick_old",
    modules_disabled: federated ? [] : ["s2s"],
  };
  const lines = (settings: object) =>
    Object.entries(settings).map(([name, value]) => `${name} = ${lua(value)}`);
  return [
    ...lines(global),
    `VirtualHost ${lua(options.domain)}`,
    ...options.componentDomains.flatMap((domain) => [`Component ${lua(domain)}`, ...lines(component)]),
    "",
  ].join("\n");
}

/** Prosody's names of stored items: everything but letters and digits by its byte. */
function fileNameOf(text: string): string {
  return [...Buffer.from(text, "utf8")]
    .map((byte) => String.fromCharCode(byte))
    .map((char) => (/[A-Za-z0-9]/.test(char) ? char : `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`))
    .join("");
}

/** Writes the accounts as Prosody's file store keeps them: `prosodyctl` takes a quarter second for each. */
function registerAccounts(options: ServerOptions): void {
  const folder = join(options.folder, "data", fileNameOf(options.domain), "accounts");
  mkdirSync(folder, { recursive: true });
  for (const { name, password } of options.accounts) {
    const file = join(folder, `${fileNameOf(name)}.dat`);
    if (!existsSync(file)) writeFileSync(file, `return ${lua({ password })};\n`);
  }
}

/** Starts Prosody in the foreground; resolves when it serves. */
export async function startProsody(options: ServerOptions): Promise<Process> {
  mkdirSync(options.folder, { recursive: true });
  const { keyFile, certificateFile } = await ensureCertificate(options.folder, options.domain);
  const configFile = join(options.folder, "prosody.cfg.lua");
  writeFileSync(configFile, configurationOf(options, keyFile, certificateFile));
  writeFileSync(join(options.folder, "mod_local_names.lua"), namesModule);
  writeFileSync(join(options.folder, "mod_orderly_stop.lua"), orderlyStopModule);
  registerAccounts(options);
  const program = {
    name: "prosody",
    command: "/usr/bin/prosody",
    args: ["-F", "--config", configFile],
    env: { PATH: "/usr/bin:/bin", HOME: options.folder, LANG: "C.UTF-8" },
    folder: options.folder,
    logFile: options.logFile,
  };
  const ports = [options.xmppPort, options.componentPort, options.httpPort];
  return await startServing(program, () => portsAccept(ports));
}
