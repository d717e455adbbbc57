/** A hand-played AWS Secrets Manager: the JSON 1.1 protocol of its `GetSecretValue` over real HTTP. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface SecretsManager {
  readonly endpoint: string;
  /** Secrets by ARN; others are not found. */
  readonly secrets: Map<string, string>;
  /** Targets and bodies asked for, in order. */
  readonly requests: readonly { readonly target: string; readonly body: unknown }[];
  close(): Promise<void>;
}

export async function startSecretsManager(): Promise<SecretsManager> {
  const secrets = new Map<string, string>();
  const requests: { target: string; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request));
    requests.push({ target: String(request.headers["x-amz-target"]), body });
    const secret = secrets.get(body.SecretId);
    response.writeHead(secret === undefined ? 400 : 200, { "content-type": "application/x-amz-json-1.1" });
    response.end(
      JSON.stringify(
        secret === undefined
          ? {
              __type: "ResourceNotFoundException",
              message: "Secrets Manager can't find the specified secret.",
            }
          : { ARN: body.SecretId, Name: "XmppSecret", SecretString: secret, VersionStages: ["AWSCURRENT"] },
      ),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secrets,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
