/** What events and errors in the logs mean to people. A table. */
export interface FailureKind {
  readonly level: "fail" | "warn";
  /** After the name of a part. */
  readonly says: string;
  readonly next: string;
}

interface Row extends FailureKind {
  /** What the event and the reason, side by side, are like. */
  readonly like: RegExp;
}

const errors = "docs/runbook.md#function-errors";

/** The first that fits. */
const rows: readonly Row[] = [
  {
    like: /AccessDenied|NotAuthorized/,
    level: "fail",
    says: "may not do what it has to",
    next: `give its role the action that is named, or deploy the compute stack again; ${errors}`,
  },
  {
    like: /Throttl|ProvisionedThroughputExceeded|RequestLimit/,
    level: "fail",
    says: "is throttled by AWS",
    next: "what waits is tried again by itself; look at the quota or capacity of what is named; docs/runbook.md#function-throttles",
  },
  {
    like: /ResourceNotFound|NonExistent|DoesNotExist/,
    level: "fail",
    says: "misses a queue or the table",
    next: `compare its environment with the state stack; ${errors}`,
  },
  {
    like: /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRESET|TimeoutError/,
    level: "fail",
    says: "does not reach AWS",
    next: "npm run ops -- doctor; is the network up, and the region's status page green?",
  },
  {
    like: /^runtime /,
    level: "fail",
    says: "was ended by Lambda",
    next: `look at its log around that time; ${errors}`,
  },
  {
    like: /^fault /,
    level: "fail",
    says: "met a fault in our own code",
    next: `npm run ops -- dead-letters list --reason fault, then report it with what it shows; ${errors}`,
  },
  {
    like: /^stream\.shared /,
    level: "fail",
    says: "shares its stream with another connection",
    next: "end the other one; docs/runbook.md#lease-flapping",
  },
  {
    like: /^secret\.failed /,
    level: "fail",
    says: "cannot read the component's secret",
    next: "docs/runbook.md#rotate-the-secret",
  },
  {
    like: /^lease\./,
    level: "warn",
    says: "had trouble with its lease",
    next: "docs/runbook.md#lease-flapping",
  },
  {
    like: /^inbound\.refused /,
    level: "warn",
    says: "refuses somebody who sends too much",
    next: "docs/runbook.md#stop-a-spammer",
  },
  {
    like: /^retry |\.retry /,
    level: "warn",
    says: "tries again",
    next: "look again in a minute; npm run ops -- queues shows whether anything waits",
  },
];

const other: FailureKind = { level: "warn", says: "complains", next: "look at its log" };

/** What an event with its reason means. */
export function failureKindOf(event: string, reason: string): FailureKind {
  const found = rows.find(({ like }) => like.test(`${event} ${reason}`));
  if (found === undefined) return { ...other, says: `logged ${event}` };
  const { level, says, next } = found;
  return { level, says, next };
}
