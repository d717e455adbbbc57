/** What an operator asks of a bridge, and does to it: one command from its words to its exit code. */
import { runPolicy } from "../policy/run.ts";
import type { Bridge } from "./bridge.ts";
import { awsBridge } from "./bridge-aws.ts";
import { localBridge } from "./bridge-local.ts";
import { explainFailure, isFailedCall } from "./calls.ts";
import {
  type Command,
  Complaint,
  commonHelp,
  domainOf,
  exits,
  type Given,
  type Place,
  readArguments,
  type Screen,
} from "./command.ts";
import { deadLetters } from "./dead-letters.ts";
import { doctor } from "./doctor.ts";
import { drain } from "./drain.ts";
import { message } from "./message.ts";
import { pair } from "./pair.ts";
import { queues } from "./queues.ts";
import { resync } from "./resync.ts";
import { status } from "./status.ts";
import { columns } from "./text.ts";

const commands: Readonly<Record<string, Command>> = {
  status,
  doctor,
  message,
  pair,
  queues,
  "dead-letters": deadLetters,
  resync,
  drain,
};

const overview = `npm run ops -- COMMAND [options]      looks after a bridge

${columns([
  ...Object.entries(commands).map(([name, { summary }]) => [`  ${name}`, summary]),
  ["  policy", "with whom users may have to do: show, set (the same as npm run policy)"],
])}

${commonHelp}

Nothing is changed without --yes, but by resync and what policy set adds, which lose nothing. npm run ops -- COMMAND --help says
more, docs/ops.md and docs/runbook.md all. Exit code: 0 fine, 1 not healthy or not done, 2 wrong usage.`;

function complain(screen: Screen, text: string, exit: number): number {
  screen.tell(text);
  return exit;
}

/** Where our own code failed; the error's message may quote what people have written. */
function faultText(error: unknown): string {
  const { name, stack = "" } = error instanceof Error ? error : { name: typeof error };
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return `${name}: something that is stored or was answered cannot be read\n${frames.slice(0, 4).join("\n")}`;
}

const openBridge = ({ profile, region, ...place }: Place, { tell }: Screen) =>
  profile === undefined && region === undefined
    ? Promise.resolve(localBridge(place.endpoints))
    : awsBridge({ profile, region, ...place }, tell);

/** No command does anything about a domain that is not served, whether it is about one or not. */
async function runOn(bridge: Bridge, command: Command, given: Given, screen: Screen): Promise<number> {
  domainOf(bridge, given);
  return command.run(bridge, given, screen);
}

async function run(name: string, command: Command, args: readonly string[], screen: Screen): Promise<number> {
  const read = readArguments(command, args);
  if (!read.ok) {
    const [usage] = command.help.split("\n\n", 1);
    const more = `npm run ops -- ${name} --help says more.`;
    return complain(screen, [read.error, usage, more].join("\n\n"), exits.wrongUsage);
  }
  if (read.value === "help") {
    screen.say(`${command.help}\n\n${commonHelp}`);
    return exits.fine;
  }
  const { place, given } = read.value;
  try {
    const bridge = await openBridge(place, screen);
    if (!bridge.ok) return complain(screen, bridge.error, exits.unhealthy);
    return await runOn(bridge.value, command, given, screen).finally(bridge.value.close);
  } catch (error) {
    if (error instanceof Complaint) return complain(screen, error.message, error.exit);
    const who = place.profile === undefined ? "this command" : `profile ${place.profile}`;
    if (isFailedCall(error)) return complain(screen, explainFailure(error, who), exits.unhealthy);
    if (screen.signal.aborted) return exits.unhealthy;
    return complain(screen, faultText(error), exits.unhealthy);
  }
}

/** Runs a command line. @returns the exit code */
export async function runOps([name = "", ...args]: readonly string[], screen: Screen): Promise<number> {
  if (name === "policy") return runPolicy(args, screen, "npm run ops -- policy");
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return run(name, command, args, screen);
  const isHelp = name === "--help" || name === "-h" || name === "help";
  if (isHelp) screen.say(overview);
  else screen.tell(`${name === "" ? "no command" : `${name} is no command`}\n\n${overview}`);
  return isHelp ? exits.fine : exits.wrongUsage;
}
