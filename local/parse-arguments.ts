/** Reads a command line, and says what is wrong with it in our words: those of `parseArgs` explain its own notation. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { err, ok, type Result } from "#core/result.ts";

function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [, option = ""] = /'(-[^' ]+)/.exec(error.message) ?? [];
  const code = "code" in error ? error.code : undefined;
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return `${option} is no option here`;
  if (code !== "ERR_PARSE_ARGS_INVALID_OPTION_VALUE") return error.message;
  return error.message.includes("does not take") ? `${option} takes no value` : `${option} needs a value`;
}

/** As `parseArgs`; the error is a line for people, which names the option. */
export function parseArguments<const T extends ParseArgsConfig>(
  config: T,
): Result<ReturnType<typeof parseArgs<T>>, string> {
  try {
    return ok(parseArgs(config));
  } catch (error) {
    return err(faultOf(error));
  }
}
