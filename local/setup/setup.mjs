/**
 * Makes a fresh machine ready: `node local/setup/setup.mjs npm|start|test`.
 *
 * npm runs this before its scripts with whatever Node the machine has, so it is plain JavaScript for Node 20
 * and later and imports no package. It returns at once when there is nothing to do.
 */
import { ensureDebianPackages } from "./debian-packages.mjs";
import { ensureNpmPackages } from "./npm-packages.mjs";

const systemPackages = {
  npm: [],
  start: ["prosody"],
  /** `npm start -- --server ejabberd`: npm gives no arguments to its pre-scripts: ensure-servers.ts asks. */
  ejabberd: ["ejabberd"],
  test: ["prosody", "ejabberd", "python3-slixmpp"],
};

const purpose = process.argv[2] ?? "";
if (!Object.hasOwn(systemPackages, purpose)) {
  console.error(`usage: node local/setup/setup.mjs ${Object.keys(systemPackages).join("|")}`);
  process.exit(2);
}

function report(text) {
  console.log(`set-up  ${text}`);
}

try {
  await ensureNpmPackages(report);
  await ensureDebianPackages(systemPackages[purpose], report);
} catch (error) {
  console.error(`set-up failed: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
