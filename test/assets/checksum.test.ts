import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { hashFile, parseIntegrity } from "../../src/assets/checksum.ts";
import { integrityOf } from "../support/build-tarball.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { makeBytes, sha256 } from "./store-fixture.ts";

test("a file's digests, several at once, over any number of pieces", async () => {
  await using folder = await createTempFolder();
  for (const size of [0, 1, 1 << 20, (1 << 20) + 1, 2_500_000]) {
    const bytes = makeBytes(size);
    const path = await folder.write("x", bytes);
    const { sizeBytes, digests } = await hashFile(path, ["sha256", "sha512", "git-blob"]);
    expect(sizeBytes).toBe(size);
    expect(digests.get("sha256")).toBe(sha256(bytes));
    expect(digests.get("sha512")).toBe(createHash("sha512").update(bytes).digest("hex"));
    expect(digests.get("git-blob")).toBe(
      createHash("sha1").update(`blob ${size}\0`).update(bytes).digest("hex"),
    );
  }
});

test("git's digest is git's", async () => {
  await using folder = await createTempFolder();
  const path = await folder.write("x", "hello\n");
  // `git hash-object` of a file with "hello\n"
  expect((await hashFile(path, ["git-blob"])).digests.get("git-blob")).toBe(
    "ce013625030ba8dba906f756967f9e9ca394464a",
  );
});

test("an integrity is read in any company, and only sha512 counts", () => {
  const bytes = makeBytes(10);
  const digest = createHash("sha512").update(bytes).digest("hex");
  expect(parseIntegrity(integrityOf(bytes))).toEqual({ algorithm: "sha512", digest });
  expect(parseIntegrity(`sha1-abc= ${integrityOf(bytes)}`)).toEqual({ algorithm: "sha512", digest });
  expect(parseIntegrity("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=")).toBe(null);
});

test("hashing stops with its signal", async () => {
  await using folder = await createTempFolder();
  const path = await folder.write("x", makeBytes(100));
  expect(await failureOf(hashFile(path, ["sha256"], { signal: AbortSignal.abort() }))).toMatchObject({
    code: "E_INTERRUPTED",
  });
});

test("a large file is hashed beside the event loop, all digests at once, and that stops with its signal too", async () => {
  await using folder = await createTempFolder();
  const bytes = makeBytes(12 << 20, 8);
  const path = await folder.write("x", bytes);
  let ticks = 0;
  const timer = setInterval(() => void ticks++, 1);
  const { sizeBytes, digests } = await hashFile(path, ["sha256", "sha512", "git-blob"]);
  clearInterval(timer);
  expect(sizeBytes).toBe(bytes.length);
  expect(digests).toEqual(
    new Map([
      ["sha256", createHash("sha256").update(bytes).digest("hex")],
      ["sha512", createHash("sha512").update(bytes).digest("hex")],
      ["git-blob", createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")],
    ]),
  );
  expect(ticks).toBeGreaterThan(0);
  const abort = new AbortController();
  const stopped = failureOf(hashFile(path, ["sha512"], { signal: abort.signal }));
  abort.abort();
  expect(await stopped).toMatchObject({ code: "E_INTERRUPTED" });
});
