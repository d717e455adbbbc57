/** Lines in and out of the terminal, without what arrives tearing apart what is being typed. */
import { createInterface } from "node:readline/promises";

export interface Terminal {
  /** Whether a person sits there, rather than a pipe. */
  readonly interactive: boolean;
  /** Prints above the line that is being typed. */
  print(text: string): void;
  /** Shows the prompt; it stays the prompt. */
  prompt(text: string): void;
  close(): void;
}

export interface TerminalEvents {
  readonly line: (line: string) => void;
  /** Input has ended. */
  readonly end: () => void;
  readonly interrupt: () => void;
}

export function openTerminal(events: TerminalEvents): Terminal {
  const { stdin, stdout } = process;
  const interactive = stdin.isTTY === true && stdout.isTTY === true;
  const lines = createInterface({ input: stdin, output: stdout, terminal: interactive });
  lines.on("line", (line) => {
    events.line(line);
    if (interactive) lines.prompt();
  });
  lines.on("close", events.end);
  lines.on("SIGINT", events.interrupt);
  return {
    interactive,
    print(text) {
      if (!interactive) {
        stdout.write(`${text}\n`);
        return;
      }
      // Back to the start of the prompt's line, and clear to the end of the screen.
      stdout.write(`\r\u001b[J${text}\n`);
      lines.prompt(true);
    },
    prompt(text) {
      if (!interactive) return;
      lines.setPrompt(text);
      lines.prompt(true);
    },
    close() {
      lines.removeListener("close", events.end);
      lines.close();
      // A pipe that stays open would keep the process.
      stdin.destroy();
    },
  };
}
