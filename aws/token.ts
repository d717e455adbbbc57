import { randomBytes } from "node:crypto";

const tokenBytes = 16;

/** Text that nobody guesses: it proves that whoever names it was told it. */
export function newToken(): string {
  return randomBytes(tokenBytes).toString("base64url");
}
