/**
 * The component's secret, read anew for each stream: it can be exchanged without a restart, and an exchange leaves the
 * stream that is up alone.
 */
import { readFile } from "node:fs/promises";
import { limits } from "#core/limits.ts";

export type SecretSource =
  | { readonly kind: "given"; readonly secret: string }
  | { readonly kind: "file"; readonly file: string }
  /** In AWS Secrets Manager; its value as text is the secret. */
  | { readonly kind: "arn"; readonly arn: string };

/** Throws when there is none, or when the signal is aborted. The error never holds the secret. */
export type ReadSecret = (signal: AbortSignal) => Promise<string>;

const common = {
  maxAttempts: limits.awsAttemptsMax,
  requestHandler: {
    connectionTimeout: limits.awsConnectMsMax,
    requestTimeout: limits.awsRequestMsMax,
    throwOnRequestTimeout: true,
    socketTimeout: limits.awsRequestMsMax,
  },
};

async function readArn(arn: string, region: string, signal: AbortSignal): Promise<string> {
  // Only who keeps the secret there pays for the client.
  const { GetSecretValueCommand, SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
  const client = new SecretsManagerClient({ ...common, region });
  try {
    const command = new GetSecretValueCommand({ SecretId: arn });
    return (await client.send(command, { abortSignal: signal })).SecretString ?? "";
  } finally {
    client.destroy();
  }
}

async function read(source: SecretSource, region: string, signal: AbortSignal): Promise<string> {
  switch (source.kind) {
    case "given":
      return source.secret;
    case "file":
      return await readFile(source.file, { encoding: "utf8", signal });
    case "arn":
      return await readArn(source.arn, region, signal);
  }
}

export function makeSecretReader(source: SecretSource, region: string): ReadSecret {
  return async (signal) => {
    const found = await read(source, region, signal);
    // Editors end a file with a line break.
    const secret = source.kind === "given" ? found : found.trim();
    if (secret === "") throw new Error(`the component's secret is empty (${source.kind})`);
    return secret;
  };
}
