/** An import from a file of a folder of its own to a queue that does as it is told. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutgoingMessage, SendFailure } from "#aws/queues.ts";
import { openInputFile } from "#local/import/input-file.ts";
import type { Line } from "#local/import/lines.ts";
import { dryRun, type Outcome, type RunOptions, runImport } from "#local/import/run.ts";

/** What the queue answers to a call; undefined takes all of it. */
export type Answer = (
  batch: readonly OutgoingMessage[],
) => readonly SendFailure[] | undefined | Promise<readonly SendFailure[]>;

interface Choice extends Partial<Omit<RunOptions, "input" | "queues">> {
  readonly answer?: Answer;
}

/** The contact of an event. */
export function contactOf({ body }: OutgoingMessage): string {
  return String(JSON.parse(body).data.contact);
}

/** A line for user `number % users` and the contact of that number. */
export function lineOf(number: number, users = 50): string {
  return `user${number % users},c${number}@example.org,both\n`;
}

export type ImportBench = ReturnType<typeof makeImportBench>;

export function makeImportBench() {
  const folder = mkdtempSync(join(tmpdir(), "causeway-import-"));
  const file = join(folder, "contacts.csv");
  /** What people were told. */
  const told: string[] = [];
  /** Calls to the queue. */
  const calls: (readonly OutgoingMessage[])[] = [];
  let linesRead = 0;

  /** All there at once: who reads without a bound has read everything before anything else happens. */
  async function* counted(lines: AsyncIterable<Line>): AsyncGenerator<Line> {
    for (const line of await Array.fromAsync(lines)) {
      linesRead += 1;
      yield line;
    }
  }

  async function run({ answer, ...options }: Choice = {}, act = runImport): Promise<Outcome> {
    const input = await openInputFile(options.file ?? file);
    if (!input.ok) throw new Error(input.error);
    const send = async (_: string, batch: readonly OutgoingMessage[]) => {
      calls.push(batch);
      return (await answer?.(batch)) ?? [];
    };
    try {
      return await act({
        file,
        input: { ...input.value, lines: (start) => counted(input.value.lines(start)) },
        queues: act === dryRun ? undefined : { send },
        target: "queue",
        domain: undefined,
        ownDomains: ["im.example.com"],
        rate: undefined,
        restart: false,
        tell: (text) => told.push(text),
        signal: new AbortController().signal,
        begun: () => undefined,
        ...options,
      });
    } finally {
      await input.value.close();
    }
  }

  return {
    folder,
    file,
    told,
    calls,
    run,
    /** In all runs so far. */
    linesRead: () => linesRead,
    sentContacts: () => calls.flat().map(contactOf),
    writeLines(count: number, users = 50): void {
      writeFileSync(file, Array.from({ length: count }, (_, index) => lineOf(index, users)).join(""));
    },
    /** Stops an import when so many calls were made; their answers come all the same. */
    stopAfter(count: number) {
      const stopping = new AbortController();
      const answer = () => {
        if (calls.length === count) stopping.abort();
        return undefined;
      };
      return { answer, signal: stopping.signal };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
