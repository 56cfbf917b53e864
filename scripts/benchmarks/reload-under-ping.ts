// The whole program reloads a large cast while a client in another process asks for its health every 5 ms.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createApp } from "../../src/app.ts";
import { loadSettings } from "../../src/config/load-settings.ts";
import { toneProviders } from "../../test/support/tone-providers.ts";

export interface PingedReload {
  /** Answers of the server while it reloads, and before, when it does nothing. */
  longestMs: number;
  p99Ms: number;
  idle: { longestMs: number; p99Ms: number };
}

const rounds = 3;
const idleMs = 2000;

/** `folder`: an empty one for its use; `write` puts the cast into the folder that it is given. */
export async function measurePingedReload(
  folder: string,
  write: (castFolder: string) => Promise<void>,
): Promise<PingedReload> {
  const cast = join(folder, "cast");
  await mkdir(cast);
  await write(cast);
  const overrides = {
    "server.port": 0,
    "characters.dir": cast,
    "settings.assets.cache_dir": join(folder, "assets"),
    "storage.cache_root": join(folder, "cache"),
    "reply.source": "none",
  };
  const loaded = loadSettings({ env: { HOME: folder }, cwd: folder, overrides });
  await using app = await createApp(loaded, { version: "0", logs: "none", speechProviders: toneProviders });
  await using server = await app.serve();
  const reload = (): Promise<Response> => fetch(`${server.url}/v1/characters/reload`, { method: "POST" });
  await reload();
  const idle = await ping(`${server.url}/v1/health`, () => Bun.sleep(idleMs));
  const busy = await ping(`${server.url}/v1/health`, async () => {
    for (let round = 0; round < rounds; round++) await reload();
  });
  return { ...describe(busy), idle: describe(idle) };
}

async function ping(url: string, during: () => Promise<unknown>): Promise<number[]> {
  const pinger = Bun.spawn(
    [process.execPath, "--no-env-file", join(import.meta.dir, "http-pinger.ts"), url],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  let out = "";
  const decoder = new TextDecoder();
  const started = Promise.withResolvers<void>();
  const read = (async () => {
    for await (const chunk of pinger.stdout) {
      out += decoder.decode(chunk, { stream: true });
      if (out.includes("ready")) started.resolve();
    }
  })();
  await started.promise;
  await during();
  await pinger.stdin.end();
  await read;
  return JSON.parse(out.slice(out.indexOf("["))) as number[];
}

function describe(times: readonly number[]): { longestMs: number; p99Ms: number } {
  const sorted = times.toSorted((a, b) => a - b);
  return { longestMs: sorted.at(-1) ?? 0, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0 };
}
