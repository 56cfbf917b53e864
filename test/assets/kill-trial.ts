// A throttled download that is killed at random moments, again and again, by as many processes.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AssetResult } from "../../src/assets/port.ts";
import { createAssetServer } from "../support/asset-server.ts";
import { eventually } from "../support/eventually.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { makeBytes, oneFileAsset, readBytes } from "./store-fixture.ts";

export interface KillTrialOptions {
  kills: number;
  seed: number;
  sizeBytes: number;
}

export interface KillTrialOutcome {
  /** Looks at which the file stood under its final name with other bytes than it should have. */
  wrongFiles: number;
  /** Kills that fell into a download. */
  landed: number;
  /** What the last run, which was let live, found of those before it. */
  resumedBytes: number;
  /** What the server sent, by what arrived. */
  sentRatio: number;
}

export interface KillTrial extends AsyncDisposable {
  run(onRound?: (round: number) => void): Promise<KillTrialOutcome>;
}

/** A run is killed so long after it is up: long enough to get somewhere, too short to end. */
const [shortestMs, longestMs] = [200, 1000];
const connections = 4;
const startMs = 30_000;

export async function createKillTrial({ kills, seed, sizeBytes }: KillTrialOptions): Promise<KillTrial> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createTempFolder());
  const server = stack.use(await createAssetServer());
  const random = createRandom(seed);
  const content = makeBytes(sizeBytes, 7);
  const url = server.serve("/voice.bin", content);
  const argument = {
    name: "voice",
    options: {
      assetsDir: join(folder.path, "assets"),
      cacheRoot: join(folder.path, "cache"),
      catalogue: [oneFileAsset(content, [{ type: "http", url }])],
      limits: { pieceBytes: Math.ceil(sizeBytes / 24) },
    },
  };
  const target = join(argument.options.assetsDir, "model/voice/latest/voice.bin");
  // So that all runs together get half of the way, and would not get to the end if each of them lived the longest.
  const pace = (0.8 * sizeBytes) / (kills * (longestMs / 1000)) / connections;

  const spawn = () =>
    Bun.spawn(
      [
        process.execPath,
        "--no-env-file",
        join(import.meta.dir, "children/ensure-once.ts"),
        JSON.stringify(argument),
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );

  const isWrong = async (): Promise<boolean> =>
    existsSync(target) && !Buffer.from(await readBytes(target)).equals(Buffer.from(content));

  const run: KillTrial["run"] = async (onRound) => {
    const outcome = { wrongFiles: 0, landed: 0 };
    server.bytesPerSecond = pace;
    for (let round = 1; round <= kills; round++) {
      const child = spawn();
      await child.stdout.getReader().read(); // it is up
      const before = server.sentBytes;
      // Most fall into the download, however long this machine takes to get there; some into what comes before it.
      if (round % 5 !== 0) {
        const isOver = (): boolean => child.exitCode !== null || server.sentBytes > before;
        await eventually("the first bytes", isOver, startMs);
      }
      await Bun.sleep(shortestMs + random() * (longestMs - shortestMs));
      child.kill("SIGKILL");
      await child.exited;
      if (server.sentBytes > before) outcome.landed += 1;
      if (await isWrong()) outcome.wrongFiles += 1;
      onRound?.(round);
    }
    server.bytesPerSecond = null;
    const last = spawn();
    const lines = (await new Response(last.stdout).text()).trim().split("\n");
    const { result } = JSON.parse(lines.at(-1) ?? "{}") as { result: AssetResult };
    if (await isWrong()) outcome.wrongFiles += 1;
    return {
      ...outcome,
      resumedBytes: result.resumedBytes,
      sentRatio: server.sentBytes / sizeBytes,
    };
  };

  const held = stack.move();
  return { run, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** 0 to below 1; the same ones for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
