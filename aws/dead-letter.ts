import { asciiJson } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";

/** What cannot be used, with the reason; kept in the dead-letter queue of the queue it came from or was for. */
export interface DeadLetter {
  /** A word: `malformed`, `wrong-to`, `fault`, … */
  readonly reason: string;
  /** For people; no personal text. Only its beginning is kept where somebody's id or address makes it long. */
  readonly text: string;
  /** Id of the cause or of the queue message. */
  readonly cause: string;
  readonly trace?: string;
  /** RFC 3339. */
  readonly at: string;
  /** The item as a message of its queue, with all that belongs to it, so that it can be replayed. */
  readonly body?: string;
  /** The item is larger than a letter may be: `body` is its beginning. */
  readonly cut?: true;
  /** Its message group. */
  readonly group: string;
}

/** A letter as a message. Quoting makes an item longer; of one that no longer fits, the beginning is kept. */
export function letterBody(of: DeadLetter): string {
  const letter = { ...of, text: of.text.slice(0, limits.letterTextCharsMax) };
  let text = asciiJson(letter);
  let body = letter.body ?? "";
  while (text.length > limits.queueMessageBytesMax && body !== "") {
    // Nearly all of what fits if every character takes as much as they do on average.
    body = body.slice(0, Math.floor((0.95 * body.length * limits.queueMessageBytesMax) / text.length));
    text = asciiJson({ ...letter, body, cut: true } satisfies DeadLetter);
  }
  return text;
}
