/** The file to import: what tells it from another, and its lines from any place on. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { err, ok, type Result } from "#core/result.ts";
import type { InputIdentity } from "./checkpoint.ts";
import { type Line, type Position, splitLines } from "./lines.ts";

/** How much of its beginning goes into its identity. */
const headBytes = 64 * 1024;

export interface InputFile {
  readonly identity: InputIdentity;
  /** The lines behind a place; only what was there when the file was opened. */
  lines(start: Position): AsyncIterable<Line>;
  close(): Promise<void>;
}

/** Opens a file; the error is for people. */
export async function openInputFile(path: string): Promise<Result<InputFile, string>> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return err(code === "ENOENT" ? `there is no ${path}` : `${path} cannot be read: ${message}`);
  }
  const stats = await file.stat();
  if (!stats.isFile()) {
    await file.close();
    return err(`${path} is no regular file: an import must be able to go on in the middle of it`);
  }
  const { size } = stats;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  const head = createHash("sha256").update(buffer.subarray(0, bytesRead)).digest("hex");
  return ok({
    identity: { size, modified: stats.mtime.toISOString(), head },
    lines: (start) => splitLines(start.offset < size ? bytesOf(file, start.offset, size) : nothing(), start),
    close: () => file.close(),
  });
}

function bytesOf(file: FileHandle, from: number, size: number): AsyncIterable<Buffer> {
  return file.createReadStream({ start: from, end: size - 1, autoClose: false });
}

async function* nothing(): AsyncGenerator<Buffer> {}
