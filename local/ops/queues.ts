/** `ops queues`: what waits where, and whether the queues are what the definitions say. */
import type { Command } from "./command.ts";
import { answer, exits } from "./command.ts";
import { type QueueFacts, readQueues } from "./queue-facts.ts";
import { wordOf } from "./queue-names.ts";
import { columns, duration } from "./text.ts";

/** @param foreign queues that are not of this deployment */
export function queuesText(queues: readonly QueueFacts[], foreign: readonly string[]): string {
  const rows = queues.map(({ base, waiting, inFlight, delayed, oldestS, deadLetters }) => [
    base,
    ...[waiting, inFlight, delayed].map(String),
    oldestS === undefined ? "-" : duration(oldestS),
    String(deadLetters),
  ]);
  const others = foreign.map((base) => [base, "not of this deployment, not read"]);
  const head = ["queue", "waiting", "in flight", "delayed", "oldest", "dead letters"];
  const table = [columns([head, ...rows]), ...(others.length === 0 ? [] : [columns(others)])].join("\n");
  const different = queues.flatMap(({ base, differences }) => differences.map((each) => `${base}: ${each}`));
  if (different.length === 0) return `${table}\n\nAll queues are set up as infra/definitions/queues.ts says.`;
  return `${table}\n\nNot as infra/definitions/queues.ts says; deploy the state stack again:\n${different.join("\n")}`;
}

export const queues: Command = {
  summary: "what waits where, and whether the queues are set up as they should be",
  help: `ops queues                            depth, in flight, delayed, age of the oldest, dead letters

The age is known on AWS alone. Exit code 1 where a queue is not set up as its definition says.`,
  check: ({ positionals: [first] }) =>
    first === undefined ? undefined : `${first}: this command takes no word`,
  async run(bridge, given, screen) {
    const found = await readQueues(bridge);
    const foreign = bridge.foreign.map(wordOf);
    answer(screen, given, { queues: found, foreign }, () => queuesText(found, foreign));
    return found.some(({ differences }) => differences.length > 0) ? exits.unhealthy : exits.fine;
  },
};
