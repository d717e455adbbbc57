/** A script of ours in a process of its own, which tells us things and ends with the channel to us. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { basename } from "node:path";
import { tailOf } from "#local/process.ts";

export interface ChildOptions {
  /** Module, and then its arguments. */
  readonly command: readonly [script: string, ...args: string[]];
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Node's own arguments; default: none. */
  readonly execArgv?: readonly string[];
  /** Standard output and error are appended here. */
  readonly logFile: string;
  /** Said to it before it says anything. */
  readonly order?: object;
}

export interface Child<Word> {
  readonly pid: number;
  /** What it said first: that it is there. */
  readonly first: Word;
  /** The next that it says; rejects when it ends instead. */
  nextWord(): Promise<Word>;
  /** Calls this listener, and no other any more, with each that it says. */
  onWord(listener: (word: Word) => void): void;
  say(word: object): void;
  stop(): Promise<void>;
}

/** Starts it; resolves with its first word, and rejects when it ends without one. */
export async function startChild<Word>(options: ChildOptions): Promise<Child<Word>> {
  const { command, env, execArgv = [], logFile, order } = options;
  const [script, ...args] = command;
  const log = openSync(logFile, "a");
  const child: ChildProcess = fork(script, args, {
    env: { ...env },
    execArgv: [...execArgv],
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  const exited = once(child, "exit");
  const ended = exited.then((): never => {
    throw new Error(`${basename(script)} has ended; ${logFile} ends:\n${tailOf(logFile)}`);
  });
  ended.catch(() => {});
  const nextWord = async () => {
    const [word] = await Promise.race([once(child, "message"), ended]);
    return word as Word;
  };
  if (order !== undefined) child.send(order);
  return {
    first: await nextWord(),
    pid: child.pid ?? 0,
    nextWord,
    onWord: (listener) => void child.removeAllListeners("message").on("message", listener),
    say: (word) => void child.send(word),
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
