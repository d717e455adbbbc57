/** Stands before the DynamoDB engine, and refuses calls as AWS does, when it is told to. */
import { once } from "node:events";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";

export type Refusal = "throttled" | "denied";

export interface Refuser {
  /** From now on calls are refused so; `undefined`: none is. */
  refuse(how: Refusal | undefined): void;
  stop(): Promise<void>;
}

/** What AWS answers to a call of that name. */
function answerOf(how: Refusal, action: string): object {
  if (how === "throttled") {
    return {
      __type: "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
      message: "The level of configured provisioned throughput for the table was exceeded.",
    };
  }
  const who = "arn:aws:sts::000000000000:assumed-role/causeway/session";
  return {
    __type: "com.amazon.coral.service#AccessDeniedException",
    message: `User: ${who} is not authorized to perform: dynamodb:${action} on resource: arn:aws:dynamodb:us-east-1:000000000000:table/causeway because no identity-based policy allows it`,
  };
}

export async function startRefuser(port: number, upstream: string): Promise<Refuser> {
  let refusal: Refusal | undefined;
  const server = createServer((request, response) => {
    const pass = async () => {
      const body = await buffer(request);
      const [, action = ""] = String(request.headers["x-amz-target"] ?? "").split(".");
      if (refusal !== undefined) {
        response.writeHead(400, { "content-type": "application/x-amz-json-1.0" });
        response.end(JSON.stringify(answerOf(refusal, action)));
        return;
      }
      const { connection: _, host: __, "content-length": ___, expect: ____, ...headers } = request.headers;
      const { method = "POST" } = request;
      const answer = await fetch(new URL(request.url ?? "/", upstream), {
        method,
        headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
        ...(method !== "GET" && { body }),
      });
      const type = answer.headers.get("content-type") ?? "application/x-amz-json-1.0";
      response.writeHead(answer.status, { "content-type": type });
      response.end(Buffer.from(await answer.arrayBuffer()));
    };
    pass().catch(() => response.destroy());
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    refuse(how) {
      refusal = how;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
