/** Text measured and cut as people see it: by graphemes (UAX #29), never inside of one. */

/** The same rules for every language; no locale changes them so far (UAX #29). */
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * The text in pieces of at most so many graphemes each, which together are the text. One piece where it fits, also
 * of an empty text.
 *
 * @param graphemesMax at least 1
 * @returns undefined where it would take more than `piecesMax`, however much more
 */
export function splitGraphemes(
  text: string,
  graphemesMax: number,
  piecesMax: number,
): readonly string[] | undefined {
  // A grapheme has one UTF-16 unit at least: almost every text is measured by its length.
  if (text.length <= graphemesMax) return [text];
  const pieces: string[] = [];
  let start = 0;
  let count = 0;
  for (const { index } of segmenter.segment(text)) {
    if (count === graphemesMax) {
      // One more piece is to come.
      if (pieces.length + 1 === piecesMax) return undefined;
      pieces.push(text.slice(start, index));
      start = index;
      count = 0;
    }
    count += 1;
  }
  pieces.push(text.slice(start));
  return pieces;
}
