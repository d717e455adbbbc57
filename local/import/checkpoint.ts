/** How far an import has come: `FILE.progress`, replaced in one step. */
import { open, readFile, rename } from "node:fs/promises";
import * as v from "valibot";
import { err, ok, type Result } from "#core/result.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const range = v.tuple([count, count]);

const checkpointSchema = v.object({
  version: v.literal(1),
  /** The file, as far as one can tell it from another. */
  input: v.object({ size: count, modified: v.string(), head: v.string() }),
  /** Queue and domain that the events went to. */
  target: v.string(),
  finished: v.boolean(),
  /** Undefined until a line has told. */
  format: v.exactOptional(v.picklist(["ndjson", "csv"])),
  /** Every line before it is done. */
  position: v.object({ line: count, offset: count }),
  /** Done as well: lines beyond the position. */
  beyond: v.array(range),
  /** Lines of each kind among those done. */
  counts: v.object({ sent: count, rejected: count, silent: count }),
  /** Size of `FILE.rejected` with all rejected lines of those done. */
  rejectedBytes: count,
});
export type Checkpoint = v.InferOutput<typeof checkpointSchema>;
export type InputIdentity = Checkpoint["input"];

/** Reads a checkpoint; undefined where there is none. */
export async function readCheckpoint(path: string): Promise<Result<Checkpoint | undefined, string>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return ok(undefined);
    throw error;
  }
  try {
    return ok(v.parse(checkpointSchema, JSON.parse(text)));
  } catch {
    return err(`${path} cannot be read: use --restart to begin again`);
  }
}

/** Replaces the checkpoint; whoever reads it, also after a crash, finds the old or the new one as a whole. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const fresh = `${path}.new`;
  const file = await open(fresh, "w");
  try {
    await file.writeFile(`${JSON.stringify(checkpoint)}\n`);
    // A rename may reach the disk before what was written.
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
}

/** Why a checkpoint does not belong to this file and target, and what to do; undefined where it does. */
export function mismatchOf(
  checkpoint: Checkpoint,
  input: InputIdentity,
  target: string,
  paths: { readonly file: string; readonly progress: string },
): string | undefined {
  const { size, modified, head } = checkpoint.input;
  if (size !== input.size || modified !== input.modified || head !== input.head) {
    return (
      `${paths.file} has changed since the import that ${paths.progress} tells of: ` +
      "use --restart to import all of it, or put what is new into another file"
    );
  }
  if (checkpoint.target !== target) {
    return (
      `${paths.file} was being imported into ${checkpoint.target}, not into ${target}: ` +
      "use --restart to import all of it there"
    );
  }
  return undefined;
}
