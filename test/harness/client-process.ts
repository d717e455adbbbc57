import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Inbox, makeInbox } from "./inbox.ts";

/** What a client of another make tells: what its library saw in a stanza, or did. */
export interface ClientEvent {
  readonly kind: string;
}

/** A client of another make, in a process of its own. */
export interface ClientProcess<Event extends ClientEvent, Command> {
  readonly inbox: Inbox<Event>;
  send(command: Command): void;
  /** The next event with these values. */
  next(wanted: Partial<Event>, what?: string): Promise<Event>;
  /** Logs out; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Ends the process in the middle of whatever it does. */
  kill(): void;
}

/** Starts a client that reads its account and then commands as lines of JSON, and writes events as such lines. */
export async function startClient<Event extends ClientEvent, Command>(
  command: string,
  args: readonly string[],
  account: object,
): Promise<ClientProcess<Event, Command>> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const inbox = makeInbox<Event>((event) => JSON.stringify(event));
  createInterface({ input: child.stdout }).on("line", (line) => inbox.put(JSON.parse(line) as Event));
  const write = (value: unknown) => child.stdin.write(`${JSON.stringify(value)}\n`);
  write(account);
  const died = exited.then((code) => {
    throw new Error(`the client ended with ${code}`);
  });
  try {
    await Promise.race([inbox.next(({ kind }) => kind === "ready", "login of the client"), died]);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    inbox,
    send: write,
    next(wanted, what = JSON.stringify(wanted)) {
      const fields = Object.entries(wanted) as [keyof Event, unknown][];
      return inbox.next((event) => fields.every(([key, value]) => event[key] === value), what);
    },
    async stop() {
      child.stdin.end();
      return await exited;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}
