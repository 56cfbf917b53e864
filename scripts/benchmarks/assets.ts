// How fast assets come, beside the best known tools on the same machine and server: bun scripts/benchmarks/assets.ts.
// Ours hashes, flushes to the disk and registers what it brings; of the others, those say so that prove it at all, or
// flush. All take turns in each round, and the medians are compared: below 1 means that ours is faster.
// Flags: --rounds N, --seed N (of the bad line), --only large|slow|lossy|small|far|hash|hit.
import { createHash, randomFillSync } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import { createAssetStore } from "../../src/assets/asset-store.ts";
import { sha256OfFile } from "../../src/assets/checksum.ts";
import { type Contender, hubClient, listMany, listSingle, run } from "./asset-contenders.ts";

const { values: flags } = parseArgs({
  options: { rounds: { type: "string" }, seed: { type: "string" }, only: { type: "string" } },
});
const rounds = Number(flags.rounds ?? 5);
const seed = Number(flags.seed ?? Date.now() % 1_000_000);
const largeBytes = 256 << 20;
const slowBytes = 48 << 20;
const slowBytesPerSecond = 12 << 20;
const lossyBytes = 24 << 20;
const lossyBytesPerSecond = 4 << 20;
const meanCutBytes = 3 << 20;
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

async function start(script: string, ...args: string[]): Promise<{ url: string; stop: () => void }> {
  const child = Bun.spawn([process.execPath, "--no-env-file", join(import.meta.dir, script), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { value } = await child.stdout.getReader().read();
  return { url: new TextDecoder().decode(value).trim(), stop: () => child.kill() };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

let measured = 0;
/** Many small files are left lying till the end: ext4 makes new ones slowly for seconds after many have been removed. */
async function measure(work: Contender["work"], sizeBytes: number): Promise<number> {
  const target = join(folder, `target-${measured++}`);
  await mkdir(target);
  try {
    const startMs = performance.now();
    await work(target);
    return (performance.now() - startMs) / 1000;
  } finally {
    if (sizeBytes > smallCount * smallBytes) await rm(target, { recursive: true, force: true });
  }
}

async function bring(target: string, asset: AssetDefinition): Promise<void> {
  await using store = createAssetStore(
    {},
    { catalogue: [asset], assetsDir: join(target, "assets"), cacheRoot: join(target, "cache") },
  );
  await store.ensure(asset.name);
}

const oneFile = (file: Made, url: string, more: Partial<AssetDefinition> = {}): AssetDefinition => ({
  name: "bench",
  files: [file],
  sources: [{ type: "http", url }],
  ...more,
});

async function compare(what: string, sizeBytes: number, ours: Contender["work"], others: Contender[]) {
  const contenders = [{ name: "troupe", isVerified: true, work: ours }, ...others];
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  const failures = new Map<string, string>();
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round) % contenders.length];
      if (!contender || failures.has(contender.name)) continue;
      const { name, work } = contender;
      await measure(work, sizeBytes).then(
        (seconds) => times.get(name)?.push(seconds),
        (error: unknown) => failures.set(name, error instanceof Error ? error.message : String(error)),
      );
    }
  }
  const ourSeconds = median(times.get("troupe") ?? []);
  const rate = (seconds: number): string => `${(sizeBytes / 2 ** 20 / seconds).toFixed(0)} MiB/s`;
  console.log(`${what}:`);
  for (const { name, isVerified } of contenders) {
    const failure = failures.get(name);
    const seconds = median(times.get(name) ?? []);
    const ratio = name === "troupe" ? "" : `; ours takes ${(ourSeconds / seconds).toFixed(2)} of it`;
    const proof = isVerified ? "verified" : "not verified";
    console.log(
      `  ${name} (${proof}): ${failure === undefined ? `${seconds.toFixed(2)} s, ${rate(seconds)}${ratio}` : `gave up: ${failure}`}`,
    );
  }
}

