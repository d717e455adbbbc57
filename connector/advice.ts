/** Reasons of a stream's end that only people can mend, and what mends them. */
const certificate =
  "the server's certificate is not trusted: name its authority's in xmppCaFile of the deployment, elsewhere in CAUSEWAY_XMPP_CA_FILE";
const expired = "the server's certificate is not valid at this time: renew it";

const rows: Readonly<Record<string, string>> = {
  "not-authorized":
    "the component's secret is not the server's: set the same on both sides; it is read again before the next try",
  "secret-unreadable":
    "the component's secret cannot be read: see secret.failed for why; it is read again before the next try",
  "host-unknown": "the server has no component of this name: add it to the server's configuration",
  conflict: "the server already has this component connected: end the other connector, or share a lease",
  "invalid-from": "the server does not let the component send from this domain: compare both configurations",
  "plain-to-public":
    "the server's address is public and the secret and all messages would cross the net readable: use xmpps://, or set CAUSEWAY_XMPP_PLAIN=allow",
  "ca-file": "CAUSEWAY_XMPP_CA_FILE cannot be read: set it to a PEM file that this process may read",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the server's certificate is for another name: dial the name that stands in it",
  CERT_HAS_EXPIRED: expired,
  CERT_NOT_YET_VALID: expired,
  DEPTH_ZERO_SELF_SIGNED_CERT: certificate,
  SELF_SIGNED_CERT_IN_CHAIN: certificate,
  UNABLE_TO_GET_ISSUER_CERT: certificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: certificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: certificate,
  ERR_SSL_WRONG_VERSION_NUMBER:
    "the server does not speak TLS on this port: dial its TLS port, or use xmpp://",
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    "the server does not speak TLS on this port: dial its TLS port, or use xmpp://",
};

/** One line for people; undefined where trying again may help. */
export function adviceFor(reason: string): string | undefined {
  return Object.hasOwn(rows, reason) ? rows[reason] : undefined;
}
