/** The fields that events are made of. Each names its meaning, which the generated documents show. */
import * as v from "valibot";
import { limits } from "../limits.ts";
import { parseUserId } from "../mapping.ts";
import type { Result } from "../result.ts";
import { aboutPrefix } from "../stanza-id.ts";
import { cleanText, hasForbiddenCharacters } from "../xmpp/codec.ts";
import { type Condition, conditions } from "../xmpp/error.ts";
import { localpartOf, makeBareJid, parseBareJid } from "../xmpp/jid.ts";

/** Words for {@link isPlainText}, as `expected` of a rejection. */
export const plainWords = "text without control characters or lone surrogates";

/** Whether text is safe as an id or address: what XML 1.0 forbids and every control character is refused. */
export function isPlainText(text: string): boolean {
  return !hasForbiddenCharacters(text) && !/\p{Cc}/u.test(text);
}

/** Runs a parser of ours; where it refuses, its sentence says why and `expected` what it wants. */
function parsedBy<T>(parse: (text: string) => Result<T, string>, expected: string) {
  return v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
    const parsed = parse(dataset.value);
    if (parsed.ok) return parsed.value;
    addIssue({ message: parsed.error, expected });
    return NEVER;
  });
}

const rfc3339 =
  /^(\d{4}-\d\d-(\d\d))[Tt]((?:[01]\d|2[0-3]):[0-5]\d):(?:([0-5]\d)|60)(\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Reads an RFC 3339 §5.6 date and time, spelled so that every date parser takes it: upper case, and the leap
 * second :60, which RFC 3339 §5.7 allows and JavaScript does not, as :59.
 */
function parseTime(text: string): Result<string, string> {
  const [, date, day, minute, second, fraction = "", zone = ""] = rfc3339.exec(text) ?? [];
  const time = `${date}T${minute}:${second ?? "59"}${fraction}${zone.toUpperCase()}`;
  const atMidnight = new Date(`${date}T00:00:00Z`);
  const real = atMidnight.getUTCDate() === Number(day) && !Number.isNaN(Date.parse(time));
  if (real) return { ok: true, value: time };
  return { ok: false, error: "it is no such date or time" };
}

export function timeField(description: string) {
  return v.pipe(
    v.string(),
    v.description(description),
    v.metadata({ format: "date-time" }),
    parsedBy(parseTime, "an RFC 3339 date and time with its offset, like 2026-11-02T09:30:00Z"),
  );
}

/** Text for people: what XML 1.0 forbids is made safe. */
export function textField(description: string, charsMax?: number) {
  const bounded = v.pipe(v.string(), v.description(description), v.nonEmpty());
  if (charsMax === undefined) return v.pipe(bounded, v.transform(cleanText));
  return v.pipe(bounded, v.maxLength(charsMax), v.transform(cleanText));
}

/** An id or another opaque word. */
export function opaqueField(description: string, charsMax: number = limits.idCharsMax) {
  return v.pipe(
    v.string(),
    v.description(description),
    v.nonEmpty(),
    v.maxLength(charsMax),
    v.metadata({ pattern: "^\\P{Cc}*$" }),
    v.check(isPlainText, plainWords),
  );
}

/**
 * The id of a message of the native user: `/` and digits at its end name attachments, what begins like
 * a stanza id of ours names another event.
 */
export function nativeIdField(description: string) {
  const taken = `^${aboutPrefix}|/[0-9]+$`;
  return v.pipe(
    opaqueField(description),
    v.metadata({ not: { pattern: taken } }),
    v.check(
      (id) => !new RegExp(taken).test(id),
      `an id that neither begins with "${aboutPrefix}" nor ends in a slash and digits`,
    ),
  );
}

/** An id that the other side chose: any text, also longer than we would accept. */
export function foreignIdField(description: string) {
  return v.pipe(v.string(), v.description(description), v.nonEmpty());
}

export const domainField = v.pipe(
  v.string(),
  v.description("The XMPP domain that serves the user; may be left out where only one is served."),
  v.nonEmpty(),
);

const userField = v.pipe(
  v.string(),
  v.description("The native user, as the native system names it."),
  v.nonEmpty(),
  parsedBy(parseUserId, "a user id that fits an XMPP address"),
);

export const contactField = v.pipe(
  v.string(),
  v.description("The contact outside: a bare JID, `name@example.com`."),
  parsedBy(parseBareJid, "a bare JID, like alice@example.com"),
);

/** Who and with whom: the start of most events. */
export const pairFields = { domain: v.exactOptional(domainField), user: userField, contact: contactField };
/** Events about a user alone. */
export const userFields = { domain: v.exactOptional(domainField), user: userField };

export const showField = v.pipe(
  v.picklist(["online", "chat", "away", "xa", "dnd", "offline"]),
  v.description(
    "`online`, `chat` (wants to talk), `away`, `xa` (away for long), `dnd` (do not disturb), `offline`.",
  ),
);

export const subscriptionField = v.pipe(
  v.picklist(["none", "to", "from", "both"]),
  v.description(
    "Who sees whom afterwards: `to` the user sees the contact's presence, `from` the contact sees the user's.",
  ),
);

export const pendingField = v.pipe(
  v.picklist(["none", "in", "out", "both"]),
  v.description("Requests that wait for an answer: `in` the user's, `out` the contact's."),
);

export const conditionField = v.pipe(
  v.picklist(Object.keys(conditions) as Condition[]),
  v.description("The error condition of RFC 6120 §8.3.3."),
);

export const permanentField = v.pipe(
  v.boolean(),
  v.description("True: sending it again will fail again. False: it may work later."),
);

const urlWords = "an http or https URL without blanks, like https://files.example.com/a.png";

export const urlField = v.pipe(
  v.string(),
  v.description("Where it can be fetched."),
  v.maxLength(limits.urlCharsMax),
  v.check(isPlainText, plainWords),
  v.url(urlWords),
  // Clients fetch nothing else, and cut an address at a blank.
  v.check((url) => /^https?:\/\/\S+$/i.test(url), urlWords),
);

/** A user's chosen localpart, prepared as a JID demands. */
export const localpartField = v.pipe(
  opaqueField("The address that the user would like: what stands before the @ of its JID."),
  parsedBy((text) => {
    const jid = makeBareJid(text, "localhost");
    return jid.ok ? { ok: true, value: localpartOf(jid.value) } : jid;
  }, "a localpart that RFC 7622 allows"),
);

export const avatarField = v.pipe(
  v.object({
    url: v.exactOptional(urlField),
    data: v.exactOptional(
      v.pipe(v.string(), v.description("The picture itself, in base64."), v.base64("base64")),
    ),
    mediaType: opaqueField("Media type of the picture, like `image/png`.", limits.nameCharsMax),
  }),
  v.description("A picture, by `url` or as `data`."),
  v.metadata({ oneOf: [{ required: ["url"] }, { required: ["data"] }] }),
  v.check(
    (avatar) => (avatar.url === undefined) !== (avatar.data === undefined),
    "a picture by either `url` or `data`",
  ),
);

const vcardText = (description: string) => v.exactOptional(textField(description, limits.statusCharsMax));

export const vcardField = v.pipe(
  v.object({
    fullName: vcardText("Full name."),
    givenName: vcardText("Given name."),
    familyName: vcardText("Family name."),
    organization: vcardText("Organization."),
    title: vcardText("Position in the organization."),
    email: vcardText("E-mail address."),
    phone: vcardText("Telephone number."),
    url: v.exactOptional(urlField),
    note: vcardText("Anything else."),
  }),
  v.description("What a business card would say (XEP-0054, XEP-0292)."),
);
