/** Stands before an engine and notes who calls what: the AWS SDK names its application (`AWS_SDK_UA_APP_ID`) in each request. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** One call, as IAM sees it. */
export interface Call {
  readonly caller: string;
  /** `sqs:SendMessage`, `dynamodb:GetItem` */
  readonly action: string;
  /** The queue or table, by its name. */
  readonly resource: string;
}

export interface RecordingProxy {
  readonly endpoint: string;
  readonly calls: readonly Call[];
  /** Who is refused with an error of the service, until it is nobody again. */
  refuse(caller: string | undefined): void;
  close(): Promise<void>;
}

const services: Readonly<Record<string, string>> = { AmazonSQS: "sqs", DynamoDB_20120810: "dynamodb" };

/** Batches need the right to what they are a batch of. */
const batches: Readonly<Record<string, string>> = {
  SendMessageBatch: "SendMessage",
  DeleteMessageBatch: "DeleteMessage",
  ChangeMessageVisibilityBatch: "ChangeMessageVisibility",
};

const callerOf = (headers: IncomingHttpHeaders) =>
  /\bapp\/(\S+)/.exec(`${headers["user-agent"]} ${headers["x-amz-user-agent"]}`)?.[1];

interface Body {
  readonly QueueUrl?: string;
  readonly TableName?: string;
  /** A transaction needs the rights of its parts. */
  readonly TransactItems?: readonly Readonly<Record<string, { readonly TableName: string }>>[];
}

function callsOf(headers: IncomingHttpHeaders, body: Body): Call[] {
  const caller = callerOf(headers);
  const [target = "", operation = ""] = String(headers["x-amz-target"]).split(".");
  const service = services[target];
  if (caller === undefined || service === undefined) return [];
  const parts = body.TransactItems?.flatMap((item) => Object.entries(item));
  if (parts !== undefined) {
    return parts.map(([kind, { TableName }]) => ({
      caller,
      action: kind === "ConditionCheck" ? `${service}:ConditionCheckItem` : `${service}:${kind}Item`,
      resource: TableName,
    }));
  }
  const resource =
    body.TableName ?? new URL(body.QueueUrl ?? "http://none/none").pathname.split("/").at(-1) ?? "";
  return [{ caller, action: `${service}:${batches[operation] ?? operation}`, resource }];
}

/** Starts a proxy on a free port before the engine at `target`. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const calls: Call[] = [];
  let refused: string | undefined;
  const server = createServer((incoming, answer) => {
    void buffer(incoming).then(
      (body) => {
        const { method, headers, url } = incoming;
        calls.push(...callsOf(headers, JSON.parse(body.toString("utf8") || "{}") as Body));
        if (refused !== undefined && callerOf(headers) === refused) {
          answer.writeHead(500, { "content-type": "application/x-amz-json-1.0" });
          answer.end('{"__type":"InternalServerError"}');
          return;
        }
        const outgoing = request(new URL(url ?? "/", target), { method, headers }, (response) => {
          answer.writeHead(response.statusCode ?? 502, response.headers);
          response.pipe(answer);
        });
        // The client sees a broken connection, as it would without us.
        outgoing.on("error", () => answer.destroy());
        answer.on("close", () => outgoing.destroy());
        outgoing.end(body);
      },
      () => answer.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    refuse(caller) {
      refused = caller;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
