// How fast assets come, beside the best known tools on the same machine and server: bun scripts/benchmarks/assets.ts.
// Ours hashes, flushes and registers what it brings; the others only write it. Ratios below 1 mean that ours is faster.
import { createHash, randomFillSync } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import { createAssetStore } from "../../src/assets/asset-store.ts";
import { hashFile } from "../../src/assets/checksum.ts";

const rounds = 3;
const largeBytes = 256 << 20;
const pacedBytes = 48 << 20;
const paceBytesPerSecond = 12 << 20;
const smallCount = 500;
const smallBytes = 20_000;

const folder = await mkdtemp(join(tmpdir(), "troupe-bench-"));
const files = join(folder, "files");
await mkdir(files);

interface Made {
  path: string;
  sizeBytes: number;
  sha256: string;
}
async function make(path: string, sizeBytes: number): Promise<Made> {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1 << 24)
    randomFillSync(bytes, at, Math.min(1 << 24, sizeBytes - at));
  await Bun.write(join(files, path), bytes);
  return { path, sizeBytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}
const large = await make("large.bin", largeBytes);
const paced = await make("paced.bin", pacedBytes);
const small: Made[] = [];
for (let i = 0; i < smallCount; i++) small.push(await make(`small-${i}.bin`, smallBytes));

const origin = Bun.spawn([process.execPath, join(import.meta.dir, "asset-origin.ts"), files], {
  stdio: ["ignore", "pipe", "inherit"],
});
const reader = origin.stdout.getReader();
const url = new TextDecoder().decode((await reader.read()).value).trim();

/** The best of a few: what is left when nothing else disturbs. */
async function bestSeconds(work: (target: string) => Promise<unknown>): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const target = join(folder, "target");
    await rm(target, { recursive: true, force: true });
    await mkdir(target);
    const startMs = performance.now();
    await work(target);
    seconds.push((performance.now() - startMs) / 1000);
  }
  return Math.min(...seconds);
}

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "ignore", "ignore"] });
  if ((await child.exited) !== 0) throw new Error(`${command[0]} ended with ${child.exitCode}`);
}

async function bring(target: string, asset: AssetDefinition): Promise<void> {
  await using store = createAssetStore(
    {},
    { catalogue: [asset], assetsDir: join(target, "assets"), cacheRoot: join(target, "cache") },
  );
  await store.ensure(asset.name);
}

const oneFile = (file: Made, query = ""): AssetDefinition => ({
  name: "bench",
  files: [file],
  sources: [{ type: "http", url: `${url}/${file.path}${query}` }],
});
const manyFiles: AssetDefinition = {
  name: "bench",
  files: small,
  sources: [{ type: "http", files: Object.fromEntries(small.map(({ path }) => [path, `${url}/${path}`])) }],
};

type Contender = readonly [name: string, work: (target: string) => Promise<unknown>];

async function compare(
  what: string,
  sizeBytes: number,
  ours: Contender[1],
  others: Contender[],
): Promise<void> {
  const ourSeconds = await bestSeconds(ours);
  const rate = (seconds: number): string => `${(sizeBytes / 2 ** 20 / seconds).toFixed(0)} MiB/s`;
  console.log(`${what}: ${ourSeconds.toFixed(2)} s, ${rate(ourSeconds)}, verified`);
  for (const [name, work] of others) {
    const seconds = await bestSeconds(work);
    console.log(
      `  ${name}: ${seconds.toFixed(2)} s, ${rate(seconds)}; ours takes ${(ourSeconds / seconds).toFixed(2)} of it`,
    );
  }
}

