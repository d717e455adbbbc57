/** The npm half of the set-up: `node_modules` holds what `package-lock.json` says. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const lockFile = `${root}package-lock.json`;
const stampFile = `${root}node_modules/.causeway-lock-hash`;
const installedFile = `${root}node_modules/.package-lock.json`;

/** Installs with npm unless what is installed is what the lock file says. Throws when npm fails. */
export function ensureNpmPackages(report) {
  const lock = readFileSync(lockFile);
  const hash = createHash("sha256").update(lock).digest("hex");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === hash) return;
  if (!isInstalled(JSON.parse(lock.toString("utf8")))) {
    const begun = Date.now();
    report("installing npm packages; about a minute …");
    install();
    report(`npm packages installed (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
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

function install() {
  // Not `npm ci`: it refuses a lock file that lacks optional packages of other platforms, and registry mirrors
  // lack them too. `--no-save` leaves the lock file alone. Development packages are wanted whatever NODE_ENV
  // says: Node 24 itself is one.
  const args = ["install", "--no-save", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  // npm names its own program for the scripts that it runs.
  const npm = process.env.npm_execpath;
  const result =
    npm === undefined
      ? spawnSync("npm", args, { cwd: root, stdio: "inherit" })
      : spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: "inherit" });
  if (result.error) throw new Error(`npm could not be started: ${result.error.message}`);
  if (result.status !== 0) {
    throw new Error(
      `"npm install" failed (see above). Is the registry reachable? Try: npm install --no-save --include=dev`,
    );
  }
}
