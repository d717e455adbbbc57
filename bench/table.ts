/** Tables for people. */

/** A table for a terminal that is Markdown, too; with a heading where it has a title. */
export function tableText(
  title: string | undefined,
  head: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly (string | undefined)[]) =>
    `| ${widths.map((size, column) => (row[column] ?? "").padEnd(size)).join(" | ")} |`;
  const rule = `|${widths.map((size) => "-".repeat(size + 2)).join("|")}|`;
  const [first, ...body] = all.map(line);
  const heading = title === undefined ? [] : [`### ${title}`, ""];
  return [...heading, first, rule, ...body].join("\n");
}

export const ms = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
export const seconds = (value: number) => `${(value / 1000).toFixed(1)} s`;
export const mb = (value: number) => `${value.toFixed(0)} MB`;
export const whole = (value: number) => value.toFixed(0);
export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