async function compareMany(what: string, origin: string): Promise<void> {
  const made: Made[] = [];
  for (let i = 0; i < smallCount; i++) made.push(await make(`small-${i}.bin`, smallBytes));
  const urls = Object.fromEntries(made.map(({ path }) => [path, `${origin}/${path}`]));
  const asset: AssetDefinition = { name: "bench", files: made, sources: [{ type: "http", files: urls }] };
  await compare(what, smallCount * smallBytes, (target) => bring(target, asset), [
    ...listMany(
      origin,
      made.map(({ path }) => path),
    ),
    hubClient(origin, "bench/small"),
  ]);
}

const parts: Record<string, (origin: string) => Promise<void>> = {
  async large(origin) {
    const file = await make("large.bin", largeBytes);
    const url = `${origin}/${file.path}`;
    await compare(
      `one file of ${largeBytes >> 20} MiB`,
      largeBytes,
      (target) => bring(target, oneFile(file, url)),
      [...listSingle(url, file.sha256), hubClient(origin, "bench/large")],
    );
  },
  async slow(origin) {
    const file = await make("slow.bin", slowBytes);
    const proxy = await start("lossy-proxy.ts", new URL(origin).port, String(slowBytesPerSecond), "0");
    try {
      const url = `${proxy.url}/${file.path}`;
      await compare(
        `one file of ${slowBytes >> 20} MiB, ${slowBytesPerSecond >> 20} MiB/s a connection`,
        slowBytes,
        (target) => bring(target, oneFile(file, url)),
        [...listSingle(url, file.sha256), hubClient(proxy.url, "bench/slow")],
      );
    } finally {
      proxy.stop();
    }
  },
  async lossy(origin) {
    const file = await make("lossy.bin", lossyBytes);
    const proxy = await start(
      "lossy-proxy.ts",
      new URL(origin).port,
      String(lossyBytesPerSecond),
      String(meanCutBytes),
      String(seed),
    );
    try {
      const url = `${proxy.url}/${file.path}`;
      const patience = { retries: 100, retryDelaySeconds: 0.05 };
      await compare(
        `one file of ${lossyBytes >> 20} MiB, ${lossyBytesPerSecond >> 20} MiB/s a connection, each cut after ${meanCutBytes >> 20} MiB on average (seed ${seed})`,
        lossyBytes,
        (target) => bring(target, oneFile(file, url, patience)),
        [
          ...listSingle(url, file.sha256, { isBadLine: true }),
          hubClient(proxy.url, "bench/lossy", { tries: 20 }),
        ],
      );
    } finally {
      proxy.stop();
    }
  },
  small: (origin) => compareMany(`${smallCount} files of ${smallBytes / 1000} kB`, origin),
  async far(origin) {
    const proxy = await start("lossy-proxy.ts", new URL(origin).port, String(slowBytesPerSecond), "0");
    try {
      await compareMany(
        `${smallCount} files of ${smallBytes / 1000} kB, each answer 10 ms on its way on average`,
        proxy.url,
      );
    } finally {
      proxy.stop();
    }
  },
  async hash() {
    const { path } = await make("large.bin", largeBytes);
    const target = join(files, path);
    await compare("hashing", largeBytes, () => sha256OfFile(target), [
      {
        name: "openssl dgst -sha256",
        isVerified: true,
        work: () => run(["openssl", "dgst", "-sha256", target]),
      },
    ]);
  },
  async hit(origin) {
    const file = await make("hit.bin", 1 << 20);
    const target = join(folder, "hit");
    await using store = createAssetStore(
      {},
      {
        catalogue: [oneFile(file, `${origin}/${file.path}`)],
        assetsDir: join(target, "assets"),
        cacheRoot: join(target, "cache"),
      },
    );
    await store.ensure("bench");
    const microseconds: number[] = [];
    for (let i = 0; i < 2_000; i++) {
      const startMs = performance.now();
      await store.getPath("bench");
      microseconds.push((performance.now() - startMs) * 1000);
    }
    console.log(`a warm hit: ${median(microseconds).toFixed(0)} µs`);
  },
};

const origin = await start("asset-origin.ts", files);
try {
  for (const [name, part] of Object.entries(parts)) {
    if (flags.only === undefined || flags.only === name) await part(origin.url);
  }
} finally {
  origin.stop();
  await rm(folder, { recursive: true, force: true });
}
