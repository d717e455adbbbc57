/** What a fault is, and what it finds around it when it strikes. */
import type { Bridge } from "#local/bridge.ts";
import type { BridgeOptions } from "#local/bridge-options.ts";
import type { ServerKind } from "#local/servers/server.ts";
import type { AwsProxy } from "./aws-proxy.ts";
import type { TcpProxy } from "./tcp-proxy.ts";
import type { Ends } from "./traffic.ts";

export interface Fault {
  /** kebab-case. */
  readonly name: string;
  /** What is done to the bridge, for people: one line. */
  readonly summary: string;
  /** What the bridge has to be like. */
  readonly bridge?: Partial<Pick<BridgeOptions, "connectors" | "concurrency" | "imports" | "lanes">>;
  /** Why it cannot be made on this machine; `undefined` where it can. */
  readonly impossible?: () => string | undefined;
  /** Prepares the folder of the bridge's state before it starts; resolves with what is done when the bridge has ended. */
  readonly prepare?: (stateDir: string) => Promise<() => Promise<void>>;
  /**
   * What may be lost of what a contact's server has taken over: `none`; `ending`, what ejabberd never wrote to a connector, as it
   * drops what it routes to one while it ends a stream that was closed in order, with each stroke as much as comes in a moment;
   * or `window`, with each stroke as much as the connector's window and the kernel hold (kill -9 of connector or server, a dead
   * network).
   */
  readonly inboundLoss: "none" | "ending" | "window";
  /** Whether a confirmation may be lost, so that clients see a message again, under the same id. */
  readonly repeats: boolean;
  /** Whether a holder of the stream may set aside what it read when its lease was over. */
  readonly late?: boolean;
  /** Whether there is no stream for a while, so that servers bounce; default: where `inboundLoss` is not `none`. */
  readonly bounces?: boolean;
  /** What is promised of the time until another connector has the stream, in milliseconds. */
  readonly takeOverMsMax?: number;
  /** Seconds that strokes and recovery take at full size; the traffic lasts longer. */
  readonly lastsS: number;
  /** Strikes while the traffic goes on; resolves when the last stroke is over, recovered or not. */
  strike(rig: Rig): Promise<void>;
}

/** Everything between the two ends of the traffic. */
export interface Rig {
  readonly server: ServerKind;
  readonly bridge: Bridge;
  /** `false` in the short form that `npm test` runs: fewer and shorter strokes. */
  readonly full: boolean;
  /** From 0 to below 1, the same numbers for the same seed. */
  readonly random: () => number;
  /** Resolves when this part (0 to 1) of the traffic has been sent. */
  progress(fraction: number): Promise<void>;
  /** Strikes at once. Each stroke is counted, as the bounds of `inboundLoss` grow with them. */
  stroke(work: () => Promise<void>): Promise<void>;
  /** Strikes so many times, spread evenly over the traffic with some jitter, one after the other. */
  strokes(count: number, stroke: (index: number) => Promise<void>): Promise<void>;
  /** Called right before what may lose inbound messages: notes how many lie between server and connector. */
  noteUnderWay(): void;
  /** Notes how long another connector took to have the stream, in milliseconds. */
  tookOver(ms: number): void;
  /** Between the connectors and the server's component port. */
  readonly link: TcpProxy;
  /** In front of the engines, apart for who asks. */
  readonly aws: {
    readonly connectorSqs: AwsProxy;
    readonly connectorDynamodb: AwsProxy;
    readonly functionsSqs: AwsProxy;
    readonly functionsDynamodb: AwsProxy;
  };
  /** The two ends of the traffic, for what a fault does besides the messages. */
  readonly ends: Ends;
  /** Lines that the bridge has logged so far. */
  readonly logged: readonly string[];
  /** Checked when the traffic has come to rest; what it throws breaks the verdict. */
  afterwards(check: () => void | Promise<void>): void;
  /** Fences under which stanzas were set aside as late, so far. */
  readonly lateFences: ReadonlySet<number>;
  /** A line of progress for people. */
  readonly log: (line: string) => void;
  /** Aborted when the run is given up. */
  readonly signal: AbortSignal;
}
