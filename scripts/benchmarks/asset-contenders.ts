// The tools that the asset manager is measured against, each bringing the same files from the same server.
import { snapshotDownload } from "@huggingface/hub";
import { join } from "node:path";

export type Work = (target: string) => Promise<unknown>;
export interface Contender {
  name: string;
  /** It ends with bytes that were proved by a digest. */
  isVerified: boolean;
  work: Work;
}

export async function run(command: readonly string[], signal?: AbortSignal): Promise<number> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "ignore", "ignore"], ...(signal && { signal }) });
  return await child.exited;
}

async function runWell(command: readonly string[], signal?: AbortSignal): Promise<void> {
  const code = await run(command, signal);
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}`);
}

const hasCurl = Bun.which("curl") !== null;
const hasAria = Bun.which("aria2c") !== null;
const ariaFlags = ["-q", "-x4", "-s4", "-k1M", "--file-allocation=none", "--allow-overwrite=true"];

/** One file; on a bad line each goes on by the means that it has. */
export function listSingle(url: string, sha256: string, { isBadLine = false } = {}): Contender[] {
  const curl = async (target: string): Promise<void> => {
    const command = ["curl", "-s", "-f", "-o", join(target, "x"), url];
    if (!isBadLine) return runWell(command);
    // It goes on where the file ends, when it is called again.
    for (let tries = 0; (await run([...command, "-C", "-"])) !== 0; tries++) {
      if (tries > 1000) throw new Error("curl does not get it");
    }
  };
  const retries = isBadLine ? ["--max-tries=0", "--retry-wait=0"] : [];
  const aria =
    (...more: string[]): Work =>
    async (target) =>
      runWell(["aria2c", ...ariaFlags, ...retries, ...more, "-d", target, "-o", "x", url]);
  return [
    ...(hasCurl
      ? [
          { name: "curl", isVerified: false, work: curl },
          {
            name: "curl, then sha256sum",
            isVerified: true,
            async work(target: string) {
              await curl(target);
              await runWell(["sha256sum", join(target, "x")]);
            },
          },
        ]
      : []),
    ...(hasAria
      ? [
          { name: "aria2c, 4 connections", isVerified: false, work: aria() },
          {
            name: "aria2c, 4 connections, checksum",
            isVerified: true,
            work: aria(`--checksum=sha-256=${sha256}`),
          },
        ]
      : []),
  ];
}

/** As many as ours begins with, though the tools' own defaults are others. */
const atOnce = 16;

export function listMany(origin: string, paths: readonly string[]): Contender[] {
  const curl: Work = async (target) => {
    const list = join(target, "list");
    const lines = paths.map((path) => `url = "${origin}/${path}"\noutput = "${join(target, path)}"`);
    await Bun.write(list, lines.join("\n"));
    await runWell(["curl", "-s", "-f", "--parallel", "--parallel-max", String(atOnce), "-K", list]);
  };
  const curlProved: Work = async (target) => {
    await curl(target);
    await runWell(["sha256sum", ...paths.map((path) => join(target, path))]);
  };
  return [
    ...(hasCurl
      ? [
          { name: `curl, ${atOnce} at once`, isVerified: false, work: curl },
          { name: `curl, ${atOnce} at once, then sha256sum`, isVerified: true, work: curlProved },
          {
            name: `curl, ${atOnce} at once, then sha256sum, then sync`,
            isVerified: true,
            async work(target: string) {
              await curlProved(target);
              await runWell(["sync", ...paths.map((path) => join(target, path)), target]);
            },
          },
        ]
      : []),
    ...(hasAria
      ? [
          {
            name: `aria2c, ${atOnce} at once`,
            isVerified: false,
            async work(target: string) {
              const list = join(target, "list");
              await Bun.write(list, paths.map((path) => `${origin}/${path}`).join("\n"));
              await runWell([
                "aria2c",
                "-q",
                `-j${atOnce}`,
                "--file-allocation=none",
                "-d",
                target,
                "-i",
                list,
              ]);
            },
          },
        ]
      : []),
  ];
}

/** Its own downloads are not checked against anything. Where the line breaks it begins again, up to `tries` times. */
export function hubClient(origin: string, repo: string, { tries = 1 } = {}): Contender {
  return {
    name: "@huggingface/hub snapshotDownload",
    isVerified: false,
    async work(target) {
      const { debug } = console;
      console.debug = () => undefined;
      try {
        for (let attempt = 1; ; attempt++) {
          try {
            return await snapshotDownload({ repo, cacheDir: target, hubUrl: origin });
          } catch (error) {
            if (attempt >= tries) throw error;
          }
        }
      } finally {
        console.debug = debug;
      }
    },
  };
}
