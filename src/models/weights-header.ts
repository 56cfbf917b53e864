// What a repository's weights say of themselves, read from the first bytes of a few files: nobody has to download ten
// gigabytes to learn that the context is four thousand tokens.
import { z } from "zod";
import { AppError } from "../base/errors.ts";
import { forEachLimited } from "../assets/for-each-limited.ts";
import { readGgufHeader } from "./headers/gguf-header.ts";
import { summarizeGguf } from "./headers/gguf-summary.ts";
import { countParameters, nameDtypes } from "./headers/safetensors-summary.ts";
import { readSafetensorsHeader, type SafetensorsHeader } from "./headers/safetensors-header.ts";
import type { HubClient, HubFile, HubModel } from "./hub/port.ts";
import { isGgufFile } from "./install-place.ts";
import type { ModelVariant } from "./variants.ts";

export interface WeightsHeader {
  /** The file whose header it is; of several parts, the first. */
  path: string;
  /** Null where not every part could be asked. */
  parameters: number | null;
  quantization: string | null;
  /** Tokens. */
  contextLength: number | null;
  architecture: string | null;
}

type Hub = Pick<HubClient, "openFile" | "readText">;

/** A model in more parts than this is not asked for all their headers. */
const maxParts = 32;
const partsAtOnce = 4;
const maxConfigBytes = 4 << 20;

/** Null where no file has a header to read; rejects as the hub client and the header's reader do. */
export async function readWeightsHeader(
  hub: Hub,
  model: HubModel,
  variants: readonly ModelVariant[],
  signal?: AbortSignal,
): Promise<WeightsHeader | null> {
  const gguf = variants.find(({ files }) => files.some(({ path }) => isGgufFile(path)));
  if (gguf) return readGguf(hub, model, gguf.files, signal);
  const parts = selectSafetensors(model.files);
  return parts.length === 0 ? null : readSafetensors(hub, model, parts, signal);
}

async function readGguf(
  hub: Hub,
  model: HubModel,
  parts: readonly HubFile[],
  signal: AbortSignal | undefined,
): Promise<WeightsHeader | null> {
  const asked = parts.length <= maxParts ? parts : parts.slice(0, 1);
  const headers = await readAll(asked, async (file) =>
    summarizeGguf(await readGgufHeader(open(hub, model, file, signal), { signal })),
  );
  const [first] = headers;
  const [path] = parts.map((file) => file.path);
  if (!first || path === undefined) return null;
  const isWhole = asked.length === parts.length && parts.length === (first.split?.count ?? parts.length);
  return {
    path,
    parameters: isWhole ? headers.reduce((sum, header) => sum + header.parameters, 0) : null,
    quantization: first.quantization,
    contextLength: first.contextLength,
    architecture: first.architecture,
  };
}

async function readSafetensors(
  hub: Hub,
  model: HubModel,
  parts: readonly HubFile[],
  signal: AbortSignal | undefined,
): Promise<WeightsHeader | null> {
  const config = await readConfig(hub, model, signal);
  const asked = parts.length <= maxParts ? parts : parts.slice(0, 1);
  const headers: SafetensorsHeader[] = await readAll(asked, (file) =>
    readSafetensorsHeader(open(hub, model, file, signal), { signal }),
  );
  const [first] = parts;
  if (!first) return null;
  const method = config.quantization_config?.quant_method ?? null;
  const bits = config.quantization_config?.bits ?? config.quantization?.bits ?? null;
  return {
    path: first.path,
    parameters:
      asked.length === parts.length
        ? headers.reduce((sum, header) => sum + countParameters(header, bits), 0)
        : null,
    quantization: method === null ? nameDtypes(headers) : `${method}${bits === null ? "" : ` ${bits}-bit`}`,
    contextLength:
      contextLengthOf(config) ?? (config.text_config ? contextLengthOf(config.text_config) : null),
    architecture: config.model_type ?? null,
  };
}

const open = (hub: Hub, model: HubModel, file: HubFile, signal: AbortSignal | undefined) =>
  hub.openFile(model.modelId, file, { revision: model.commit, signal });

/** In the order of `files`. */
async function readAll<T>(files: readonly HubFile[], read: (file: HubFile) => Promise<T>): Promise<T[]> {
  const found = new Map<HubFile, T>();
  await forEachLimited(files, partsAtOnce, async (file) => void found.set(file, await read(file)));
  return files.flatMap((file) => found.get(file) ?? []);
}

/** The weights at the root, whole or in parts; those of subfolders are other models or other forms of it. */
function selectSafetensors(files: readonly HubFile[]): HubFile[] {
  const found = files.filter(({ path }) => /^[^/]+\.safetensors$/.test(path));
  const whole = found.find(({ path }) => path === "model.safetensors");
  if (whole) return [whole];
  const parts = found.filter(({ path }) => /-\d{5}-of-\d{5}\.safetensors$/.test(path));
  return (parts.length > 0 ? parts : found.slice(0, 1)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const limit = z.int().positive().nullish().catch(null);
const limitsSchema = z.object({
  max_position_embeddings: limit,
  n_positions: limit,
  n_ctx: limit,
  max_sequence_length: limit,
});
type Limits = z.infer<typeof limitsSchema>;
const configSchema = limitsSchema.extend({
  model_type: z.string().nullish().catch(null),
  text_config: limitsSchema.nullish().catch(null),
  quantization_config: z
    .object({ quant_method: z.string().nullish().catch(null), bits: limit })
    .nullish()
    .catch(null),
  /** MLX's. */
  quantization: z.object({ bits: limit }).nullish().catch(null),
});

/** In the order in which the model families name it. */
const contextLengthOf = (limits: Limits): number | null =>
  limits.max_position_embeddings ?? limits.n_positions ?? limits.n_ctx ?? limits.max_sequence_length ?? null;

/** An empty one where the repository has none, or one that is no JSON. */
async function readConfig(hub: Hub, model: HubModel, signal: AbortSignal | undefined) {
  const empty = configSchema.parse({});
  if (!model.files.some(({ path }) => path === "config.json")) return empty;
  const request = { revision: model.commit, signal, maxBytes: maxConfigBytes };
  const text = await hub.readText(model.modelId, "config.json", request);
  try {
    return configSchema.safeParse(JSON.parse(text)).data ?? empty;
  } catch {
    return empty;
  }
}

/** A header that cannot be read spoils nothing else: what went wrong with it, or the error itself if all must end. */
export function explainHeaderFailure(error: unknown): string {
  if (!(error instanceof AppError) || error.code === "E_INTERRUPTED") throw error;
  return `the header of its weights cannot be read: ${error.message}`;
}
