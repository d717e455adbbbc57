/** A connector between a hand-played server and queues that a test plays by hand, too. */
import type { TestContext } from "node:test";
import type { ReceivedMessage } from "#aws/queues.ts";
import type { ReadSecret } from "#aws/secret.ts";
import {
  type ComponentServer,
  type ComponentServerOptions,
  type Peer,
  startComponentServer,
} from "#bench/component-server.ts";
import { makeConnector } from "#connector/connector.ts";
import type { DialOptions } from "#connector/dial.ts";
import { type Lease, makeNoLease } from "#connector/lease.ts";
import type { Log, LogFields } from "#connector/log.ts";
import {
  encodeItem,
  type InboundItem,
  type OutboundItem,
  readInboundPack,
  writePack,
} from "#core/contract/envelope.ts";
import type { QueueName } from "#core/contract/queues.ts";
import { type Limits, limits } from "#core/limits.ts";
import { openPolicy, type Policy } from "#core/policy.ts";
import type { Tracer } from "#core/trace.ts";
import { type Call, type HandQueues, makeHandQueues } from "./hand-queues.ts";

export const domain = "im.example.com";
export const secret = "geheim-ß-秘密";

/** The items that were sent to a queue, in order. */
export function itemsSent(calls: readonly Call[], queue: QueueName): InboundItem[] {
  return calls.flatMap((call) =>
    call.kind === "send" && call.queue === queue
      ? call.messages.flatMap(({ body }) => {
          const pack = readInboundPack(body);
          if (!pack.ok) throw new Error(pack.error.text);
          return pack.value.items;
        })
      : [],
  );
}

/** Ids of the messages in calls of one kind. */
export function idsOf(calls: readonly Call[], kind: "remove" | "extend"): string[] {
  return calls.flatMap((call) => (call.kind === kind ? call.messages.map(({ id }) => id) : []));
}

let made = 0;

/** A message as a poll returns it. */
export function outbound(
  id: string,
  items: readonly Partial<OutboundItem>[],
  group = `g-${id}`,
): ReceivedMessage {
  const whole = items.map((item, index) =>
    encodeItem({
      id: `${id}.${index}`,
      time: new Date().toISOString(),
      trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      hops: 1,
      xml: "",
      ...item,
    }),
  );
  return rawOutbound(id, writePack(whole), group);
}

export function rawOutbound(id: string, body: string, group = `g-${id}`): ReceivedMessage {
  made += 1;
  return { id, body, receipt: `receipt-${made}`, group, sequence: String(made), receives: 1, sentAt: 0 };
}

export const chat = (id: string, body = id, user = "nina", contact = "alice@localhost") =>
  `<message type="chat" id="${id}" from="${user}@${domain}" to="${contact}"><body>${body}</body></message>`;

export const inboundChat = (id: string, body = id, user = "nina", contact = "alice@localhost") =>
  `<message type="chat" id="${id}" from="${contact}/phone" to="${user}@${domain}"><body>${body}</body></message>`;

/** Availability of nina; without `to` a template. */
export const presence = (to?: string) =>
  `<presence from="nina@${domain}/causeway"${to === undefined ? "" : ` to="${to}"`}/>`;

/** Condition: these messages have been deleted. */
export const removed =
  (...ids: string[]) =>
  (calls: readonly Call[]) =>
    ids.every((id) => idsOf(calls, "remove").includes(id));

export interface Rig {
  readonly server: ComponentServer;
  readonly queues: HandQueues;
  readonly connector: ReturnType<typeof makeConnector>;
  readonly logs: readonly { readonly event: string; readonly fields: LogFields }[];
  /** The next stream that is up. */
  accept(): Promise<Peer>;
  /** Resolves with the next log line of this event, past ones that were returned excluded. */
  logged(event: string): Promise<LogFields>;
}

export interface RigOptions {
  readonly limits?: Partial<Limits>;
  /** Is given how often the table was asked, this time included: first before the first server is dialled. */
  readonly takeFence?: (asked: number) => number | Promise<number>;
  readonly lanes?: number;
  /** Default: the connector is alone. */
  readonly lease?: Lease;
  readonly now?: () => number;
  readonly tracer?: Tracer;
  /** Default: everything is allowed. */
  readonly readPolicy?: () => Promise<Policy>;
  readonly readSecret?: ReadSecret;
  readonly tls?: ComponentServerOptions["tls"];
  /** How the server is dialled; default: as it says. */
  readonly dial?: Partial<DialOptions>;
}

/** Starts a connector and its server; both end with the test. */
export async function startRig(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const server = await startComponentServer({ domain, secret, ...(options.tls && { tls: options.tls }) });
  const queues = makeHandQueues();
  const logs: { event: string; fields: LogFields }[] = [];
  let asked = 0;
  const seen = new Map<string, number>();
  const waiters = new Set<() => void>();
  const log: Log = (_, event, fields = {}) => {
    logs.push({ event, fields });
    for (const wake of waiters) wake();
  };
  const takeFence = async () => {
    asked += 1;
    return options.takeFence?.(asked) ?? asked;
  };
  const connector = makeConnector({
    domain,
    readSecret: options.readSecret ?? (async () => secret),
    service: server.service,
    ...options.dial,
    lanes: options.lanes ?? 8,
    queues,
    table: { readPolicy: options.readPolicy ?? (async () => openPolicy) },
    lease: options.lease ?? makeNoLease(domain, { takeFence }),
    log,
    limits: {
      ...limits,
      backoffMsMin: 5,
      backoffMsMax: 20,
      closeMsMax: 500,
      stopMsMax: 2_000,
      pollGraceMs: 10,
      ...options.limits,
    },
    ...(options.now && { now: options.now }),
    ...(options.tracer && { tracer: options.tracer }),
  });
  t.after(async () => {
    // A send that the test never answered must not keep the connector from stopping.
    queues.answer = () => [];
    await server.close();
    await connector.stop();
  });
  connector.start();
  return {
    server,
    queues,
    connector,
    logs,
    accept: server.accept,
    async logged(event) {
      const skip = seen.get(event) ?? 0;
      for (;;) {
        const found = logs.filter((line) => line.event === event)[skip];
        if (found) {
          seen.set(event, skip + 1);
          return found.fields;
        }
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiters.delete(wake);
            resolve();
          };
          waiters.add(wake);
        });
      }
    },
  };
}
