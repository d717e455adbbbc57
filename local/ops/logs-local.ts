/** Logs of a bridge on this machine: files, one a part. */
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { inOrder, type LogLine, type LogQuery, parseLogLine } from "./logs.ts";

/** Of a longer file its end is read. */
const fileBytesMax = 32 * 1024 * 1024;

async function endOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, fileBytesMax);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8");
  } finally {
    await handle.close();
  }
}

function* linesOf(part: string, text: string, { sinceMs, holding }: LogQuery): Generator<LogLine> {
  for (const line of text.split("\n")) {
    if (holding !== undefined && !holding.some((each) => line.includes(each))) continue;
    const parsed = parseLogLine(part, line);
    if (parsed !== undefined && parsed.at >= sinceMs) yield parsed;
  }
}

/** Lines of connectors and functions, and spans where they are kept. A folder that is not there is one without lines. */
export async function readLocalLogs(folder: string, query: LogQuery): Promise<readonly LogLine[]> {
  const files = await readdir(folder).catch(() => []);
  const ours = files.filter((file) => /^(connector|function-|spans).*\.log$/.test(file));
  const parts = ours.map(async (file) => [
    ...linesOf(file.replace(/\.log$/, ""), await endOf(join(folder, file)), query),
  ]);
  return inOrder((await Promise.all(parts)).flat());
}
