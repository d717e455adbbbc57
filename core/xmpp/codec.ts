/** XML 1.0 §2.2 Char, negated; in a `u` pattern a lone surrogate counts as a character of its own. */
const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const forbiddenAll = new RegExp(forbidden, "gu");

/** Whether a text holds what XML 1.0 forbids, even as a reference: most controls, lone surrogates, U+FFFE, U+FFFF. */
export function hasForbiddenCharacters(text: string): boolean {
  return forbidden.test(text);
}

/** The text as XML 1.0 can carry it: vertical tab and form feed become line feeds, the rest U+FFFD. */
export function cleanText(text: string): string {
  return text.replace(forbiddenAll, (char) => (char === "\v" || char === "\f" ? "\n" : "\ufffd"));
}
