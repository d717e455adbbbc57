/**
 * The bridge in a process of its own, so that its functions' memory and time are nobody else's. Told what to start by
 * its parent's first message; ends with the channel to it.
 */
import { type Bridge, startBridge } from "#local/bridge.ts";
import type { BridgeOptions } from "#local/bridge-options.ts";

/** What a parent tells: everything but the functions. */
export type BridgeOrder = Omit<BridgeOptions, "log" | "signal" | "onChange">;

const starting = new AbortController();
let bridge: Promise<Bridge> | undefined;

process.on("message", (order: BridgeOrder) => {
  bridge = startBridge({ ...order, log: (line) => console.log(line), signal: starting.signal });
  bridge.then(
    ({ endpoints }) => process.send?.({ endpoints }),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

process.once("disconnect", () => {
  starting.abort(new Error("stopped"));
  void Promise.resolve(bridge)
    .then((running) => running?.stop())
    .finally(() => process.exit(0));
});
// A Ctrl-C in the terminal reaches us as well: whoever has started us ends us in order.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
