/** What people see of an import. Pure. */
import type { Checkpoint } from "./checkpoint.ts";

export type Counts = Checkpoint["counts"];

export interface Progress {
  readonly counts: Counts;
  /** Lines done before this run. */
  readonly linesBefore: number;
  /** Bytes of the file that are done with: now, when this run began, and in all. */
  readonly bytes: { readonly done: number; readonly before: number; readonly all: number };
  /** Since this run began. */
  readonly elapsedMs: number;
}

/** Lines done with, of all kinds. */
export function linesDone({ sent, rejected, silent }: Counts): number {
  return sent + rejected + silent;
}

/** `12,000 lines (40 %), 3,100/s, 2 rejected, 6 s left`. */
export function progressText({ counts, linesBefore, bytes, elapsedMs }: Progress): string {
  const lines = linesDone(counts);
  const share = bytes.all === 0 ? 100 : Math.floor((bytes.done * 100) / bytes.all);
  const perSecond = Math.round(((lines - linesBefore) * 1000) / Math.max(elapsedMs, 1));
  const bytesPerMs = (bytes.done - bytes.before) / Math.max(elapsedMs, 1);
  const left = bytesPerMs > 0 ? `, ${duration((bytes.all - bytes.done) / bytesPerMs)} left` : "";
  return `${amount(lines)} lines (${share} %), ${amount(perSecond)}/s, ${amount(counts.rejected)} rejected${left}`;
}

/** `100,000 lines: 99,990 events sent, 2 rejected, 8 blank, comment or header`; of a check `99,990 good`. */
export function summaryText(counts: Counts, onlyChecked = false): string {
  const { sent, rejected, silent } = counts;
  const lines = linesDone(counts);
  const words = onlyChecked ? "good" : `${sent === 1 ? "event" : "events"} sent`;
  const rest = silent === 0 ? "" : `, ${amount(silent)} blank, comment or header`;
  return `${amount(lines)} ${lines === 1 ? "line" : "lines"}: ${amount(sent)} ${words}, ${amount(rejected)} rejected${rest}`;
}

/** `7 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  const s = Math.ceil(ms / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

function amount(count: number): string {
  return count.toLocaleString("en-US");
}
