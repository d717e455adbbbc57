/** The two that are compared: the connector with its queues played, and a bare component. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { queueNames } from "#core/contract/queues.ts";
import { physicalNameOf } from "#infra/definitions/queues.ts";
import { isConnected, startConnector } from "#local/connector.ts";
import { freePort } from "#local/free-ports.ts";
import { waitUntil } from "#local/wait-until.ts";
import { endsWithUs } from "../ending.ts";
import type { Ground } from "./ground.ts";

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

const connectedMsMax = 15_000;
const stopMs = 25_000;
/** No limit that a benchmark reaches. */
const open = { perS: 1_000_000, burst: 1_000_000 };
export const openRates = { sender: open, presence: open, domain: open, overall: open } as const;

function startChild(ground: Ground, file: string, args: readonly string[]) {
  const log = openSync(join(ground.folder, `${file}.log`), "a");
  const child = fork(join(import.meta.dirname, file), args, {
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  const stop = endsWithUs(async () => {
    if (child.exitCode !== null) return;
    const exited = once(child, "exit");
    child.disconnect();
    await exited;
  });
  return { child, stop };
}

/** The first word of a child; throws when it ends without one. */
async function firstWord(child: ChildProcess, what: string): Promise<{ port?: number }> {
  const ended = once(child, "exit").then(() => {
    throw new Error(`${what} ended at its start`);
  });
  const [word] = (await Promise.race([once(child, "message"), ended])) as [{ port?: number }];
  ended.catch(() => {});
  return word;
}

/** A side that is one child, which tells its counts and is told what to send. */
function sideOf<T>(
  child: ChildProcess,
  stop: Side["stop"],
  progressOf: (told: T) => Done,
  how: { readonly inMessage?: number } = {},
): Side {
  return {
    pid: child.pid ?? 0,
    onProgress(listener) {
      child.removeAllListeners("message").on("message", (told: T) => listener(progressOf(told)));
    },
    send: (stanzas, to, body) => void child.send({ stanzas, ...how, to, body }),
    stop,
  };
}

export async function startBare(ground: Ground, way: Way): Promise<Side> {
  const service = `xmpp://127.0.0.1:${ground.componentPort}`;
  const { child, stop } = startChild(ground, "bare-component.mjs", [
    service,
    ground.componentDomain,
    ground.secret,
    way,
  ]);
  await firstWord(child, "the bare component");
  return sideOf(child, stop, ({ count }: { count: number }) => ({ taken: count, confirmed: undefined }));
}

/** The connector's own parts with queues inside their process (`queue-inside.ts`). */
export async function startInside(ground: Ground, way: Way, inMessage: number): Promise<Side> {
  const { child, stop } = startChild(ground, "queue-inside.ts", [
    String(ground.componentPort),
    ground.componentDomain,
    ground.secret,
    way,
  ]);
  await firstWord(child, "the connector with its queues inside");
  const progressOf = ({ deleted, ...told }: { taken: number; deleted: number; playedUs: number }) => ({
    ...told,
    confirmed: deleted,
  });
  return sideOf(child, stop, progressOf, { inMessage });
}

/**
 * The bundled connector, in its process as deployed, with the stub for its queues.
 *
 * @param inMessage stanzas in one message of the outbound queue
 */
export async function startOurs(ground: Ground, way: Way, inMessage: number): Promise<Side> {
  const { child: stub, stop: stopStub } = startChild(ground, "queue-stub.mjs", [way]);
  const { port } = await firstWord(stub, "the stub");
  const sqsEndpoint = `http://127.0.0.1:${port}`;
  const urls = Object.fromEntries(
    queueNames.map((queue) => [queue, `${sqsEndpoint}/000000000000/${physicalNameOf(queue)}`]),
  ) as Record<(typeof queueNames)[number], string>;
  const domain = ground.componentDomain;
  const healthPort = await freePort();
  const connector = await startConnector({
    environment: {
      urls,
      deadLetterUrls: urls,
      table: ground.table,
      domains: [domain],
      directory: "announced",
      lanes: 8,
      rates: openRates,
    },
    componentPort: ground.componentPort,
    secret: ground.secret,
    healthPort,
    sqsEndpoint,
    dynamodbEndpoint: ground.dynamodbEndpoint,
    logFile: join(ground.folder, "connector.log"),
  });
  const stop = endsWithUs(async () => {
    await connector.stop(stopMs);
    await stopStub();
  });
  await waitUntil(() => isConnected(healthPort), {
    what: "the connector's stream",
    timeoutMs: connectedMsMax,
  });
  return {
    pid: connector.pid,
    onProgress(listener) {
      stub
        .removeAllListeners("message")
        .on("message", ({ taken, deleted }: { taken: number; deleted: number }) =>
          listener({ taken, confirmed: deleted }),
        );
    },
    send: (stanzas, to, body) => void stub.send({ stanzas, inMessage, to, domain, body }),
    stop,
  };
}
