/** Whose certificates count on a TLS stream. */
import { X509Certificate } from "node:crypto";
import { err, ok, type Result } from "#core/result.ts";

/** One of the two at most; default: the authorities that Node trusts. */
export interface Authorities {
  /** PEM text of the only authorities to trust. */
  readonly ca?: string;
  /** PEM file of them. */
  readonly caFile?: string;
}

const begin = "-----BEGIN CERTIFICATE-----";

/**
 * The certificates of a PEM text, each by itself, and nothing else of it (RFC 7468 §5).
 *
 * @returns or what is wrong, to stand behind the text's name; it holds nothing of the text
 */
export function certificatesIn(pem: string): Result<string, string> {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    return err("holds a private key: give the authority's certificate alone");
  }
  const blocks = pem.split(begin).slice(1);
  if (blocks.length === 0) return err(`holds no certificate: give one in PEM, which begins with ${begin}`);
  try {
    return ok(blocks.map((block) => new X509Certificate(begin + block).toString()).join(""));
  } catch {
    return err("holds a certificate that cannot be read: copy it whole, in PEM");
  }
}
