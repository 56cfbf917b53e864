// A cache that was copied, or packed into an image: the same bytes with other times. They are looked at, and not fetched.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { utimes } from "node:fs/promises";
import { AppError } from "../../src/base/errors.ts";
import type { FileLocker } from "../../src/base/file-lock.ts";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import type { AssetServer } from "../support/asset-server.ts";
import { failureOf } from "../support/failure-of.ts";
import { createStoreFixture, describeFile, makeBytes, sha256, type StoreFixture } from "./store-fixture.ts";

const bytes = makeBytes(3000, 5);
const archive = await new Bun.Archive({ "a.bin": bytes, "sub/b.txt": "b" }).bytes();

const plain = (server: AssetServer): AssetDefinition => ({
  name: "voice",
  retryDelaySeconds: 0.001,
  sources: [{ type: "http", url: server.serve("/voice.bin", bytes) }],
});
const kinds: Readonly<Record<string, (server: AssetServer) => AssetDefinition>> = {
  "one file": plain,
  "a file with a checksum": (server) => ({ ...plain(server), checksum: sha256(bytes) }),
  "a manifest": (server) => ({ ...plain(server), files: [describeFile("voice.bin", bytes)] }),
  "an archive that was unpacked": (server) => ({
    ...plain(server),
    checksum: sha256(archive),
    unpack: { format: "tar" },
    sources: [{ type: "http", url: server.serve("/voice.tar", archive) }],
  }),
  "an archive of which one file is wanted": (server) => ({
    ...plain(server),
    unpack: { format: "tar", isDestinationFile: true },
    sources: [{ type: "http", url: server.serve("/voice.tar", archive) }],
  }),
};

/** As a copy does that keeps no times. */
async function touchAll(folder: string): Promise<void> {
  for await (const file of new Bun.Glob("**/*").scan({ cwd: folder })) {
    await utimes(join(folder, file), new Date(), new Date(1_700_000_000_000));
  }
}

const placeOf = (f: StoreFixture): string => join(f.assetsDir, "model/voice/latest");
const refusing: FileLocker = {
  lock: (path) => Promise.reject(new AppError("E_PERM", `${path}: the system refuses access (EROFS)`)),
};

describe.each(Object.entries(kinds))("a copied cache with %s", (_, define) => {
  test("is hit after one look at the bytes, without network", async () => {
    await using f = await createStoreFixture(define);
    const first = await f.store.ensure("voice");
    const fetches = f.fetchCount();
    await touchAll(placeOf(f));
    expect(await f.store.status("voice")).toMatchObject({ status: "cached", path: first.path });
    const offline = f.open([define(f.server)], { isOffline: true });
    const hit = { ...first, fromCache: true, downloadedBytes: 0 };
    expect(await offline.ensure("voice")).toEqual(hit);
    expect(await f.store.ensure("voice")).toEqual(hit);
    expect(f.fetchCount()).toBe(fetches);
  });

  test("is hit where nothing can be written, too", async () => {
    await using f = await createStoreFixture(define);
    const first = await f.store.ensure("voice");
    await touchAll(placeOf(f));
    const store = f.open([define(f.server)], { isOffline: true }, { locker: refusing });
    expect(await store.ensure("voice")).toEqual({ ...first, fromCache: true, downloadedBytes: 0 });
  });

  test("that was changed on the way is none", async () => {
    await using f = await createStoreFixture(define);
    await f.store.ensure("voice");
    const [file = ""] = await Array.fromAsync(new Bun.Glob("**/*.bin").scan(placeOf(f)));
    await Bun.write(join(placeOf(f), file), makeBytes(bytes.length, 6));
    await touchAll(placeOf(f));
    expect((await f.store.status("voice")).status).toBe("invalid checksum");
    const store = f.open([define(f.server)], {}, { locker: refusing });
    expect((await failureOf(store.ensure("voice"))).code).toBe("E_PERM");
    expect((await f.store.ensure("voice")).fromCache).toBe(false);
  });
});

test("a list hashes what looks odd once, and again when it looks otherwise", async () => {
  await using f = await createStoreFixture(plain);
  const { path } = await f.store.ensure("voice");
  const touch = (ms: number): Promise<void> => utimes(path, new Date(), new Date(ms));
  await touch(1_700_000_000_000);
  expect((await f.store.status("voice")).status).toBe("cached");
  await Bun.write(path, makeBytes(bytes.length, 6));
  await touch(1_700_000_000_000); // as it was: only hashing tells
  expect((await f.store.status("voice")).status).toBe("cached");
  expect((await f.open([plain(f.server)]).status("voice")).status).toBe("invalid checksum");
  expect((await f.store.verify("voice"))[0]?.status).toBe("changed");
  await touch(1_800_000_000_000);
  expect((await f.store.status("voice")).status).toBe("invalid checksum");
});

test("what another declaration brought is not this one's: it is neither listed nor verified as such", async () => {
  await using f = await createStoreFixture(plain);
  await f.store.ensure("voice");
  const other = { type: "http", url: f.server.serve("/other.bin", bytes) } as const;
  for (const changed of [
    { sources: [other] },
    { version: "latest", unpack: { format: "tar" } as const },
    { unpack: { format: "tar" } as const, checksum: sha256(archive) },
  ]) {
    const store = f.open([{ ...plain(f.server), ...changed }]);
    expect((await store.status("voice")).status).toBe("not cached");
    expect(await store.verify("voice")).toMatchObject([{ status: "not cached", found: null }]);
  }
  // The bytes are right, and would be fetched all the same: the declaration is another.
  const moved = f.open([{ ...plain(f.server), checksum: sha256(bytes), sources: [other] }]);
  expect((await moved.status("voice")).status).toBe("not cached");
  expect(await moved.verify("voice")).toMatchObject([{ status: "ok" }]);
  const proved = f.open([{ ...plain(f.server), checksum: sha256("other bytes") }]);
  expect((await proved.status("voice")).status).toBe("invalid checksum");
  expect(await proved.verify("voice")).toMatchObject([
    { status: "changed", found: `sha256:${sha256(bytes)}` },
  ]);
});
