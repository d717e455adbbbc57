/** What every bench is made of. */
import type { ServerKind } from "#local/servers/server.ts";

export interface Settings {
  readonly servers: readonly ServerKind[];
  /** Repetitions of what is compared. */
  readonly runs: number;
  /** A few seconds each: shows that a bench works, and measures nothing. */
  readonly quick: boolean;
  readonly subscribers: number;
  readonly pairs: number;
  readonly soakMinutes: number;
  /** Messages a second of the soak; without it, half of what this machine can do. */
  readonly soakPerS?: number;
}

export type Progress = (line: string) => void;

export interface Outcome {
  /** All that was measured, for a file. */
  readonly figures: object;
  /** The same for people, as Markdown. */
  readonly tables: readonly string[];
}

export interface Bench {
  readonly purpose: string;
  run(settings: Settings, progress: Progress): Promise<Outcome>;
}
