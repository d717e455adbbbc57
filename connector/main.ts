/** The connector as a process: environment, a connector for each domain, signals, exit. */
import { connectAws } from "#aws/connect.ts";
import { connectTracer } from "#aws/connect-tracer.ts";
import { type ConnectorEnv, readConnectorEnv } from "#aws/connector-env.ts";
import { queuesOfDomain } from "#aws/queues-of-domain.ts";
import { makeSecretReader } from "#aws/secret.ts";
import { limits } from "#core/limits.ts";
import type { Tracer } from "#core/trace.ts";
import { type Connector, makeConnector } from "./connector.ts";
import { serveHealth } from "./health.ts";
import { makeLease, makeNoLease } from "./lease.ts";
import { type Log, makeLog, nameOfError } from "./log.ts";
import { domainFigures, type Figures, metricLine, reportEvery, statusLine } from "./report.ts";

/** A domain's connector and its log. */
interface Served {
  readonly connector: Connector;
  readonly log: Log;
}

const writeLine = (line: string) => process.stdout.write(`${line}\n`);

/** One for each domain, over the same clients. */
function makeAll(env: ConnectorEnv, tracer: Tracer): Served[] {
  const { queues, table } = connectAws(env);
  return env.connections.map(({ secret, ...connection }) => {
    const { domain } = connection;
    const log = makeLog(writeLine, domain);
    const lease = env.leased ? makeLease({ domain, table, limits, log }) : makeNoLease(domain, table);
    const connector = makeConnector({
      ...connection,
      readSecret: makeSecretReader(secret, env.region),
      lanes: env.lanes,
      rates: env.rates,
      queues: queuesOfDomain(queues, domain, env.domains),
      table,
      lease,
      log,
      tracer,
    });
    return { connector, log };
  });
}

/** Stops one; whether it has handed everything over. */
async function stopOne({ connector, log }: Served): Promise<boolean> {
  try {
    await connector.stop();
    log("info", "connector.stopped");
    return true;
  } catch (error) {
    log("error", "connector.stop-failed", { reason: nameOfError(error) });
    return false;
  }
}

/**
 * Stops all at the same time and once, whoever asks first, and ends the process: 0 when everything was handed over in
 * time, else 1.
 */
function stopper(all: readonly Served[], tellLast: () => Promise<void>): (reason: string) => void {
  let stopping = false;
  return (reason) => {
    if (stopping) return;
    stopping = true;
    const left = new Set(all);
    const timer = setTimeout(() => {
      for (const { connector, log } of left) {
        const { windowStanzas, held } = connector.health();
        log("error", "connector.stopped-late", { windowStanzas, held });
      }
      process.exit(1);
    }, limits.stopMsMax);
    const stopped = all.map(async (served) => {
      served.log("info", "connector.stopping", { reason });
      const isDone = await stopOne(served);
      left.delete(served);
      return isDone;
    });
    void Promise.all(stopped).then(async (done) => {
      clearTimeout(timer);
      await tellLast();
      process.exit(done.every(Boolean) ? 0 : 1);
    });
  };
}

/** Metrics go where the log goes; the status to a person, so that the log stays JSON. */
function report(all: readonly Served[], withStatus: boolean): () => void {
  const connectors = all.map(({ connector }) => connector);
  const tellMetrics = (figures: readonly Figures[]) => {
    writeLine(metricLine(figures, Date.now()));
    if (all.length === 1) return;
    for (const [index, one] of figures.entries()) all[index]?.log("info", "figures", domainFigures(one));
  };
  const tellMetricsNow = reportEvery(limits.metricsMs, connectors, tellMetrics, (counters) =>
    counters.takeRoundTrips(),
  );
  if (!withStatus) return tellMetricsNow;
  reportEvery(limits.statusMs, connectors, (figures) => {
    for (const one of figures) console.error(statusLine(one, limits.statusMs / 1000));
  });
  return tellMetricsNow;
}

async function main(): Promise<void> {
  const env = readConnectorEnv();
  if (!env.ok) {
    console.error(`wrong environment: ${env.error}`);
    process.exit(1);
  }
  const log = makeLog(writeLine, env.value.domains.join(","));
  const tracer = connectTracer(env.value.traces, {
    everyMs: limits.traceSendMs,
    sendMsMax: limits.traceSendMsMax,
    onDropped: (spans, reason) => log("warn", "spans.dropped", { spans, reason }),
  });
  const all = makeAll(env.value, tracer);
  const { healthHost, healthPort } = env.value;
  const health = () => ({ domains: all.map(({ connector }) => connector.health()) });
  try {
    await serveHealth(healthHost, healthPort, health);
  } catch (error) {
    console.error(`the health port ${healthHost}:${healthPort} cannot be used: ${String(error)}`);
    process.exit(1);
  }
  const tellMetrics = report(all, env.value.status || process.stdout.isTTY);
  const stop = stopper(all, () => {
    tellMetrics();
    return tracer.flush();
  });
  // With a listener for the first alone, a second one would end the process as Node does by itself: at once.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, stop);
  // Started by a parent that holds a channel to us: without the parent nobody would ever stop us.
  if (process.send) process.once("disconnect", () => stop("disconnect"));
  const { lanes, leased, connections } = env.value;
  for (const [index, { connector, log }] of all.entries()) {
    log("info", "connector.started", { service: connections[index]?.service, lanes, leased });
    connector.start();
  }
}

await main();
