/** What every check of `ops doctor` says. */
export interface Check {
  /** A word or two, the same in every run. */
  readonly name: string;
  /** `skip`: it was not looked at, and why. */
  readonly level: "ok" | "warn" | "fail" | "skip";
  readonly text: string;
  /** What to do, where there is something. */
  readonly fix?: string;
}

export const fine = (name: string, text: string): Check => ({ name, level: "ok", text });
export const skipped = (name: string, text: string): Check => ({ name, level: "skip", text });
export const warning = (name: string, text: string, fix: string): Check => ({
  name,
  level: "warn",
  text,
  fix,
});
export const failing = (name: string, text: string, fix: string): Check => ({
  name,
  level: "fail",
  text,
  fix,
});
