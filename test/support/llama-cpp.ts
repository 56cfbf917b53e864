// node-llama-cpp for the tests that run GGUF models: no dependency of this program (docs/decisions/0040), so it is brought
// here once, beside the real models, from the npm registry. Without one, those tests are not registered, and say so.
import { join } from "node:path";
import { createFileLocker } from "../../src/base/file-lock.ts";
import { findLlamaCpp } from "../../src/providers/llm/local/llama-cpp.ts";
import { realModelsRoot } from "./real-models.ts";

/** What was tried with this program. */
const version = "3.22.1";
const platforms: Readonly<Record<string, string>> = {
  "linux-x64": "linux-x64",
  "linux-arm64": "linux-arm64",
  "darwin-arm64": "mac-arm64-metal",
  "darwin-x64": "mac-x64",
  "win32-x64": "win-x64",
  "win32-arm64": "win-arm64",
};

/** The folder in whose `node_modules` it lies; undefined where it cannot be had. */
export async function findLlamaCppFolder(): Promise<string | undefined> {
  const platform = platforms[`${process.platform}-${process.arch}`];
  if (platform === undefined) return undefined;
  const folder = join(realModelsRoot, `node-llama-cpp-${version}`);
  const done = Bun.file(join(folder, "installed"));
  if (await done.exists()) return folder;
  // Test files run side by side.
  await using _lock = await createFileLocker().lock(join(realModelsRoot, "node-llama-cpp.lock"));
  if (await done.exists()) return folder;
  await Bun.write(join(folder, "package.json"), JSON.stringify({ private: true }));
  // Its optional packages are the binaries of all platforms and GPUs: only this machine's plain one is wanted.
  const packages = [`node-llama-cpp@${version}`, `@node-llama-cpp/${platform}@${version}`];
  const child = Bun.spawn(
    [process.execPath, "add", "--exact", "--omit", "optional", "--ignore-scripts", ...packages],
    // A registry that stands still costs these tests, and not the file that they are in.
    { cwd: folder, stdio: ["ignore", "ignore", "pipe"], timeout: 120_000 },
  );
  const [code, said] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  if (code !== 0 || findLlamaCpp(folder) === undefined) {
    console.log(`tests with GGUF models are not run: node-llama-cpp cannot be installed: ${said.trim()}`);
    return undefined;
  }
  await Bun.write(done, version);
  return folder;
}
