/** Kinds of variables that several parts of the environment have. */
import * as v from "valibot";

/** Text; the description says what to set the variable to, and stands in every complaint about it. */
export const text = (description: string) => v.pipe(v.string(), v.minLength(1), v.description(description));

export const url = (description: string) =>
  v.pipe(v.string(), v.regex(/^https?:\/\/[^/]/), v.description(description));
