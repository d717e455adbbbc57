/**
 * Native user id ↔ localpart, injective both ways for every id (docs/decisions/0001-addressing.md).
 *
 * What a localpart may hold literally is a list, so that neither nodeprep nor RFC 7622 can change it; the nine
 * characters of XEP-0106 and the backslash take its escapes, all else takes `\u<hex>;`.
 */
import { limits } from "./limits.ts";
import { err, ok, type Result } from "./result.ts";
import { hasForbiddenCharacters } from "./xmpp/codec.ts";
import { utf8Bytes } from "./xmpp/utf8.ts";

declare const brand: unique symbol;
/** The id of a native user: not empty, legal in XML, short enough for a localpart. Otherwise any text. */
export type UserId = string & { readonly [brand]: "UserId" };

/** XEP-0106 §3.2: these characters, and no others, are written as a backslash and two hex digits. */
const xep0106 = new Map([..." \"&'/:<>@\\"].map((char) => [char, `\\${hexOf(char)}`]));

/** Printable ASCII without upper case and without the characters of XEP-0106: PRECIS and nodeprep keep these. */
const literalAscii = /[!#-%(-.0-9;=?[\]-~]/;

/**
 * Scripts that may stay readable, by the code points that nodeprep knows (Unicode 3.2): Latin, Greek, Cyrillic,
 * kana, Han, Hangul syllables. No right-to-left script (its rules span the whole localpart), no marks, no jamo
 * (they combine with what precedes them).
 */
const readableScripts =
  /[\u00df-\u0220\u0222-\u0233\u1e00-\u1e9b\u1ea0-\u1ef9\u0390-\u03ce\u0430-\u0481\u048a-\u04ce\u04d0-\u04f5\u04f8\u04f9\u3005\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4db5\u4e00-\u9fa5\uac00-\ud7a3]/;

const token = /\\(?:u([0-9a-f]{1,6});|(2[0267f]|3[ace]|40|5c))|[^\\]/gu;

/** Takes a native id, or says why it cannot have an address. */
export function parseUserId(text: string): Result<UserId, string> {
  if (text === "") return err("the user id is empty");
  if (hasForbiddenCharacters(text)) return err("the user id holds a character that XML forbids");
  // Every character takes at least one byte; so nothing huge is escaped only to be refused.
  const fits = text.length <= limits.jidPartBytesMax && utf8Bytes(escapeId(text)) <= limits.jidPartBytesMax;
  return fits
    ? ok(text as UserId)
    : err(`the user id gives a localpart of more than ${limits.jidPartBytesMax} bytes`);
}

/** The localpart under which a user appears where no alias was chosen: prepared already, and no other user's. */
export function localpartOfUser(user: UserId): string {
  return escapeId(user);
}

/**
 * The user behind a localpart, undefined where {@link localpartOfUser} makes that localpart of no id: so two
 * localparts never name one user.
 */
export function userOfLocalpart(localpart: string): UserId | undefined {
  const id = localpart.replace(token, (match, codePoint?: string, xepEscape?: string) => {
    const hex = codePoint ?? xepEscape;
    if (hex === undefined) return match;
    const value = Number.parseInt(hex, 16);
    return value <= 0x10ffff ? String.fromCodePoint(value) : match;
  });
  const user = parseUserId(id);
  return user.ok && localpartOfUser(user.value) === localpart ? user.value : undefined;
}

function escapeId(id: string): string {
  const chars = Array.from(id);
  const last = chars.length - 1;
  return chars
    .map((char, index) => {
      if (isLiteral(char)) return char;
      // XEP-0106 §3.2: `\20` must be neither first nor last.
      const xepEscape = char === " " && (index === 0 || index === last) ? undefined : xep0106.get(char);
      return xepEscape ?? `\\u${hexOf(char)};`;
    })
    .join("");
}

/**
 * Whether a character stays as it is in every localpart: listed, and on its own a fixed point of NFKC and of case
 * folding. None of the listed ones combines with a neighbour, so a text of fixed points is one as well.
 */
function isLiteral(char: string): boolean {
  if (literalAscii.test(char)) return true;
  return (
    readableScripts.test(char) &&
    /\p{L}/u.test(char) &&
    char.normalize("NFKC") === char &&
    char.toLowerCase() === char &&
    // ß and ς are lower case, but fold to ss and σ: the way through upper case shows it.
    char.toUpperCase().toLowerCase() === char
  );
}

function hexOf(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16);
}
