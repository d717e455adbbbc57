/** The Debian half of the set-up: the XMPP servers and libraries that come as Debian packages. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { run } from "./run.mjs";

/** A file that each package brings: looking for it is quicker than asking dpkg. */
const marks = {
  prosody: ["/usr/bin/prosody"],
  ejabberd: ["/usr/sbin/ejabberdctl", "/usr/bin/erl"],
  "python3-slixmpp": ["/usr/lib/python3/dist-packages/slixmpp/__init__.py"],
};

/** Programs by which Debian's packages start their services. */
const serviceStarters = ["invoke-rc.d", "deb-systemd-invoke"];

/** Which of these packages are missing here. */
function missingDebianPackages(names) {
  return names.filter((name) => !marks[name].every((file) => existsSync(file)));
}

/** Installs what is missing as root; otherwise rejects with an error that says what to type. */
export async function ensureDebianPackages(names, report) {
  const missing = missingDebianPackages(names);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (!existsSync("/usr/bin/apt-get")) {
    throw new Error(`${missing.join(", ")} missing, and this is no Debian: install them by hand`);
  }
  if (process.getuid?.() !== 0) {
    throw new Error(
      `${missing.join(", ")} missing. Type:\n\n    sudo apt-get update && sudo ${command}\n\n` +
        "Debian starts these servers as services; to keep their ports for this project also type:\n\n" +
        "    sudo systemctl disable --now prosody ejabberd",
    );
  }
  const begun = Date.now();
  report(`installing Debian packages: ${missing.join(", ")} …`);
  await withoutServices(async (env) => {
    const install = ["install", "-y", "--no-install-recommends", ...missing];
    if ((await apt(install, env, report)) === undefined) return;
    // Not seen yet, or older than what the mirror has.
    for (const args of [["update"], install]) {
      const complaint = await apt(args, env, report);
      if (complaint === undefined) continue;
      console.error(complaint);
      throw new Error(
        `"apt-get ${args.join(" ")}" failed (see above): check the network and /etc/apt/sources.list`,
      );
    }
  });
  const still = missingDebianPackages(names);
  if (still.length > 0) throw new Error(`installed, but not found afterwards: ${still.join(", ")}`);
  report(`Debian packages installed (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
}

/**
 * Calls `body` with an environment in which installing a server does not start it as a service: a service
 * would take the ports. Nothing on the system is changed for it: the maintainer scripts find a private
 * stand-in for the starting programs first on their PATH.
 */
async function withoutServices(body) {
  const folder = mkdtempSync(join(tmpdir(), "causeway-setup-"));
  try {
    for (const name of serviceStarters) {
      writeFileSync(join(folder, name), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    }
    // dpkg insists on the sbin folders, which a user's PATH may lack.
    const path = [folder, process.env.PATH, "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];
    await body({ ...process.env, DEBIAN_FRONTEND: "noninteractive", PATH: path.join(delimiter) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs apt-get; resolves with what it printed when it failed. */
async function apt(args, env, report) {
  const what = `apt-get ${args[0]}`;
  const { status, output } = await run("/usr/bin/apt-get", ["-qq", ...args], { env, what, report });
  return status === 0 ? undefined : output;
}
