/**
 * AWS on this machine, as far as moto (PyPI) plays it: CloudFormation makes, changes and deletes what templates say. What
 * its CloudFormation lacks, test/fixtures/moto_server.py teaches it. Installed once into `.local/`, where Python and pip are.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "#local/free-ports.ts";
import { portsAccept } from "#local/ports.ts";
import { startServing } from "#local/process.ts";

const root = join(import.meta.dirname, "../..");
const release = "moto[server]==5.2.5";
const folder = join(root, ".local/moto-5.2.5");
const python3 = join(folder, "bin/python");
const fixtures = join(import.meta.dirname, "../fixtures");
const installMsMax = 240_000;

export type Inventory = Readonly<Record<string, readonly string[]>>;

export interface Moto {
  readonly endpoint: string;
  /** Names or ids of what there is, by kind: of every kind that a template here may leave. */
  inventory(): Inventory;
  stop(): Promise<void>;
}

/** Makes sure that moto is there; else tells why it is not, in one line. */
export function missingMoto(): string | undefined {
  if (existsSync(join(folder, "bin/moto_server"))) return undefined;
  const python = (args: readonly string[]) =>
    spawnSync("python3", args, {
      encoding: "utf8",
      timeout: installMsMax,
      stdio: ["ignore", "pipe", "pipe"],
    });
  if (python(["-m", "venv", folder]).status !== 0) return "no python3 with venv and pip on this machine";
  console.log(`installing ${release} into ${folder}; about a minute …`);
  const pip = ["install", "--quiet", "--disable-pip-version-check", release];
  const installed = spawnSync(join(folder, "bin/pip"), pip, { encoding: "utf8", timeout: installMsMax });
  return installed.status === 0
    ? undefined
    : `${release} cannot be installed: ${installed.stderr.trim().split("\n").at(-1)}`;
}

/** Nothing of this machine's own AWS. */
const env = { PATH: "/usr/bin:/bin", HOME: folder };

function inventory(endpoint: string): Inventory {
  const listed = spawnSync(python3, [join(fixtures, "moto_inventory.py"), endpoint], {
    encoding: "utf8",
    env,
  });
  if (listed.status !== 0) throw new Error(`no inventory of moto: ${listed.stderr}`);
  return JSON.parse(listed.stdout);
}

/** Starts it on a free port, empty. */
export async function startMoto(logFile: string): Promise<Moto> {
  const port = await freePort();
  const running = await startServing(
    {
      name: "moto",
      command: python3,
      args: [join(fixtures, "moto_server.py"), "-H", "127.0.0.1", "-p", String(port)],
      env,
      logFile,
    },
    () => portsAccept([port]),
  );
  const endpoint = `http://127.0.0.1:${port}`;
  return { endpoint, inventory: () => inventory(endpoint), stop: () => running.stop(2_000) };
}
