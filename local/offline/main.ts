/** `npm run offline`: everybody sees the bridge's users go, before its connector is stopped on purpose. */
import { newTrace } from "#aws/trace.ts";
import { openScreen } from "../screen.ts";
import { stopOnSignal } from "../stop-signals.ts";
import { wordsOf } from "../words.ts";
import { type Access, openAccess } from "./access.ts";
import { help, readOptions } from "./options.ts";
import { goOffline, type Outcome } from "./run.ts";

const lookMs = 500;
const stallMsMax = 60_000;

function complain(text: string, exit = 1): number {
  console.error(text);
  return exit;
}

function reportEnd(outcome: Outcome, domain: string, exitCode: number): number {
  switch (outcome.kind) {
    case "done":
      console.log(
        `${outcome.told} contacts were told that the users of ${domain} are gone. Stop the connector now.`,
      );
      return 0;
    case "replaced":
      return complain(
        `Another walk through ${domain} has begun: that of a new stream, which tells that users are there, or the same command. Give it again.`,
      );
    case "stalled":
      return complain(
        outcome.by === "walk"
          ? "The walk does not go on: does the walk function run? Its log and the dead letters of walks say more."
          : "Everybody is on the list, but what is to be written is not taken: is the connector up?",
      );
    case "stopped":
      console.log("Stopped watching; what has begun goes on by itself.");
      return exitCode;
  }
}

async function watch(access: Access): Promise<number> {
  const stopping = stopOnSignal();
  const screen = openScreen();
  let text = "";
  screen.follow(() => text);
  const outcome = await goOffline({
    access,
    trace: newTrace(),
    now: Date.now,
    lookMs,
    stallMsMax,
    signal: stopping.signal,
    tell: (news) => {
      text = news;
    },
  }).finally(screen.end);
  return reportEnd(outcome, access.domain, stopping.exitCode());
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options.ok) return complain(`${options.error}\n\nnpm run offline -- --help says more.`, 2);
  if (options.value === "help") {
    console.log(help);
    return 0;
  }
  const access = openAccess(options.value, process.env);
  if (!access.ok) return complain(access.error);
  try {
    return await watch(access.value);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return complain(`the bridge cannot be reached: ${code ?? wordsOf(error)}`);
  }
}

// Not left to the event loop: an interrupted call may still be trying.
process.exit(await main(process.argv.slice(2)));
