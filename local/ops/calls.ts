/** AWS calls by name, so that a failed one says what was asked of what, and a missing permission is named. */
import type { MiddlewareStack } from "@smithy/types";

interface Call {
  /** As IAM names it: `sqs:ReceiveMessage`. */
  readonly action: string;
  /** The queue, table, parameter or log group; empty where there is none. */
  readonly on: string;
}

const services: Readonly<Record<string, string>> = {
  SQSClient: "sqs",
  DynamoDBClient: "dynamodb",
  SSMClient: "ssm",
  CloudWatchLogsClient: "logs",
  CloudWatchClient: "cloudwatch",
  SecretsManagerClient: "secretsmanager",
};

/** Actions have other names than calls where a call is many in one. */
const actions: Readonly<Record<string, string>> = {
  SendMessageBatch: "SendMessage",
  DeleteMessageBatch: "DeleteMessage",
  ChangeMessageVisibilityBatch: "ChangeMessageVisibility",
};

/** What a call is about, by the first of these that its input has. */
const subjects = ["QueueUrl", "TableName", "logGroupName", "Path", "SecretId"] as const;

const failed = new WeakMap<Error, Call>();

function subjectOf(input: object): string {
  for (const name of subjects) {
    const value: unknown = Reflect.get(input, name);
    if (typeof value === "string")
      return name === "QueueUrl" ? value.slice(value.lastIndexOf("/") + 1) : value;
  }
  return "";
}

interface Client {
  readonly middlewareStack: Pick<MiddlewareStack<object, object>, "add">;
}

/** Notes of each failed call what it was, without changing its error. */
export function namingCalls<C>(client: C & Client): C {
  client.middlewareStack.add(
    (next, { clientName = "", commandName = "" }) =>
      async (args) => {
        try {
          return await next(args);
        } catch (error) {
          const name = commandName.replace(/Command$/, "");
          const action = `${services[clientName] ?? clientName}:${actions[name] ?? name}`;
          if (error instanceof Error) failed.set(error, { action, on: subjectOf(args.input) });
          throw error;
        }
      },
    { step: "initialize", name: "namingCalls" },
  );
  return client;
}

const denied = /AccessDenied|NotAuthorized|UnauthorizedOperation/;
const throttled = /Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded|TooManyRequests/;
const unknownCredentials =
  /CredentialsProviderError|ExpiredToken|InvalidClientTokenId|UnrecognizedClient|InvalidSignature|SignatureDoesNotMatch|MissingAuthenticationToken/;

/** IAM User Guide, "Access denied error messages": the action itself, and the policy that forbids it. */
const deniedAction = /not authorized to perform: ([a-z0-9-]+:[a-z]+)/i;
const explicitDeny = /with an explicit deny in (an? [a-z -]*(?:policy|boundary))/i;

export type Failure = "denied" | "throttled" | "credentials" | "unreachable" | "missing" | "other";

/** Which kind of failure an AWS call met. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return "other";
  if (denied.test(error.name)) return "denied";
  if (throttled.test(error.name)) return "throttled";
  if (unknownCredentials.test(error.name)) return "credentials";
  if (/NonExistentQueue|ResourceNotFound|QueueDoesNotExist/.test(error.name)) return "missing";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return /^E[A-Z_]+$/.test(code) || error.name === "TimeoutError" ? "unreachable" : "other";
}

/**
 * The permission that is missing. AWS names another than the call's where a key is behind it, and may say no more than
 * that it was the key; of its message nothing else is told.
 */
function lackOf({ name, message }: Error, call: Call | undefined): string {
  const what = call === undefined ? "a call" : [call.action, call.on].filter(Boolean).join(" on ");
  const [, told] = deniedAction.exec(message) ?? [];
  const key = told ?? (/KMS/i.test(`${name} ${message}`) ? "kms:Decrypt" : undefined);
  // SQS spells its own actions in small letters.
  const isCall = key === undefined || key.toLowerCase() === call?.action.toLowerCase();
  const [, policy] = explicitDeny.exec(message) ?? [];
  const fix =
    policy === undefined ? "allow it in the role's policy" : `an explicit deny in ${policy} forbids it`;
  return `${isCall ? what : `${key} for ${what}`}: ${fix}`;
}

/**
 * What went wrong, and what mends it, in a line for people.
 *
 * @param who whose permissions count: `profile ops`
 */
export function explainFailure(error: unknown, who: string): string {
  const call = error instanceof Error ? failed.get(error) : undefined;
  const what = call === undefined ? "a call" : [call.action, call.on].filter(Boolean).join(" on ");
  switch (failureOf(error)) {
    case "denied":
      return `${who} lacks ${error instanceof Error ? lackOf(error, call) : what}`;
    case "throttled":
      return `${what} is throttled by AWS: look at the account's quotas, and try again`;
    case "credentials":
      return `${who} has no valid credentials: sign in again (aws sso login), or name another --profile`;
    case "unreachable":
      return `${what} gets no answer (${wordOf(error)}): is the bridge running, and this its region?`;
    case "missing":
      return `${what}: it is not there: is this the right account and region?`;
    case "other":
      return `${what} failed: ${wordOf(error)}`;
  }
}

/** An error's name and code; messages may quote content. */
function wordOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? `${error.name} ${error.code}` : error.name;
}

/** Whether it was a call to AWS that failed, and not our own code. */
export function isFailedCall(error: unknown): boolean {
  return error instanceof Error && failed.has(error);
}
