/** How answers look on a terminal. */

/** Columns as wide as their widest cell, two spaces apart; an empty table is no line at all. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}

const units = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
] as const;

/** `3 min`, `2 d`: whole units, of the largest that fits. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [word, length] = units.find(([, unit]) => whole >= unit) ?? ["s", 1];
  return `${Math.floor(whole / length)} ${word}`;
}

/** `4 min ago`. @param atMs milliseconds since 1970 */
export function ago(atMs: number, nowMs: number): string {
  return `${duration((nowMs - atMs) / 1000)} ago`;
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** Indented, line by line. */
export function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
