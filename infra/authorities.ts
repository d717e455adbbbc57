import { readFileSync } from "node:fs";
import { certificatesIn } from "#aws/authorities.ts";

/** What the parameter store takes, in its larger tier. */
const bytesMax = 8 * 1024;

/**
 * The certificates of a PEM file, as text: the image of the connector has no file of yours.
 *
 * @param key of the configuration that names the file
 * @throws when there is none in it, or what is to be kept secret; the message names key, value and fix
 */
export function authoritiesIn(key: string, file: string): string {
  const is = `configuration: ${key} is ${JSON.stringify(file)}, which`;
  let pem: string;
  try {
    pem = readFileSync(file, "utf8");
  } catch {
    throw new Error(
      `${is} cannot be read: set it to a PEM file with the certificate of the authority, by its path from here`,
    );
  }
  const read = certificatesIn(pem);
  if (!read.ok) throw new Error(`${is} ${read.error}`);
  if (read.value.length <= bytesMax) return read.value;
  throw new Error(
    `${is} holds ${read.value.length} bytes of certificates: give those of the server's authority alone, up to ${bytesMax}`,
  );
}
