/** Stands between the AWS SDK and an engine, passes calls on as they are, and does to some of them what rules say. */
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Behaviour, Engine, Reply } from "./aws-behaviours.ts";
import { type Call, readCall, readMembers } from "./aws-call.ts";

export interface Rule {
  /** Which calls it is about. */
  readonly on: (call: Call) => boolean;
  /** Which part of them it changes, from 0 to 1; default: all. */
  readonly share?: number;
  readonly does: Behaviour;
}

export interface AwsProxy {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** From now on these rules hold, and no others; of several the first that is about a call. None: all calls pass. */
  set(...rules: readonly Rule[]): void;
  /** These hold for all other calls, whatever is set. */
  always(...rules: readonly Rule[]): void;
  /** Calls so far, by action. */
  readonly calls: Readonly<Record<string, number>>;
  /** Calls of them that a rule of {@link set} has changed, by action. */
  readonly changed: Readonly<Record<string, number>>;
  /** Answers of the engine that said that it is at fault (5xx), so far. */
  failed(): number;
  /** Ends every connection. */
  close(): Promise<void>;
}

/**
 * Sees every call before a rule does, with the bytes of its body; the call waits for it. What it resolves with is told
 * the bytes of the engine's answer, where the call has passed as it was.
 */
export type Watch = (call: Call, bytes: number) => Promise<(answerBytes: number) => void>;

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

interface Passed {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** Between two requests of a client: longer than clients wait, so that they are the ones to close. */
const keepAliveMs = 120_000;

/** The whole body. Cheaper than `buffer` of `node:stream/consumers`, which goes by a Blob. */
const bytesOf = async (message: IncomingMessage): Promise<Buffer> => Buffer.concat(await message.toArray());

/** HTTP: from here on the server is at fault. */
const serverFault = 500;

type Pass = (received: Received, signal: AbortSignal) => Promise<Passed>;

/** Passes requests on over connections that stay open. */
function passTo(upstream: string, agent: Agent): Pass {
  return async ({ method, path, headers, body }, signal) => {
    const url = new URL(path, upstream);
    const { connection: _, "transfer-encoding": __, expect: ___, ...kept } = headers;
    const own = { ...kept, host: url.host, "content-length": String(body.length) };
    const outgoing = request(url, { method, headers: own, agent, signal });
    // Before the body: an error may come at any time from now on.
    const answered = once(outgoing, "response");
    outgoing.end(body);
    const [response] = (await answered) as [IncomingMessage];
    return { status: response.statusCode ?? 502, headers: response.headers, body: await bytesOf(response) };
  };
}

/** The engine as a behaviour sees it, for one received call. */
function engineFor(received: Received, pass: Pass, signal: AbortSignal, random: () => number): Engine {
  return {
    random,
    async ask(action, members) {
      const target = String(received.headers["x-amz-target"]).replace(/\..*/, `.${action}`);
      const body = Buffer.from(JSON.stringify(members));
      const headers = { ...received.headers, "x-amz-target": target };
      const passed = await pass({ ...received, headers, body }, signal);
      return { status: passed.status, members: readMembers(passed.body.toString()) };
    },
  };
}

const contentType = "application/x-amz-json-1.0";

function answerWith(answer: ServerResponse, reply: Exclude<Reply, "silence">, call: Call): void {
  if (reply === "reset") {
    answer.destroy();
    return;
  }
  if (reply === "beginning") {
    answer.writeHead(200, { "content-type": contentType, "content-length": 2 });
    answer.write("{");
    return;
  }
  const body = JSON.stringify(reply.members);
  const code =
    String(reply.members["__type"] ?? "")
      .split("#")
      .at(-1) ?? "";
  answer.writeHead(reply.status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    // SQS names its errors there as well, and the SDK prefers it.
    ...(code !== "" && call.service === "sqs" && { "x-amzn-query-error": `${code};Sender` }),
  });
  answer.end(body);
}

/** Serves on 127.0.0.1; a request that fails ends its connection. */
async function listen(
  serve: (incoming: IncomingMessage, answer: ServerResponse) => Promise<void>,
  port = 0,
): Promise<Pick<AwsProxy, "endpoint" | "close">> {
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (incoming, answer) => {
    // The client sees a broken connection, as it would without us.
    serve(incoming, answer).catch(() => answer.destroy());
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Starts a proxy before the engine at `upstream`, which need not serve yet. */
export async function startAwsProxy(options: {
  readonly upstream: string;
  /** Default: any that is free. */
  readonly port?: number;
  /** From 0 to 1; decides which calls a rule changes. Default: 0, so that a rule with a share above 0 changes all. */
  readonly random?: () => number;
  readonly watch?: Watch;
}): Promise<AwsProxy> {
  const { upstream, random = () => 0, watch } = options;
  const agent = new Agent({ keepAlive: true });
  const passed = passTo(upstream, agent);
  const pass: Pass = async (received, signal) => {
    const answer = await passed(received, signal);
    if (answer.status >= serverFault) failed += 1;
    return answer;
  };
  const calls: Record<string, number> = {};
  const changed: Record<string, number> = {};
  const count = (counts: Record<string, number>, action: string) => {
    counts[action] = (counts[action] ?? 0) + 1;
  };
  let failed = 0;
  let rules: readonly Rule[] = [];
  let others: readonly Rule[] = [];

  const serve = async (incoming: IncomingMessage, answer: ServerResponse) => {
    const gone = new AbortController();
    // Who has given up waiting must not receive what nobody would see.
    answer.on("close", () => gone.abort());
    const { method = "POST", url = "/", headers } = incoming;
    const received = { method, path: url, headers, body: await bytesOf(incoming) };
    const call = readCall(headers, received.body.toString());
    count(calls, call.action);
    const onAnswer = await watch?.(call, received.body.length);
    const rule = [...rules, ...others].find(({ on }) => on(call));
    if (rule !== undefined && random() < (rule.share ?? 1)) {
      if (rules.includes(rule)) count(changed, call.action);
      const reply = await rule.does(call, engineFor(received, pass, gone.signal, random));
      if (reply !== "silence") answerWith(answer, reply, call);
      return;
    }
    const passed = await pass(received, gone.signal);
    onAnswer?.(passed.body.length);
    const { connection: _, "keep-alive": __, "transfer-encoding": ___, ...kept } = passed.headers;
    answer.writeHead(passed.status, { ...kept, "content-length": passed.body.length });
    answer.end(passed.body);
  };

  const { endpoint, close } = await listen(serve, options.port);
  return {
    endpoint,
    set(...next) {
      rules = next;
    },
    always(...next) {
      others = next;
    },
    calls,
    changed,
    failed: () => failed,
    async close() {
      await close();
      agent.destroy();
    },
  };
}
