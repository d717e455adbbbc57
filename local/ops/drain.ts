/** `ops drain`: waits until nothing is left of what was read from the stream, which changing `lanes` needs. */
import { setTimeout as pause } from "node:timers/promises";
import type { QueueName } from "#core/contract/queues.ts";
import { queueDefinitions } from "#infra/definitions/queues.ts";
import type { Bridge } from "./bridge.ts";
import { answer, type Command, Complaint, exits, type Given, type Screen } from "./command.ts";
import { depthOf } from "./queue-facts.ts";
import { plural } from "./text.ts";

/** The queues whose groups are lanes. */
const lanes = ["messageStanzas", "presenceStanzas"] as const satisfies readonly QueueName[];

const lookMs = 1_000;
/** So often in a row nothing, as SQS counts approximately. */
const emptyLooks = 3;

const stopHelp = {
  local: "on one machine the number of lanes never changes, so there is nothing to drain for",
  aws: "stop it: set the service's desired count to 0, and wait until its tasks have ended",
} as const;

async function checkStopped(bridge: Bridge): Promise<void> {
  const up = (await bridge.connectors()).filter(({ stream }) => stream === "up");
  if (up.length === 0) return;
  throw new Complaint(
    `the stream of ${up.map(({ domain }) => domain).join(", ")} is up, so lanes fill while they drain: ${stopHelp[bridge.kind]}`,
  );
}

async function wait(bridge: Bridge, screen: Screen): Promise<boolean> {
  let empty = 0;
  let told: number | undefined;
  while (!screen.signal.aborted) {
    const depths = await Promise.all(lanes.map((queue) => depthOf(bridge, queue)));
    const left = depths.reduce((sum, depth) => sum + depth, 0);
    empty = left === 0 ? empty + 1 : 0;
    if (empty === emptyLooks) return true;
    if (left > 0 && left !== told) screen.tell(`${plural(left, "message")} left`);
    told = left;
    await pause(lookMs, undefined, { signal: screen.signal }).catch(() => undefined);
  }
  return false;
}

export const drain: Command = {
  summary: "waits until the stanza lanes are empty, before their number is changed",
  help: `ops drain                             waits until ${lanes.map((queue) => queueDefinitions[queue].base).join(" and ")} are empty

Two lanes may hold stanzas of one pair while their number changes, and then their order could turn. So: stop the
connector, run this, deploy with the new number. It refuses while a stream is up, and changes nothing itself.`,
  check: ({ positionals: [first] }) =>
    first === undefined ? undefined : `${first}: this command takes no word`,
  async run(bridge: Bridge, given: Given, screen: Screen) {
    await checkStopped(bridge);
    const drained = await wait(bridge, screen);
    answer(screen, given, { drained }, () =>
      drained
        ? "The lanes are empty: deploy with the new number now."
        : "Stopped waiting; the lanes are not empty.",
    );
    return drained ? exits.fine : exits.unhealthy;
  },
};
