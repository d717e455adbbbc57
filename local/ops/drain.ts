/** `ops drain`: waits until nothing is left of what was read from the stream, which changing `lanes` needs. */
import { pause } from "#connector/pause.ts";
import type { QueueName } from "#core/contract/queues.ts";
import { queueDefinitions } from "#infra/definitions/queues.ts";
import { countMessages } from "../queue-count.ts";
import type { Bridge, ConnectorView } from "./bridge.ts";
import { answer, type Command, Complaint, exits, type Given, type Screen } from "./command.ts";
import { viewWindowMs } from "./connector-log.ts";
import { plural } from "./text.ts";

/** The queues whose groups are lanes. */
const lanes = ["messageStanzas", "presenceStanzas"] as const satisfies readonly QueueName[];

const lookMs = 1_000;
const askMs = 10_000;
/** So often in a row nothing, as SQS counts approximately. */
const emptyLooks = 3;

const stopHelp = {
  local: "on one machine the number of lanes never changes, so there is nothing to drain for",
  aws: "stop it: set the service's desired count to 0, and wait until its tasks have ended",
} as const;

/**
 * How long a connector may still be heard of after it was stopped: on AWS its log is all that tells of it. That SQS
 * counts right takes a minute without a sender (SQS API, GetQueueAttributes), which is over by then.
 */
const heardMsMax = { local: 0, aws: viewWindowMs + 60_000 } as const;

/**
 * Why lanes may still fill, `undefined` where no connector runs: any that does may open its stream at any moment, with
 * the number of lanes that it was started with, whether it connects, waits or stands by.
 */
export function whyNotStopped(views: readonly ConnectorView[], kind: Bridge["kind"]): string | undefined {
  const running = views.filter(({ stream }) => stream !== "unreachable" && stream !== "stopped");
  if (running.length === 0) return undefined;
  const states = running.map(({ domain, stream }) => `${domain} ${stream}`).join(", ");
  return `a connector runs (${states}), so lanes may fill again: ${stopHelp[kind]}`;
}

/** Throws where a connector runs. */
async function awaitStopped(bridge: Bridge, screen: Screen): Promise<void> {
  const untilMs = performance.now() + heardMsMax[bridge.kind];
  for (let isTold = false; !screen.signal.aborted; isTold = true) {
    const why = whyNotStopped(await bridge.connectors(), bridge.kind);
    if (why === undefined) return;
    if (performance.now() >= untilMs) throw new Complaint(why);
    if (!isTold) screen.tell("a connector was heard of lately: waiting until its log is silent");
    await pause(askMs, screen.signal);
  }
}

async function wait(bridge: Bridge, screen: Screen): Promise<boolean> {
  let empty = 0;
  let told: number | undefined;
  while (!screen.signal.aborted) {
    const depths = await Promise.all(lanes.map((queue) => countMessages(bridge.sqs, bridge.urls[queue])));
    const left = depths.reduce((sum, depth) => sum + depth, 0);
    empty = left === 0 ? empty + 1 : 0;
    if (empty === emptyLooks) return true;
    if (left > 0 && left !== told) screen.tell(`${plural(left, "message")} left`);
    told = left;
    await pause(lookMs, screen.signal);
  }
  return false;
}

export const drain: Command = {
  summary: "waits until the stanza lanes are empty, before their number is changed",
  help: `ops drain                             waits until ${lanes.map((queue) => queueDefinitions[queue].base).join(" and ")} are empty

Two lanes may hold stanzas of one pair while their number changes, and then their order could turn. So: stop the
connector, run this, deploy with the new number. It refuses while a connector runs, also one whose stream is not up: that
may come up at any moment. On AWS the connector's log tells, so it waits until that was silent for ${viewWindowMs / 60_000} minutes. It changes
nothing itself.`,
  check: ({ positionals: [first] }) =>
    first === undefined ? undefined : `${first}: this command takes no word`,
  async run(bridge: Bridge, given: Given, screen: Screen) {
    await awaitStopped(bridge, screen);
    const drained = await wait(bridge, screen);
    const why = drained ? whyNotStopped(await bridge.connectors(), bridge.kind) : undefined;
    if (why !== undefined) throw new Complaint(`started meanwhile: ${why}`);
    answer(screen, given, { drained }, () =>
      drained
        ? "The lanes are empty: deploy with the new number now."
        : "Stopped waiting; the lanes are not empty.",
    );
    return drained ? exits.fine : exits.unhealthy;
  },
};
