import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const validDays = 3650;

export interface Certificate {
  /** PEM files. */
  readonly keyFile: string;
  readonly certificateFile: string;
  /** Key and certificate in one file, as ejabberd wants them. */
  readonly bothFile: string;
}

/**
 * A self-signed certificate for `domain` in `folder`, made once: both servers offer STARTTLS whatever the
 * configuration says, and clients give up on a server that then has no certificate.
 */
export async function ensureCertificate(folder: string, domain: string): Promise<Certificate> {
  const keyFile = join(folder, `${domain}.key`);
  const certificateFile = join(folder, `${domain}.crt`);
  const bothFile = join(folder, `${domain}.pem`);
  if (!existsSync(bothFile)) {
    mkdirSync(folder, { recursive: true });
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const subject = ["-subj", `/CN=${domain}`, "-addext", `subjectAltName=DNS:${domain}`];
    const files = ["-keyout", keyFile, "-out", certificateFile];
    try {
      await run("openssl", ["req", "-x509", ...curve, "-days", String(validDays), ...subject, ...files]);
    } catch (cause) {
      throw new Error("openssl could not make a certificate: is the package openssl installed?", { cause });
    }
    const both = `${readFileSync(certificateFile, "utf8")}${readFileSync(keyFile, "utf8")}`;
    writeFileSync(`${bothFile}.new`, both, { mode: 0o600 });
    renameSync(`${bothFile}.new`, bothFile);
  }
  return { keyFile, certificateFile, bothFile };
}
