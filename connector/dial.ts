/** The socket to the server: TLS, or plain to where nobody else listens in. */
import { type LookupAddress, type LookupAllOptions, lookup } from "node:dns";
import { readFileSync } from "node:fs";
import { isIP, type LookupFunction, connect as netConnect, type Socket } from "node:net";
import { type ConnectionOptions, connect as tlsConnect } from "node:tls";
import type { Authorities } from "#aws/authorities.ts";
import { endpointOf, isPrivateAddress } from "#aws/service.ts";

export interface DialOptions extends Authorities {
  /** `xmpps://host:port` is TLS from the first byte, `xmpp://host:port` plain. */
  readonly service: string;
  /** Whether plain may leave the private network. */
  readonly plainAllowed?: boolean;
}

/** Takes what was read; `false` stops the reading. */
export interface OnRead {
  readonly buffer: Uint8Array;
  readonly callback: (length: number, buffer: Uint8Array) => boolean;
}

const refusedPlain = () => Object.assign(new Error("plain-to-public"), { code: "plain-to-public" });

type LookupAll = (
  host: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A lookup for a socket that finds a name only if all of its addresses are private. These are the very ones that are
 * dialled: no second answer of the DNS can slip in between.
 */
export function lookupPrivate(lookupAll: LookupAll): LookupFunction {
  return (host, options, callback) => {
    lookupAll(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "");
      const [first] = addresses;
      const isPrivate = addresses.every(({ address }) => isPrivateAddress(address));
      if (first === undefined || !isPrivate) return callback(refusedPlain(), "");
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function dialPlain(host: string, port: number, options: DialOptions, onread: OnRead): Socket {
  if (options.plainAllowed) return netConnect({ host, port, onread });
  // An address is not looked up.
  if (isIP(host) !== 0 && !isPrivateAddress(host)) throw refusedPlain();
  return netConnect({ host, port, onread, lookup: lookupPrivate(lookup) });
}

/**
 * What TLS is told of authorities; a file is read anew each time, so that it can be exchanged.
 *
 * @throws Error with the code `ca-file` where it cannot be read
 */
export function trustIn({ ca, caFile }: Authorities): Pick<ConnectionOptions, "ca"> {
  if (caFile === undefined) return ca === undefined ? {} : { ca };
  try {
    return { ca: readFileSync(caFile) };
  } catch (cause) {
    throw Object.assign(new Error("ca-file", { cause }), { code: "ca-file" });
  }
}

/** The certificate must name the host of the service, as it is what we were told to trust (RFC 6125 §6). */
function dialTls(host: string, port: number, authorities: Authorities, onread: OnRead): Socket {
  const options: ConnectionOptions & { onread: OnRead } = {
    host,
    port,
    onread,
    // RFC 6066 §3: a name, never an address.
    ...(isIP(host) === 0 && { servername: host }),
    ...trustIn(authorities),
    // RFC 9325 §3.1.1
    minVersion: "TLSv1.2",
  };
  return tlsConnect(options);
}

export const isTls = (service: string): boolean => service.startsWith("xmpps:");

/**
 * Begins to connect. Writing may begin after `secureConnect` where {@link isTls}, else after `connect`.
 *
 * @throws Error whose code is a word: `plain-to-public`, `ca-file`; errors of the network are events.
 */
export function dial(options: DialOptions, onread: OnRead): Socket {
  const { host, port } = endpointOf(options.service);
  return isTls(options.service)
    ? dialTls(host, port, options, onread)
    : dialPlain(host, port, options, onread);
}
