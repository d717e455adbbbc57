export const serverKinds = ["prosody", "ejabberd"] as const;
export type ServerKind = (typeof serverKinds)[number];

export interface Account {
  /** Localpart of the bare JID. */
  readonly name: string;
  readonly password: string;
}

/** The net of a server that talks to others, all on 127.0.0.1. */
export interface Federation {
  /** Where it listens for other servers. */
  readonly port: number;
  /** Where it finds the servers of other domains, components' too: it asks no DNS. */
  readonly peers: Readonly<Record<string, number>>;
}

export interface ServerOptions {
  /** Everything that the server keeps: configuration, data, certificate. */
  readonly folder: string;
  readonly logFile: string;
  /** The domain of the accounts. */
  readonly domain: string;
  readonly accounts: readonly Account[];
  /** The domains that components serve, all at one port and with one secret. */
  readonly componentDomains: readonly string[];
  readonly secret: string;
  readonly xmppPort: number;
  readonly componentPort: number;
  /** WebSocket (RFC 7395) at /xmpp-websocket. */
  readonly httpPort: number;
  /** Default: no way out of this machine, and none in. */
  readonly federation?: Federation;
}
