/** One `roster.listed` out of what the table gives. */
import { asciiJson } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";

export interface RosterPage<T> {
  readonly contacts: T[];
  /** The last contact, where there are more. */
  readonly cursor?: string;
}

/** As many contacts as one event holds: addresses and nicknames may be long. A page is never empty for its size. */
export function fittingPage<T extends { readonly contact: string }>(
  contacts: T[],
  cursor: string | undefined,
): RosterPage<T> {
  const bytesMax = limits.eventBytesMax - limits.eventFrameBytesMax;
  let bytes = 0;
  const count = contacts.findIndex((contact) => {
    bytes += asciiJson(contact).length + 1;
    return bytes > bytesMax;
  });
  if (count === -1) return { contacts, ...(cursor === undefined ? {} : { cursor }) };
  const fitting = contacts.slice(0, Math.max(1, count));
  const last = fitting.at(-1)?.contact;
  return { contacts: fitting, ...(last === undefined ? {} : { cursor: last }) };
}
