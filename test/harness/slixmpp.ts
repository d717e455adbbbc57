import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Inbox, makeInbox } from "./inbox.ts";

/** What the client tells about a stanza that arrived. */
export interface SlixmppEvent {
  readonly kind: "ready" | "message" | "presence";
  readonly from?: string;
  readonly type?: string;
  readonly id?: string;
  readonly body?: string;
  readonly show?: string;
  readonly status?: string;
}

/** A stanza to send. */
export type SlixmppCommand =
  | { readonly kind: "message"; readonly to: string; readonly id: string; readonly body: string }
  | {
      readonly kind: "presence";
      readonly to?: string;
      readonly type?: string;
      readonly show?: string;
      readonly status?: string;
    };

export interface SlixmppAccount {
  readonly jid: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly certificate: string;
}

/** A client of another make, in a process of its own. */
export interface SlixmppClient {
  readonly inbox: Inbox<SlixmppEvent>;
  send(command: SlixmppCommand): void;
  /** Logs out; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Ends the process in the middle of whatever it does. */
  kill(): void;
}

const program = join(import.meta.dirname, "../fixtures/slixmpp_client.py");

/** Logs in with Debian's slixmpp. */
export async function startSlixmpp(account: SlixmppAccount): Promise<SlixmppClient> {
  const child = spawn("/usr/bin/python3", [program], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const inbox = makeInbox<SlixmppEvent>((event) => JSON.stringify(event));
  createInterface({ input: child.stdout }).on("line", (line) => inbox.put(JSON.parse(line) as SlixmppEvent));
  const write = (value: object) => child.stdin.write(`${JSON.stringify(value)}\n`);
  write(account);
  try {
    await inbox.next(({ kind }) => kind === "ready", "login with slixmpp");
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    inbox,
    send: write,
    async stop() {
      child.stdin.end();
      return await exited;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}
