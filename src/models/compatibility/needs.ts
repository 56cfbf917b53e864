// What a model needs to run, by the size of its files.
import type { HubFile } from "../hub/port.ts";
import { isGgufFile } from "../install-place.ts";
import { listVariants, type ModelVariant } from "../variants.ts";

export interface ModelNeeds {
  format: "gguf" | "other";
  /** Of what would be loaded at once: everything but the other variants. */
  loadedBytes: number;
  /** Of everything. */
  sizeBytes: number;
  ramBytes: number;
  diskBytes: number;
  /** Memory of a graphics card, for it to run there; null where none is worth asking for. */
  vramBytes: number | null;
  isGpuRecommended: boolean;
}

const gb = 2 ** 30;
/** Weights are mapped and used as they lie; the rest is the context. */
const ggufFactors = { ram: 1.2, disk: 1.1 };
/** Weights are read, and laid out anew for the runtime. */
const otherFactors = { ram: 2, disk: 1.2, vram: 1.5 };

export function computeNeeds(files: readonly HubFile[]): ModelNeeds {
  const variants = listVariants(files);
  const sizeBytes = sumSizes(files);
  const loadedBytes = sizeBytes - sumOthers(variants);
  const isGguf = variants.some((variant) => variant.files.some(({ path }) => isGgufFile(path)));
  if (isGguf) {
    return {
      format: "gguf",
      loadedBytes,
      sizeBytes,
      ramBytes: Math.ceil(loadedBytes * ggufFactors.ram),
      diskBytes: Math.ceil(sizeBytes * ggufFactors.disk),
      vramBytes: null,
      isGpuRecommended: false,
    };
  }
  return {
    format: "other",
    loadedBytes,
    sizeBytes,
    ramBytes: Math.ceil(loadedBytes * otherFactors.ram),
    diskBytes: Math.ceil(sizeBytes * otherFactors.disk),
    vramBytes: loadedBytes > gb ? Math.ceil(loadedBytes * otherFactors.vram) : null,
    isGpuRecommended: loadedBytes > 2 * gb,
  };
}

/** Of all but the largest: one is loaded, and the largest needs most. */
const sumOthers = (variants: readonly ModelVariant[]): number =>
  variants.slice(0, -1).reduce((sum, variant) => sum + variant.sizeBytes, 0);

const sumSizes = (files: readonly HubFile[]): number =>
  files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
