import { once } from "node:events";
import { createServer } from "node:http";
import type { Endpoints } from "./endpoints.ts";

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function rowsOf(rows: readonly (readonly [string, string])[]): string {
  return rows
    .map(([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`)
    .join("\n");
}

/** The endpoints as rows for people: in the terminal and on the page. */
export function endpointRows(endpoints: Endpoints): (readonly [string, string])[] {
  const { xmpp, component, furtherComponents = [], sqs, dynamodb } = endpoints;
  const addresses = [component, ...furtherComponents].flatMap(({ domain, users }) =>
    users.map((user) => `${user} is ${user}@${domain}`),
  );
  return [
    [`XMPP (${xmpp.server})`, `${xmpp.host}:${xmpp.port}, domain ${xmpp.domain}`],
    ...xmpp.accounts.map(({ jid, password }) => ["account", `${jid}, password ${password}`] as const),
    ["WebSocket", xmpp.websocket],
    ["native users", addresses.join(", ") || "none"],
    ["SQS", `${sqs.endpoint}, region ${sqs.region}`],
    ["native events", sqs.queues.nativeEvents],
    ["native deliveries", sqs.queues.nativeDeliveries],
    ["DynamoDB", `${dynamodb.endpoint}, table ${dynamodb.table}`],
    ["health", endpoints.health.map((url) => `${url}/ready`).join(", ")],
    ["page", endpoints.page],
  ];
}

/** The status page. */
function renderPage(endpoints: Endpoints): string {
  const { processes } = endpoints;
  const running: [string, string][] = [
    ["XMPP server", String(processes.xmpp ?? "starting")],
    [
      processes.connectors.length > 1 ? "connectors" : "connector",
      processes.connectors.join(", ") || "starting",
    ],
    ["functions", String(processes.functions)],
    ["DynamoDB", String(processes.dynamodb ?? "not ours")],
  ];
  const [first] = endpoints.component.users;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Causeway on this machine</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
th { text-align: left; padding-right: 2rem; font-weight: 600; vertical-align: top; white-space: nowrap; }
td, code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
</style>
<h1>Causeway runs on this machine</h1>
<h2>Endpoints</h2>
<table>${rowsOf(endpointRows(endpoints))}</table>
<h2>Processes</h2>
<table>${rowsOf(running)}</table>
<h2>Try it</h2>
<p>Log in with any XMPP client as one of the accounts above, and chat from the native side in a terminal:</p>
<p><code>npm run native -- --as ${escapeHtml(first ?? "nina")}</code></p>
<p>This page shows the state at the moment it was loaded.</p>
</html>
`;
}

export interface Page {
  stop(): Promise<void>;
}

/** Serves the status page on 127.0.0.1. */
export async function servePage(port: number, endpoints: () => Endpoints): Promise<Page> {
  const server = createServer((request, response) => {
    const known = request.url === "/" && (request.method === "GET" || request.method === "HEAD");
    const headers = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };
    response.writeHead(known ? 200 : 404, headers);
    response.end(known ? renderPage(endpoints()) : "<!doctype html><title>Not here</title>Not here");
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
