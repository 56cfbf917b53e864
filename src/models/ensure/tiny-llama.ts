// `ensure --tinyllama`: a language model small enough for any machine, as one GGUF file.
import { open, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { withdrawRecord } from "../../assets/registry/keep-registered.ts";
import { AppError } from "../../base/errors.ts";
import { formatBytes } from "../../assets/free-space.ts";
import type { ModelLibrary } from "../model-library.ts";
import { escapePattern } from "../download/select-files.ts";
import { resolveInstallRoot } from "../install-place.ts";
import { formatModelId, parseOwnerRepo } from "../model-id.ts";
import type { ModelWorld } from "../world.ts";

/** https://huggingface.co/TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF */
const defaultModelId = "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF";
const defaultFileName = "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf";
/** An error page, or a file that was cut off, is smaller. */
const leastBytes = 50 * 2 ** 20;

export interface TinyLlamaOptions {
  /** Default the usual 4-bit one. */
  fileName?: string | undefined;
  /** Instead of the hub. */
  url?: string | undefined;
}

type TinyLlamaWorld = Pick<ModelWorld, "store" | "registry" | "modelsRoot"> & {
  library: Pick<ModelLibrary, "download">;
};

/** E_VERIFY for what is no such model: the file is then called `.corrupt`. What downloads reject with. */
export async function ensureTinyLlama(
  world: TinyLlamaWorld,
  { fileName = defaultFileName, url }: TinyLlamaOptions,
  signal?: AbortSignal,
): Promise<{ path: string; isNew: boolean }> {
  if (fileName !== basename(fileName) || fileName.startsWith(".")) {
    throw new AppError(
      "E_ARGS",
      `TINY_LLAMA_FILENAME is ${JSON.stringify(fileName)}; it has to be a file name`,
      {
        file: fileName,
      },
    );
  }
  const modelId = url === undefined ? defaultModelId : modelIdOf(url, fileName);
  const isThere = await findWhole(world, modelId, fileName);
  if (isThere !== null) return { path: isThere, isNew: false };
  const path =
    url === undefined
      ? await fromHub(world, modelId, fileName, signal)
      : await fromUrl(world, { modelId, fileName, url, signal });
  await requireModel(world, modelId, path);
  return { path, isNew: true };
}

/** Of an address on the hub its model; else nobody's. */
function modelIdOf(url: string, fileName: string): string {
  const [, owner, repo] = /^https?:\/\/[^/]+\/([^/]+)\/([^/]+)\/resolve\//.exec(url) ?? [];
  if (owner === undefined || repo === undefined) return `unknown/${fileName.replace(/\.gguf$/i, "")}`;
  return formatModelId(parseOwnerRepo(`${owner}/${repo}`));
}

async function fromHub(
  { library }: TinyLlamaWorld,
  modelId: string,
  fileName: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { installPath } = await library.download({ modelId, include: [escapePattern(fileName)], signal });
  return join(installPath, fileName);
}

async function fromUrl(
  { store, modelsRoot }: TinyLlamaWorld,
  request: { modelId: string; fileName: string; url: string; signal: AbortSignal | undefined },
): Promise<string> {
  const { modelId, fileName, url, signal } = request;
  const { path: folder } = resolveInstallRoot({ modelsRoot, modelId, files: [], library: "llama-cpp" });
  const handle = store.open({
    name: modelId,
    place: { path: folder, kind: "hub", library: "llama-cpp" },
    sources: [{ type: "http", files: { [fileName]: url } }],
    retries: 3,
    retryDelaySeconds: 1,
  });
  await handle.ensure({ signal });
  return join(folder, fileName);
}

/** Null for what is not there; what is there and no model is set aside. */
async function findWhole(world: TinyLlamaWorld, modelId: string, fileName: string): Promise<string | null> {
  const { path: folder } = resolveInstallRoot({
    modelsRoot: world.modelsRoot,
    modelId,
    files: [],
    library: "llama-cpp",
  });
  const path = join(folder, fileName);
  if (!(await stat(path).catch(() => null))) return null;
  await requireModel(world, modelId, path);
  return path;
}

async function requireModel({ registry }: TinyLlamaWorld, modelId: string, path: string): Promise<void> {
  const { size } = await stat(path);
  const magic = await readStart(path, 4);
  if (size > leastBytes && magic === "GGUF") return;
  const found = magic === "GGUF" ? `is only ${formatBytes(size)}` : "does not begin with GGUF";
  const setAside = `${path}.corrupt`;
  await withdrawRecord(registry, modelId);
  await rename(path, setAside);
  throw new AppError(
    "E_VERIFY",
    `${basename(path)} ${found}, so it is no model; it is now ${setAside}. Check TINY_LLAMA_URL and TINY_LLAMA_FILENAME, then run this again`,
    {
      model_id: modelId,
      path: setAside,
      expected: `GGUF, more than ${formatBytes(leastBytes)}`,
      found,
      folder: dirname(path),
    },
  );
}

async function readStart(path: string, length: number): Promise<string> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
  }
}
