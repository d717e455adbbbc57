/** The connector as a process: environment, signals, exit. */
import { connectAws } from "#aws/connect.ts";
import { connectTracer } from "#aws/connect-tracer.ts";
import { readConnectorEnv } from "#aws/connector-env.ts";
import { makeSecretReader } from "#aws/secret.ts";
import { limits } from "#core/limits.ts";
import { prepareDomain } from "#core/xmpp/jid.ts";
import { type Connector, makeConnector } from "./connector.ts";
import { serveHealth } from "./health.ts";
import { makeLease, makeNoLease } from "./lease.ts";
import { type Log, makeLog } from "./log.ts";
import { type Figures, metricLine, reportEvery, statusLine } from "./report.ts";

/** Stops once, whoever asks first, and ends the process: 0 when everything was handed over in time, else 1. */
function stopper(connector: Connector, log: Log, tellLast: () => Promise<void>): (reason: string) => void {
  let stopping = false;
  return (reason) => {
    if (stopping) return;
    stopping = true;
    log("info", "connector.stopping", { reason });
    const timer = setTimeout(() => {
      const { windowStanzas, held } = connector.health();
      log("error", "connector.stopped-late", { windowStanzas, held });
      process.exit(1);
    }, limits.stopMsMax);
    void connector.stop().then(async () => {
      clearTimeout(timer);
      await tellLast();
      log("info", "connector.stopped");
      process.exit(0);
    });
  };
}

/** Metrics go where the log goes; the status to a person, so that the log stays JSON. */
function report(connector: Connector, withStatus: boolean): () => void {
  const { takeRoundTrips } = connector.counters;
  const tellMetrics = (figures: Figures) => process.stdout.write(`${metricLine(figures, Date.now())}\n`);
  const tellMetricsNow = reportEvery(limits.metricsMs, connector, tellMetrics, takeRoundTrips);
  if (!withStatus) return tellMetricsNow;
  const tellStatus = (figures: Figures) => console.error(statusLine(figures, limits.statusMs / 1000));
  reportEvery(limits.statusMs, connector, tellStatus);
  return tellMetricsNow;
}

async function main(): Promise<void> {
  const env = readConnectorEnv();
  const domain = env.ok ? prepareDomain(env.value.domain) : env;
  if (!env.ok || !domain.ok) {
    console.error(
      `wrong environment: ${env.ok ? `CAUSEWAY_DOMAINS: ${domain.ok || domain.error}` : env.error}`,
    );
    process.exit(1);
  }
  const log = makeLog((line) => process.stdout.write(`${line}\n`), domain.value);
  const { queues, table } = connectAws(env.value);
  const tracer = connectTracer(env.value.traces, {
    everyMs: limits.traceSendMs,
    sendMsMax: limits.traceSendMsMax,
    onDropped: (spans, reason) => log("warn", "spans.dropped", { spans, reason }),
  });
  const lease = env.value.leased
    ? makeLease({ domain: domain.value, table, limits, log })
    : makeNoLease(domain.value, table);
  const connector = makeConnector({
    ...env.value,
    domain: domain.value,
    readSecret: makeSecretReader(env.value.secret, env.value.region),
    queues,
    table,
    lease,
    log,
    tracer,
  });
  const { healthHost, healthPort } = env.value;
  try {
    await serveHealth(healthHost, healthPort, connector.health);
  } catch (error) {
    console.error(`the health port ${healthHost}:${healthPort} cannot be used: ${String(error)}`);
    process.exit(1);
  }
  const tellMetrics = report(connector, env.value.status || process.stdout.isTTY);
  const stop = stopper(connector, log, () => {
    tellMetrics();
    return tracer.flush();
  });
  process.once("SIGTERM", () => stop("SIGTERM"));
  process.once("SIGINT", () => stop("SIGINT"));
  // Started by a parent that holds a channel to us: without the parent nobody would ever stop us.
  if (process.send) process.once("disconnect", () => stop("disconnect"));
  log("info", "connector.started", {
    service: env.value.service,
    lanes: env.value.lanes,
    leased: env.value.leased,
  });
  connector.start();
}

await main();