const hasCurl = Bun.which("curl") !== null;
const hasAria = Bun.which("aria2c") !== null;
const only = <T>(isThere: boolean, items: T[]): T[] => (isThere ? items : []);
const single = (file: Made, query = ""): Contender[] => [
  ...only<Contender>(hasCurl, [
    ["curl", (target) => run(["curl", "-s", "-o", join(target, "x"), `${url}/${file.path}${query}`])],
    [
      "curl, then sha256sum",
      async (target) => {
        await run(["curl", "-s", "-o", join(target, "x"), `${url}/${file.path}${query}`]);
        await run(["sha256sum", join(target, "x")]);
      },
    ],
  ]),
  ...only<Contender>(hasAria, [
    [
      "aria2c, 4 connections",
      (target) =>
        run([
          "aria2c",
          "-q",
          "-x4",
          "-s4",
          "-k1M",
          "--file-allocation=none",
          "-d",
          target,
          `${url}/${file.path}${query}`,
        ]),
    ],
    [
      "aria2c, 4 connections, verified",
      (target) =>
        run([
          "aria2c",
          "-q",
          "-x4",
          "-s4",
          "-k1M",
          "--file-allocation=none",
          `--checksum=sha-256=${file.sha256}`,
          "-d",
          target,
          `${url}/${file.path}${query}`,
        ]),
    ],
  ]),
];

interface HubClient {
  snapshotDownload(options: { repo: string; cacheDir: string; hubUrl: string }): Promise<string>;
}
const hubPackage: string = "@huggingface/hub";
const hub = (await import(hubPackage).catch(() => null)) as HubClient | null;

try {
  await compare(
    `one file of ${largeBytes >> 20} MiB`,
    largeBytes,
    (target) => bring(target, oneFile(large)),
    single(large),
  );

  const query = `?pace=${paceBytesPerSecond}`;
  await compare(
    `one file of ${pacedBytes >> 20} MiB, ${paceBytesPerSecond >> 20} MiB/s a connection`,
    pacedBytes,
    (target) => bring(target, oneFile(paced, query)),
    single(paced, query),
  );

  const list = join(folder, "list");
  await compare(
    `${smallCount} files of ${smallBytes / 1000} kB`,
    smallCount * smallBytes,
    (target) => bring(target, manyFiles),
    [
      ...only<Contender>(hasCurl, [
        [
          "curl, 8 at once",
          async (target) => {
            const lines = small.map(({ path }) => `url = "${url}/${path}"\noutput = "${join(target, path)}"`);
            await Bun.write(list, lines.join("\n"));
            await run(["curl", "-s", "--parallel", "--parallel-max", "8", "-K", list]);
          },
        ],
      ]),
      ...only<Contender>(hasAria, [
        [
          "aria2c, 8 at once",
          async (target) => {
            await Bun.write(list, small.map(({ path }) => `${url}/${path}`).join("\n"));
            await run(["aria2c", "-q", "-j8", "--file-allocation=none", "-d", target, "-i", list]);
          },
        ],
      ]),
      ...(hub
        ? [
            [
              "@huggingface/hub",
              (target: string) =>
                hub.snapshotDownload({ repo: "bench/files", cacheDir: target, hubUrl: url }),
            ] as const,
          ]
        : []),
    ],
  );

  const path = join(files, large.path);
  const hashSeconds = await bestSeconds(() => hashFile(path, ["sha256"]));
  const opensslSeconds = await bestSeconds(() => run(["openssl", "dgst", "-sha256", path]));
  console.log(
    `hashing: ${(largeBytes / 2 ** 20 / hashSeconds).toFixed(0)} MiB/s; ours takes ${(hashSeconds / opensslSeconds).toFixed(2)} of openssl's time`,
  );

  const target = join(folder, "target");
  await rm(target, { recursive: true, force: true });
  await using store = createAssetStore(
    {},
    { catalogue: [oneFile(paced)], assetsDir: join(target, "assets"), cacheRoot: join(target, "cache") },
  );
  await store.ensure("bench");
  const hits = 2_000;
  const startMs = performance.now();
  for (let i = 0; i < hits; i++) await store.getPath("bench");
  console.log(`a warm hit: ${(((performance.now() - startMs) / hits) * 1000).toFixed(0)} µs`);
} finally {
  origin.kill();
  await rm(folder, { recursive: true, force: true });
}
