// A certificate and its key from disk, looked at before anything listens: what clients would only call a failed handshake is
// said here, with its cure.
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import { AppError, fromFileSystemError, messageOf } from "../base/errors.ts";

export interface TlsFiles {
  certFile: string | undefined;
  keyFile: string | undefined;
}

/** PEM texts. */
export interface TlsTexts {
  cert: string;
  key: string;
}

/**
 * Undefined where neither file is named. Throws E_ARGS for one without the other, for what is no PEM, for a certificate that
 * is not valid now, and for a key that is not its own; what the file system says of files that cannot be read.
 */
export function loadTls({ certFile, keyFile }: TlsFiles, clock: Clock): TlsTexts | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw new AppError("E_ARGS", "TLS needs both a certificate and its key: --tls-cert and --tls-key");
  }
  const cert = read(certFile);
  const key = read(keyFile);
  const certificate = parse(certFile, "certificate", () => new X509Certificate(cert));
  const privateKey = parse(keyFile, "private key without a passphrase", () => createPrivateKey(key));
  checkTime(certificate, certFile, clock.wallTime());
  if (!isPair(certificate, privateKey)) {
    throw new AppError(
      "E_ARGS",
      `${keyFile} is not the key of ${certFile}: give the two that were made together`,
      {
        certFile,
        keyFile,
      },
    );
  }
  return { cert, key };
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw fromFileSystemError(error, file);
  }
}

function parse<T>(file: string, what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new AppError(
      "E_ARGS",
      `${file} holds no ${what} in PEM form (-----BEGIN …): ${messageOf(error)}`,
      { file },
      error,
    );
  }
}

/** The first certificate of a chain is the server's own. */
function checkTime({ validFrom, validTo }: X509Certificate, file: string, now: Date): void {
  const [from, to] = [new Date(validFrom), new Date(validTo)];
  if (now > to) {
    throw new AppError("E_ARGS", `${file} expired on ${to.toISOString()}: renew the certificate`, { file });
  }
  if (now < from) {
    const message = `${file} is valid from ${from.toISOString()} on: check the clock of this machine`;
    throw new AppError("E_ARGS", message, { file });
  }
}

const isPair = (certificate: X509Certificate, key: KeyObject): boolean => certificate.checkPrivateKey(key);
