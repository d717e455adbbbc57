/** How a command ends when it is interrupted: what runs is told, and the exit code says by what. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type StopSignal = keyof typeof exitCodes;

export interface Stopping {
  readonly signal: AbortSignal;
  /** Of the signal that came first. */
  exitCode(): number;
}

export function stopOnSignal(): Stopping {
  const stopping = new AbortController();
  let stoppedBy: StopSignal = "SIGTERM";
  const stop = (signal: NodeJS.Signals) => {
    if (!stopping.signal.aborted) stoppedBy = signal as StopSignal;
    stopping.abort();
  };
  // Not just once: npm passes a Ctrl-C on that reaches us by itself as well.
  for (const signal of Object.keys(exitCodes)) process.on(signal, stop);
  return { signal: stopping.signal, exitCode: () => exitCodes[stoppedBy] };
}
