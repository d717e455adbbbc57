import { spawn } from "node:child_process";
import { once } from "node:events";

const progressMs = 5_000;
const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs a program to its end, and reports now and then how long it has been at it. A signal that ends this process ends the
 * program first. Rejects when it cannot be started.
 *
 * @param what it does, for people
 * @param stdio as of `spawn`; what is piped is in the result
 */
export async function run(command, args, { what, report, ...options }) {
  const begun = Date.now();
  const seconds = () => `${((Date.now() - begun) / 1000).toFixed(0)} s`;
  const child = spawn(command, args, options);
  let stoppedBy;
  const passOn = (signal) => {
    stoppedBy = signal;
    child.kill(signal);
  };
  const telling = setInterval(() => report(`${what} … ${seconds()}`), progressMs);
  for (const signal of stopSignals) process.on(signal, passOn);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (data) => {
      output += data;
    });
  }
  try {
    const [status] = await once(child, "close");
    return { status, output, seconds: seconds() };
  } finally {
    clearInterval(telling);
    for (const signal of stopSignals) process.off(signal, passOn);
    if (stoppedBy !== undefined) process.kill(process.pid, stoppedBy);
  }
}
