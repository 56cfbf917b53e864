// A temporary folder for one test, removed when the test leaves its scope.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file under the folder, with its parents, and returns its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
}

export async function createTempFolder(prefix = "troupe-test-"): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  return {
    path,
    async write(name, content) {
      const file = join(path, name);
      await Bun.write(file, content);
      return file;
    },
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}
