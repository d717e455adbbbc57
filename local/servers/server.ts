export const serverKinds = ["prosody", "ejabberd"] as const;
export type ServerKind = (typeof serverKinds)[number];

export interface Account {
  /** Localpart of the bare JID. */
  readonly name: string;
  readonly password: string;
}

export interface ServerOptions {
  /** Everything that the server keeps: configuration, data, certificate. */
  readonly folder: string;
  readonly logFile: string;
  /** The domain of the accounts. */
  readonly domain: string;
  readonly accounts: readonly Account[];
  /** The domain that the connector serves. */
  readonly componentDomain: string;
  readonly secret: string;
  readonly xmppPort: number;
  readonly componentPort: number;
  /** WebSocket (RFC 7395) at /xmpp-websocket. */
  readonly httpPort: number;
}
