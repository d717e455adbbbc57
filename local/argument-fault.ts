/** What is wrong with a command line, in our words: those of `parseArgs` explain its own notation. */

/**
 * @param error what `parseArgs` has thrown
 * @returns a line for people, which names the option
 */
export function argumentFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [, option = ""] = /'(-[^' ]+)/.exec(error.message) ?? [];
  const code = "code" in error ? error.code : undefined;
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return `${option} is no option here`;
  if (code !== "ERR_PARSE_ARGS_INVALID_OPTION_VALUE") return error.message;
  return error.message.includes("does not take") ? `${option} takes no value` : `${option} needs a value`;
}
