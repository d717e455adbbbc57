/** Text measured and cut as people see it: by graphemes (UAX #29), never inside of one. */

/** The same rules for every language; no locale changes them so far (UAX #29). */
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * The text in pieces of at most so many graphemes each, which together are the text. One piece where it fits, also
 * of an empty text.
 *
 * @param graphemesMax at least 1
 */
export function splitGraphemes(text: string, graphemesMax: number): readonly string[] {
  // A grapheme has one UTF-16 unit at least: almost every text is measured by its length.
  if (text.length <= graphemesMax) return [text];
  const pieces: string[] = [];
  let start = 0;
  let count = 0;
  for (const { index } of segmenter.segment(text)) {
    if (count === graphemesMax) {
      pieces.push(text.slice(start, index));
      start = index;
      count = 0;
    }
    count += 1;
  }
  pieces.push(text.slice(start));
  return pieces;
}
