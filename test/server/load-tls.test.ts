// What is wrong with a certificate is said when the server starts, by the name of the file and with the cure.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import type { AppError } from "../../src/base/errors.ts";
import { loadTls } from "../../src/server/load-tls.ts";
import { createSelfSignedCertificate } from "../support/self-signed-certificate.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const day = 86_400_000;
const made = await createSelfSignedCertificate();

/** What is said of files with these contents; an absent one is not written. */
async function complaintAbout(files: { cert?: string; key?: string }): Promise<AppError & { dir: string }> {
  await using folder = await createTempFolder();
  const [certFile, keyFile] = [join(folder.path, "cert.pem"), join(folder.path, "key.pem")];
  if (files.cert !== undefined) await Bun.write(certFile, files.cert);
  if (files.key !== undefined) await Bun.write(keyFile, files.key);
  try {
    loadTls({ certFile, keyFile }, systemClock);
  } catch (error) {
    return error as AppError & { dir: string };
  }
  throw new Error("nothing was said");
}

describe("a certificate and its key", () => {
  test("are read", async () => {
    await using folder = await createTempFolder();
    const certFile = await folder.write("cert.pem", made.cert);
    const keyFile = await folder.write("key.pem", made.key);
    expect(loadTls({ certFile, keyFile }, systemClock)).toEqual(made);
  });

  test("are none where none are named, and one is not enough", () => {
    expect(loadTls({ certFile: undefined, keyFile: undefined }, systemClock)).toBeUndefined();
    for (const files of [
      { certFile: "a", keyFile: undefined },
      { certFile: undefined, keyFile: "b" },
    ]) {
      expect(() => loadTls(files, systemClock)).toThrow("both a certificate and its key");
    }
  });

  test("must be there", async () => {
    const error = await complaintAbout({ key: made.key });
    expect(error.code).toBe("E_NOT_FOUND");
    expect(error.message).toContain("cert.pem");
  });

  test("must be PEM, each its own kind", async () => {
    const wrong = [
      [{ cert: "no certificate", key: made.key }, "cert.pem holds no certificate"],
      [{ cert: made.key, key: made.key }, "cert.pem holds no certificate"],
      [{ cert: made.cert, key: "no key" }, "key.pem holds no private key"],
      [{ cert: made.cert, key: made.cert }, "key.pem holds no private key"],
    ] as const;
    for (const [files, message] of wrong) {
      const error = await complaintAbout(files);
      expect([error.code, error.message]).toEqual(["E_ARGS", expect.stringContaining(message)]);
    }
  });

  test("must belong together", async () => {
    const other = await createSelfSignedCertificate();
    const error = await complaintAbout({ cert: made.cert, key: other.key });
    expect(error.code).toBe("E_ARGS");
    expect(error.message).toMatch(/key\.pem is not the key of .*cert\.pem/);
  });

  test("must be valid today", async () => {
    const [past, future] = [new Date(Date.now() - 2 * day), new Date(Date.now() + day)];
    const old = await createSelfSignedCertificate({ validFrom: past, validTo: new Date(Date.now() - day) });
    const early = await createSelfSignedCertificate({
      validFrom: future,
      validTo: new Date(Date.now() + 2 * day),
    });
    const [expired, unborn] = [await complaintAbout(old), await complaintAbout(early)];
    expect([expired.code, expired.message]).toEqual(["E_ARGS", expect.stringContaining("expired on")]);
    expect([unborn.code, unborn.message]).toEqual([
      "E_ARGS",
      expect.stringContaining("clock of this machine"),
    ]);
  });
});
