/** The two that are compared: the connector with its queues played, and a bare component. */
import { join } from "node:path";
import { queueNames } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { physicalNameOf } from "#infra/definitions/queues.ts";
import { type Child, startChild } from "../child.ts";
import { startConnected } from "../connected.ts";
import { assemble, type OnEnd } from "../ending.ts";
import { openRates } from "../open-rates.ts";
import type { Ground } from "./ground.ts";
import type { Work } from "./played.ts";

export type Way = "in" | "out" | "echo";

/** What a side has done so far, in stanzas. */
export interface Done {
  /** Taken from the server: by a component, into a queue. */
  readonly taken: number;
  /** Deleted from the queue after the barrier; a bare component confirms nothing. */
  readonly confirmed: number | undefined;
  /** Processor time of what is played in its process and is no part of it, in microseconds. */
  readonly playedUs?: number;
}

export interface Side {
  readonly pid: number;
  /** Calls this listener, and no other any more, when something was done. */
  onProgress(listener: (done: Done) => void): void;
  /** Has so many stanzas written to the client. */
  send(stanzas: number, to: string, body: string): void;
  stop(): Promise<void>;
}

/** What the queues' player tells, where the connector's queues are played. */
interface Told {
  readonly taken: number;
  readonly deleted: number;
  readonly playedUs?: number;
}
const doneOf = ({ deleted, ...told }: Told): Done => ({ ...told, confirmed: deleted });

/** Starts a script of this folder; its log is in the ground's. */
async function startScript<Word>(
  { folder }: Ground,
  onEnd: OnEnd,
  ...[script, ...args]: readonly [string, ...string[]]
): Promise<Child<Word>> {
  const child = await startChild<Word>({
    command: [join(import.meta.dirname, script), ...args],
    env: { PATH: "/usr/bin:/bin" },
    logFile: join(folder, `${script}.log`),
  });
  onEnd(child.stop);
  return child;
}

/** A side whose child tells its counts and is told what to send, and how. */
function sideOf<Word>(
  { pid, onWord, say }: Pick<Child<Word>, "pid" | "onWord" | "say">,
  progressOf: (told: Word) => Done,
  how: Partial<Work> = {},
): Omit<Side, "stop"> {
  return {
    pid,
    onProgress: (listener) => onWord((told) => listener(progressOf(told))),
    send: (stanzas, to, body) => say({ stanzas, ...how, to, body }),
  };
}

export function startBare(ground: Ground, way: Way): Promise<Side> {
  return assemble(async (onEnd) => {
    const { componentPort, componentDomain, secret } = ground;
    const args = [`xmpp://127.0.0.1:${componentPort}`, componentDomain, secret, way];
    const child = await startScript<{ count: number }>(ground, onEnd, "bare-component.mjs", ...args);
    return sideOf(child, ({ count }) => ({ taken: count, confirmed: undefined }));
  });
}

/** The connector's own parts with queues inside their process (`queue-inside.ts`). */
export function startInside(ground: Ground, way: Way, inMessage: number): Promise<Side> {
  return assemble(async (onEnd) => {
    const { componentPort, componentDomain: domain, secret } = ground;
    const args = [String(componentPort), domain, secret, way];
    const child = await startScript<Told>(ground, onEnd, "queue-inside.ts", ...args);
    return sideOf(child, doneOf, { inMessage, domain });
  });
}

/**
 * The bundled connector, in its process as deployed, with the stub for its queues.
 *
 * @param inMessage stanzas in one message of the outbound queue
 */
export function startOurs(ground: Ground, way: Way, inMessage: number): Promise<Side> {
  return assemble(async (onEnd) => {
    const { componentDomain: domain, componentPort, secret, table, dynamodbEndpoint, folder } = ground;
    const stub = await startScript<Told & { port: number }>(ground, onEnd, "queue-stub.ts", way);
    const sqsEndpoint = `http://127.0.0.1:${stub.first.port}`;
    const urls = Object.fromEntries(
      queueNames.map((queue) => [queue, `${sqsEndpoint}/000000000000/${physicalNameOf(queue)}`]),
    ) as Record<(typeof queueNames)[number], string>;
    const connector = await startConnected(
      {
        environment: {
          urls,
          deadLetterUrls: urls,
          table,
          domains: [domain],
          directory: "announced",
          lanes: limits.lanes,
          rates: openRates,
        },
        componentPort,
        secret,
        sqsEndpoint,
        dynamodbEndpoint,
        logFile: join(folder, "connector.log"),
      },
      onEnd,
    );
    return sideOf({ ...stub, pid: connector.pid }, doneOf, { inMessage, domain });
  });
}
