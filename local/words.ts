/** What an error says, in one line for people. */
export function wordsOf(error: unknown): string {
  // Node's errors of several addresses have a name alone.
  return error instanceof Error ? error.message || error.name : String(error);
}
