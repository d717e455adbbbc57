/** Checks of the way to the XMPP server: its name, its port, its certificate; and how others find the domain. */
import { lookup, resolveSrv } from "node:dns/promises";
import { connect as connectPlain, isIP } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { Authorities } from "#aws/authorities.ts";
import { endpointOf } from "#aws/service.ts";
import { adviceFor } from "#connector/advice.ts";
import { isTls, trustIn } from "#connector/dial.ts";
import { limits } from "#core/limits.ts";
import { type Check, failing, fine, skipped, warning } from "./checks.ts";
import { duration } from "./text.ts";

/** A certificate that ends so soon is to be renewed. */
const certificateDaysMin = 14;
const dayMs = 24 * 3_600_000;

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";

export async function checkServerName(service: string): Promise<Check> {
  const name = "server name";
  const { host } = endpointOf(service);
  if (isIP(host) !== 0) return fine(name, `${host} is an address`);
  try {
    const found = await lookup(host, { all: true });
    return fine(name, `${host} is ${found.map(({ address }) => address).join(", ")}`);
  } catch (error) {
    return failing(
      name,
      `${host} is not found (${codeOf(error)})`,
      "mend its DNS record, or the host in the service",
    );
  }
}

/** Other servers find the component's domain by DNS; inside of one machine nobody asks. */
export async function checkDomainName(domain: string): Promise<Check> {
  const name = `DNS of ${domain}`;
  if (domain === "localhost" || domain.endsWith(".localhost"))
    return skipped(name, "nobody outside can reach it");
  try {
    const records = await resolveSrv(`_xmpp-server._tcp.${domain}`);
    return fine(
      name,
      `other servers find it at ${records.map((each) => `${each.name}:${each.port}`).join(", ")}`,
    );
  } catch {
    try {
      const { address } = await lookup(domain);
      return fine(name, `no SRV record, so other servers try ${address}:5269`);
    } catch (error) {
      const fix = `add an SRV record _xmpp-server._tcp.${domain} that names your XMPP server`;
      return warning(name, `other servers do not find it (${codeOf(error)})`, fix);
    }
  }
}

/** Whether anybody takes a connection. */
export function checkPort(service: string): Promise<Check> {
  const name = "component port";
  const { host, port } = endpointOf(service);
  const at = `${host}:${port}`;
  return new Promise((resolve) => {
    const socket = connectPlain({ host, port, timeout: limits.connectMsMax });
    const end = (check: Check) => {
      socket.destroy();
      resolve(check);
    };
    const fix =
      "is the XMPP server running, does it listen for components there, and does the firewall let us pass?";
    socket.once("connect", () => end(fine(name, `${at} takes connections`)));
    socket.once("timeout", () => end(failing(name, `${at} does not answer`, fix)));
    socket.once("error", (error) => end(failing(name, `${at} takes no connection (${codeOf(error)})`, fix)));
  });
}

/** What a certificate says of its time. @param validTo as TLS gives it */
export function certificateCheck(validTo: string, nowMs: number): Check {
  const leftMs = Date.parse(validTo) - nowMs;
  if (leftMs >= certificateDaysMin * dayMs) {
    return fine("certificate", `it is trusted, and valid for another ${duration(leftMs / 1000)}`);
  }
  const text = `it ends in ${duration(leftMs / 1000)}`;
  return warning("certificate", text, "renew it on the XMPP server");
}

/** Whether the server's certificate would be trusted, as the connector does. */
export async function checkCertificate(service: string, authorities: Authorities = {}): Promise<Check> {
  const name = "certificate";
  if (!isTls(service)) return skipped(name, "the stream is plain: right only inside a private network");
  let trust: Pick<ConnectionOptions, "ca">;
  try {
    trust = trustIn(authorities);
  } catch {
    return failing(name, `${authorities.caFile} cannot be read`, "name a PEM file in CAUSEWAY_XMPP_CA_FILE");
  }
  const { host, port } = endpointOf(service);
  return new Promise((resolve) => {
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket = connectTls({
      host,
      port,
      timeout: limits.connectMsMax,
      minVersion: "TLSv1.2",
      ...servername,
      ...trust,
    });
    const end = (check: Check) => {
      socket.destroy();
      resolve(check);
    };
    socket.once("secureConnect", () =>
      end(certificateCheck(socket.getPeerCertificate().valid_to, Date.now())),
    );
    socket.once("timeout", () =>
      end(
        failing(
          name,
          "the server takes connections and does not answer TLS",
          "does it speak TLS on this port? If it did, it hangs: look at its log and load, and restart it",
        ),
      ),
    );
    socket.once("error", (error) => {
      const code = codeOf(error);
      end(failing(name, `TLS fails (${code})`, adviceFor(code) ?? "see the component port above"));
    });
  });
}
