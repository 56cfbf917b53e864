// Processes that are killed, disks that are full, and many at once.
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import { createAssetStore } from "../../src/assets/asset-store.ts";
import type { AssetResult } from "../../src/assets/port.ts";
import { createAssetServer } from "../support/asset-server.ts";
import { buildTarball } from "../support/build-tarball.ts";
import { buildZip } from "../support/build-zip.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { createKillTrial, createRandom } from "./kill-trial.ts";
import { createStoreFixture, makeBytes, oneFileAsset, readBytes, sha256 } from "./store-fixture.ts";

const seed = Date.now() % 1_000_000;
const child = join(import.meta.dir, "children/ensure-once.ts");

test("a download killed a dozen times comes in the end, with little sent twice", async () => {
  console.log(`seed ${seed}`);
  await using trial = await createKillTrial({ kills: 12, seed, sizeBytes: 6 << 20 });
  const { wrongFiles, landed, resumedBytes, sentRatio } = await trial.run();
  expect(wrongFiles).toBe(0);
  expect(landed).toBeGreaterThan(6);
  expect(resumedBytes).toBeGreaterThan(1 << 20);
  expect(sentRatio).toBeLessThan(1.3);
}, 60_000);

test("an unpacking that is killed leaves no half asset, and the next run completes it", async () => {
  console.log(`seed ${seed}`);
  const random = createRandom(seed);
  const files = Array.from({ length: 300 }, (_, i) => ({
    path: `set/${i}.bin`,
    content: makeBytes(20_000, i + 1),
  }));
  const archive = buildTarball(files);
  await using f = await createStoreFixture((server) => ({
    name: "voice",
    sources: [{ type: "http", url: server.serve("/a.tgz", archive) }],
  }));
  const catalogue: AssetDefinition[] = [
    {
      name: "voice",
      checksum: sha256(archive),
      unpack: { format: "tar.gz" },
      sources: [{ type: "http", url: `${f.server.origin}/a.tgz` }],
    },
  ];
  const options = { assetsDir: f.assetsDir, cacheRoot: f.cacheRoot, catalogue };
  const spawn = () =>
    Bun.spawn([process.execPath, "--no-env-file", child, JSON.stringify({ name: "voice", options })], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  const folder = join(f.assetsDir, "model/voice/latest");
  for (let round = 0; round < 8; round++) {
    const run = spawn();
    await run.stdout.getReader().read();
    await Bun.sleep(random() * 250);
    run.kill("SIGKILL");
    await run.exited;
    // All of it or nothing: it came there by one rename.
    const names = await readdir(join(folder, "set")).catch(() => []);
    expect([0, files.length]).toContain(names.length);
  }
  const last = spawn();
  await new Response(last.stdout).text();
  expect(await last.exited).toBe(0);
  for (const { path, content } of files) expect(await readBytes(join(folder, path))).toEqual(content);
  expect(await readdir(join(f.assetsDir, ".staging"))).toEqual([]);
}, 60_000);

test("sixteen processes that want one asset make one download", async () => {
  const bytes = makeBytes(2_000_000, 5); // too short for two connections, which may be sent more than they take
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  const catalogue = [oneFileAsset(bytes, [{ type: "http", url: `${f.server.origin}/voice.bin` }])];
  const options = { assetsDir: f.assetsDir, cacheRoot: f.cacheRoot, catalogue };
  const results = await Promise.all(
    Array.from({ length: 16 }, async () => {
      const run = Bun.spawn(
        [process.execPath, "--no-env-file", child, JSON.stringify({ name: "voice", options })],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      const lines = (await new Response(run.stdout).text()).trim().split("\n");
      expect(await run.exited).toBe(0);
      return (JSON.parse(lines.at(-1) ?? "{}") as { result: AssetResult }).result;
    }),
  );
  expect(results.filter(({ fromCache }) => !fromCache).length).toBe(1);
  expect(results.reduce((sum, { downloadedBytes }) => sum + downloadedBytes, 0)).toBe(bytes.length);
  expect(new Set(results.map(({ path }) => path)).size).toBe(1);
  expect(f.server.sentBytes).toBe(bytes.length);
}, 60_000);

/** A small disk of its own, where this user may make one. */
async function mountSmallDisk(sizeBytes: number): Promise<(AsyncDisposable & { path: string }) | null> {
  const folder = await createTempFolder();
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${sizeBytes}`, "none", folder.path]);
  if (mounted.exitCode !== 0) {
    await folder[Symbol.asyncDispose]();
    return null;
  }
  return {
    path: folder.path,
    async [Symbol.asyncDispose]() {
      Bun.spawnSync(["umount", folder.path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

const disk = await mountSmallDisk(4 << 20);
await disk?.[Symbol.asyncDispose]();

describe.if(disk !== null)("a disk that is full", () => {
  /** As if the disk had looked empty when it was asked: somebody else fills it meanwhile. */
  const optimism = { getFreeBytes: () => Promise.resolve(2 ** 40) };

  async function open(describeAsset: (url: (path: string, bytes: Uint8Array) => string) => AssetDefinition) {
    await using stack = new AsyncDisposableStack();
    const small = stack.use((await mountSmallDisk(4 << 20)) as AsyncDisposable & { path: string });
    const server = stack.use(await createAssetServer());
    const definition = describeAsset((path, bytes) => server.serve(path, bytes));
    const options = {
      catalogue: [definition],
      assetsDir: join(small.path, "assets"),
      cacheRoot: join(small.path, "cache"),
    };
    const held = stack.move();
    return { server, options, small, [Symbol.asyncDispose]: () => held.disposeAsync() };
  }

  test("is told before the first byte where it can be asked", async () => {
    const bytes = makeBytes(6 << 20);
    await using w = await open((serve) =>
      oneFileAsset(bytes, [{ type: "http", url: serve("/a.bin", bytes) }]),
    );
    await using store = createAssetStore({}, w.options);
    expect(await failureOf(store.ensure("voice"))).toMatchObject({ code: "E_DISK" });
    expect(w.server.requests.length).toBe(0);
  });

  test("in the middle of a download is E_DISK, not tried again, and goes on when there is room", async () => {
    const bytes = makeBytes(6 << 20);
    await using w = await open((serve) =>
      oneFileAsset(bytes, [{ type: "http", url: serve("/a.bin", bytes) }], { retries: 3 }),
    );
    await using store = createAssetStore(optimism, w.options);
    expect(await failureOf(store.ensure("voice"))).toMatchObject({ code: "E_DISK" });
    const requests = w.server.requests.length;
    expect(await readdir(w.options.assetsDir)).not.toContain("model");
    Bun.spawnSync(["mount", "-o", `remount,size=${16 << 20}`, w.small.path]);
    const { path, resumedBytes } = await store.ensure("voice");
    expect(await readBytes(path)).toEqual(bytes);
    expect(resumedBytes).toBeGreaterThan(1 << 20);
    expect(w.server.requests.length).toBeGreaterThan(requests);
  });

  test("in the middle of unpacking is E_DISK, and nothing of it stays", async () => {
    const archive = buildZip([{ path: "zeros", content: new Uint8Array(8 << 20), deflate: true }]);
    await using w = await open((serve) => ({
      name: "voice",
      unpack: { format: "zip" },
      sources: [{ type: "http", url: serve("/a.zip", archive) }],
    }));
    await using store = createAssetStore(optimism, w.options);
    expect(await failureOf(store.ensure("voice"))).toMatchObject({ code: "E_DISK" });
    expect(await readdir(w.options.assetsDir)).not.toContain("model");
    expect(await readdir(join(w.options.assetsDir, ".staging"))).toEqual([]);
    await using careful = createAssetStore({}, w.options);
    expect(await failureOf(careful.ensure("voice"))).toMatchObject({ code: "E_DISK" });
  });
});
