/** How a message of the traffic says which one it is: in its id, its text, and so in whatever tells of it. */

export interface Mark {
  readonly direction: "in" | "out";
  readonly user: string;
  /** The local part of its address. */
  readonly account: string;
  readonly sequence: number;
}

const pattern = /\b(in|out)\.(\w+)\.(\w+)\.(\d+)\b/g;

export function markText({ direction, user, account, sequence }: Mark): string {
  return `${direction}.${user}.${account}.${sequence}`;
}

/** Every message that a text tells of, each once. */
export function marksIn(text: string): Mark[] {
  const found = new Map<string, Mark>();
  for (const [whole, direction, user = "", account = "", sequence] of text.matchAll(pattern)) {
    if (direction !== "in" && direction !== "out") continue;
    found.set(whole, { direction, user, account, sequence: Number(sequence) });
  }
  return [...found.values()];
}

/** The name of the pair. */
export function pairOf({ user, account }: Pick<Mark, "user" | "account">): string {
  return `${user} ${account}`;
}
