/** XEP-0428: the parts of a text that are there for those who do not understand something else in the message. */
import type { Element } from "ltx";
import { ns } from "../xmpp/stanza.ts";

/** From one position to before another, in Unicode code points (XEP-0426). */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** The namespace itself, and what examples of XEP-0461 call it. */
const fallbackNamespaces: readonly (string | undefined)[] = [ns.fallback, "urn:xmpp:feature-fallback:0"];

/**
 * A message's body without the fallback for any of the given namespaces, and that fallback. Ranges that do not fit the text
 * are nobody's; a fallback that does not say what for is for something unknown.
 */
export function splitFallback(
  stanza: Element,
  text: string,
  namespaces: readonly string[],
): { readonly kept: string; readonly fallback: string } {
  const marks = stanza.getChildElements().filter((child) => {
    const { for: purpose } = child.attrs;
    const isFallback = child.getName() === "fallback" && fallbackNamespaces.includes(child.getNS());
    return isFallback && purpose !== undefined && namespaces.includes(purpose);
  });
  if (marks.length === 0 || text === "") return { kept: text, fallback: "" };
  const points = [...text];
  const ranges = marks.flatMap((mark) => rangesOf(mark, points.length));
  return cut(points, ranges);
}

function rangesOf(mark: Element, length: number): Range[] {
  const parts = mark.getChildElements();
  // XEP-0428 §2.2: without children it is about every text of the message.
  if (parts.length === 0) return [{ start: 0, end: length }];
  return parts
    .filter((part) => part.getName() === "body")
    .map(({ attrs }) => ({ start: position(attrs["start"], 0), end: position(attrs["end"], length) }))
    .filter(({ start, end }) => start < end && end <= length);
}

/** What is no position fails every comparison. */
function position(text: string | undefined, absent: number): number {
  if (text === undefined) return absent;
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

function cut(points: readonly string[], ranges: readonly Range[]): { kept: string; fallback: string } {
  const kept: string[] = [];
  const fallback: string[] = [];
  let at = 0;
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    if (start > at) kept.push(...slices(points, at, start));
    fallback.push(...slices(points, Math.max(start, at), end));
    at = Math.max(at, end);
  }
  kept.push(...slices(points, at, points.length));
  return { kept: kept.join(""), fallback: fallback.join("") };
}

/** One text at the most, so that it can be pushed whatever its length. */
function slices(points: readonly string[], start: number, end: number): string[] {
  return start < end ? [points.slice(start, end).join("")] : [];
}
