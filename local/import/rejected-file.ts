/** Every line that was not imported, with the reason before it: `FILE.rejected`, which can be mended and imported. */
import { type FileHandle, open, rm, stat, truncate } from "node:fs/promises";
import { describeProblem, type RejectedLine } from "./problem.ts";

/** What may wait to be written. */
const bufferedCharsMax = 64 * 1024;

export interface RejectedFile {
  readonly path: string;
  /** Its size with everything that was added. */
  readonly bytes: number;
  add(line: RejectedLine): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the file with the first `keepBytes` of what an earlier run has written; it exists only when it has a line. */
export async function openRejectedFile(path: string, keepBytes: number): Promise<RejectedFile> {
  let bytes = Math.min(keepBytes, await sizeOf(path));
  if (bytes > 0) await truncate(path, bytes);
  else await rm(path, { force: true });
  let file: FileHandle | undefined;
  let buffered = "";
  let written = Promise.resolve();
  const write = async (): Promise<void> => {
    if (buffered === "") return;
    const text = buffered;
    buffered = "";
    file ??= await open(path, "a");
    await file.appendFile(text);
  };
  // One after the other: lines are refused by us and by the queue at the same time.
  const flush = (): Promise<void> => {
    written = written.then(write);
    return written;
  };
  return {
    path,
    get bytes() {
      return bytes;
    },
    async add(line) {
      const text = `# ${describeProblem(line)}\n${line.text}\n`;
      buffered += text;
      bytes += Buffer.byteLength(text);
      if (buffered.length > bufferedCharsMax) await flush();
    },
    flush,
    async close() {
      await flush();
      await file?.close();
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
