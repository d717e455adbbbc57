/** What is wrong with a line of the imported file. */
export interface Problem {
  /** The field, or `line` where none can be told. */
  readonly field: "line" | "user" | "contact" | "subscription";
  /** What is wrong and what to write instead; holds nothing of the line itself. */
  readonly text: string;
}

/** A line that was not imported. */
export interface RejectedLine {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  readonly problem: Problem;
}

/** One line for people. */
export function describeProblem({ number, problem }: Omit<RejectedLine, "text">): string {
  const field = problem.field === "line" ? "" : `${problem.field}: `;
  return `line ${number}: ${field}${problem.text}`;
}
