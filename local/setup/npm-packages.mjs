/** The npm half of the set-up: `node_modules` holds what `package-lock.json` says. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { run } from "./run.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const lockFile = `${root}package-lock.json`;
const stampFile = `${root}node_modules/.causeway-lock-hash`;
const installedFile = `${root}node_modules/.package-lock.json`;

/** Installs with npm unless what is installed is what the lock file says. Rejects when npm fails. */
export async function ensureNpmPackages(report) {
  const lock = readFileSync(lockFile);
  const hash = createHash("sha256").update(lock).digest("hex");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === hash) return;
  if (!isInstalled(JSON.parse(lock.toString("utf8")))) {
    report("installing npm packages; about a minute …");
    report(`npm packages installed (${await install(report)})`);
  }
  writeFileSync(stampFile, hash);
}

/** Whether somebody installed exactly this lock file without us: npm keeps its own account of what it did. */
function isInstalled(lock) {
  if (!existsSync(installedFile)) return false;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages ?? {};
  return Object.entries(lock.packages).every(
    ([path, entry]) => path === "" || entry.optional === true || installed[path]?.version === entry.version,
  );
}

/** Resolves with how long it took. */
async function install(report) {
  // Not `npm ci`: it refuses a lock file that lacks optional packages of other platforms, and registry mirrors
  // lack them too. `--no-save` leaves the lock file alone. Development packages are wanted whatever NODE_ENV
  // says: Node 24 itself is one.
  const args = ["install", "--no-save", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  // npm names its own program for the scripts that it runs.
  const npm = process.env.npm_execpath;
  const [command, before] = npm === undefined ? ["npm", []] : [process.execPath, [npm]];
  const options = { cwd: root, stdio: "inherit", what: "installing npm packages", report };
  const { status, seconds } = await run(command, [...before, ...args], options);
  if (status === 0) return seconds;
  throw new Error(
    `"npm install" failed (see above). Is the registry reachable? Try: npm install --no-save --include=dev`,
  );
}
