/** `npm run bench -- <name>`: measures the bridge on this machine. */
import { runPresence } from "./presence.ts";
import { presenceHelp, readPresenceOptions } from "./presence-options.ts";

const help = `npm run bench -- <name> [options]

  presence   a change that 100,000 subscribers see; messages meanwhile; a resync of 10,000 pairs

npm run bench -- <name> --help says more about one.`;

function complain(text: string): number {
  console.error(text);
  return 1;
}

async function presence(args: readonly string[]): Promise<number> {
  const options = readPresenceOptions(args);
  if (!options.ok) return complain(`${options.error}\n\n${presenceHelp}`);
  if (options.value === "help") {
    console.log(presenceHelp);
    return 0;
  }
  await runPresence(options.value);
  return 0;
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === "presence") return await presence(args);
  if (name === "--help" || name === "-h") {
    console.log(help);
    return 0;
  }
  return complain(name === undefined ? help : `no benchmark is called ${name}\n\n${help}`);
}

process.exitCode = await main(process.argv.slice(2));
