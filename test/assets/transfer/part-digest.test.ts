import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { hashFile } from "../../../src/assets/checksum.ts";
import { createPartDigest } from "../../../src/assets/transfer/part-digest.ts";
import { openPartFile, selectSmallProved } from "../../../src/assets/transfer/part-file.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { makeBytes, sha256 } from "../store-fixture.ts";

const live = new AbortController().signal;
const large = makeBytes(9 << 20, 3);
const small = makeBytes(70_000, 4);
const gitOid = (bytes: Uint8Array): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

test("a large part has its digest when its last byte is there, whatever the order of its ranges", async () => {
  await using folder = await createTempFolder();
  const algorithms = ["sha256", "sha512", "git-blob"] as const;
  const digest = { algorithms, sizeBytes: large.length };
  const path = join(folder.path, "x.part");
  await using part = await openPartFile(path, "a", { clock: systemClock, digest });
  part.describe({ sizeBytes: large.length });
  const third = 3 << 20;
  for (const at of [2 * third, 0, third]) await part.write(large.subarray(at, at + third), at);
  const found = await part.digest(live);
  expect(found?.sizeBytes).toBe(large.length);
  expect(found?.digests).toEqual((await hashFile(path, algorithms)).digests);
  expect([found?.digests.get("sha256"), found?.digests.get("git-blob")]).toEqual([
    sha256(large),
    gitOid(large),
  ]);
});

test("a small part has it from the bytes at hand", async () => {
  await using folder = await createTempFolder();
  const digest = { algorithms: ["sha256"], sizeBytes: null } as const;
  await using part = await openPartFile(join(folder.path, "x.part"), "a", { clock: systemClock, digest });
  await part.write(small.subarray(0, 30_000), 0);
  await part.write(small.subarray(30_000), 30_000);
  expect((await part.digest(live))?.digests.get("sha256")).toBe(sha256(small));
});

test("what starts over is hashed anew, and what an earlier run left has no digest of its own", async () => {
  await using folder = await createTempFolder();
  const options = { clock: systemClock, digest: { algorithms: ["sha256"], sizeBytes: null } } as const;
  const path = join(folder.path, "x.part");
  {
    await using part = await openPartFile(path, "a", options);
    await part.write(large, 0);
    await part.startOver();
    await part.write(small, 0);
    expect((await part.digest(live))?.digests.get("sha256")).toBe(sha256(small));
  }
  await using again = await openPartFile(path, "a", options);
  expect([again.doneBytes, await again.digest(live)]).toEqual([small.length, null]);
});

test("a resumed large part is hashed from its very beginning, so that what changed on disk is noticed", async () => {
  await using folder = await createTempFolder();
  const options = { clock: systemClock, digest: { algorithms: ["sha256"], sizeBytes: null } } as const;
  const path = join(folder.path, "x.part");
  const half = 5 << 20;
  {
    await using part = await openPartFile(path, "a", options);
    part.describe({ sizeBytes: large.length });
    await part.write(large.subarray(0, half), 0);
  }
  const file = await open(path, "r+");
  await file.write(new Uint8Array([255 - (large[1000] ?? 0)]), 0, 1, 1000);
  await file.close();
  await using part = await openPartFile(path, "a", options);
  expect(part.doneBytes).toBe(half);
  await part.write(large.subarray(half), half);
  const found = (await part.digest(live))?.digests.get("sha256");
  expect(found).toBeDefined();
  expect(found).not.toBe(sha256(large));
});

test("a file that is not there, or shorter than was said, gives no digest instead of a wrong one", async () => {
  await using folder = await createTempFolder();
  await using missing = createPartDigest(join(folder.path, "none"), {
    algorithms: ["sha256"],
    sizeBytes: null,
  });
  missing.follow(new Uint8Array(1), 0, 2 << 20);
  expect(await missing.finish(2 << 20, live)).toBeNull();
  const path = join(folder.path, "short");
  await Bun.write(path, small);
  await using short = createPartDigest(path, { algorithms: ["sha256"], sizeBytes: null });
  short.follow(new Uint8Array(1), 0, 2 << 20);
  expect(await short.finish(2 << 20, live)).toBeNull();
});

test("an abort ends the wait for a digest", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x");
  await Bun.write(path, large);
  await using digest = createPartDigest(path, { algorithms: ["sha256"], sizeBytes: null });
  digest.follow(new Uint8Array(1), 0, large.length);
  expect(await failureOf(digest.finish(large.length, AbortSignal.abort()))).toMatchObject({
    code: "E_INTERRUPTED",
  });
});

test("a small part that will be proved needs no state: what lies there is what has come", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x.part");
  const options = { clock: systemClock, smallProvedBytes: selectSmallProved(small.length, true) };
  {
    await using part = await openPartFile(path, "a", options);
    part.describe({ sizeBytes: small.length });
    await part.write(small, 0);
  }
  expect(await Bun.file(`${path}.json`).exists()).toBe(false);
  {
    await using again = await openPartFile(path, "a", options);
    expect([again.doneBytes, again.isWhole]).toEqual([small.length, true]);
  }
  await Bun.write(path, large); // longer than it may be: not believed
  await using third = await openPartFile(path, "a", options);
  expect(third.doneBytes).toBe(0);
  expect([selectSmallProved(small.length, false), selectSmallProved(large.length, true)]).toEqual([
    null,
    null,
  ]);
});

test("whether it was asked for its digest, stopped in the midst or left alone, no file stays open", async () => {
  await using folder = await createTempFolder();
  const path = await folder.write("x", large);
  const options = { algorithms: ["sha256"], sizeBytes: null } as const;
  const countOpen = async (): Promise<number> => {
    const links = (await readdir("/proc/self/fd")).map((fd) =>
      readlink(`/proc/self/fd/${fd}`).catch(() => ""),
    );
    return (await Promise.all(links)).filter((target) => target === path).length;
  };
  for (const end of ["asked", "stopped", "left"] as const) {
    await using digest = createPartDigest(path, options);
    digest.follow(new Uint8Array(1), 0, large.length);
    if (end === "asked") await digest.finish(large.length, live);
    if (end === "stopped") await failureOf(digest.finish(large.length, AbortSignal.abort()));
    await digest[Symbol.asyncDispose]();
    if (process.platform === "linux") expect([end, await countOpen()]).toEqual([end, 0]);
  }
});
