// Which GGUF file of a folder is meant, and whether it is one. What is in it, node-llama-cpp reads for itself.
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError, fromFileSystemError } from "../../../base/errors.ts";

/**
 * Where nobody chose: about 5 bits a weight first, where quality is close to the original's (llama.cpp's own tables for
 * Llama 3 put Q4_K_M at +0.05 perplexity), then the finer ones, then the coarser.
 */
const quantOrder = [
  "q4_k_m",
  "q4_k_s",
  "q5_k_m",
  "q5_k_s",
  "q4_0",
  "q4_1",
  "q6_k",
  "q8_0",
  "iq4",
  "q3",
  "q2",
];
/** Eyes and ears of models that see and hear: no model by themselves. */
const projector = /(?:^|[-_.])mmproj/i;
const part = /-(\d{5})-of-(\d{5})\.gguf$/i;

/** GGUF files that hold a language model, of split ones the first part; sorted. */
export async function listGgufFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names
    .filter((name) => /\.gguf$/i.test(name) && !projector.test(basename(name)))
    .filter((name) => Number(part.exec(name)?.[1] ?? 1) === 1)
    .sort();
}

/** The one that `selector` names, else the best for a machine without a choice; undefined when none fits. */
export function selectGgufFile(names: readonly string[], selector: string | undefined): string | undefined {
  if (selector === undefined) {
    const rank = (name: string): number => {
      const index = quantOrder.findIndex((quant) => name.toLowerCase().includes(quant));
      return index < 0 ? quantOrder.length : index;
    };
    return [...names].sort((a, b) => rank(a) - rank(b))[0];
  }
  const wanted = selector.toLowerCase();
  const exact = names.find((name) => name.replaceAll("\\", "/").toLowerCase() === wanted);
  // What is meant stands between the name's separators: `q4_k` is no q4_k_m.
  const escaped = wanted.replace(/[.]/g, "\\.");
  const asPart = new RegExp(`(?:^|[-._/])${escaped}(?:[-.]|$)`, "i");
  return exact ?? names.find((name) => asPart.test(basename(name)));
}

/** Throws E_NOT_FOUND, E_PERM, E_VERIFY (no GGUF, or a part of a split one is missing). */
export async function checkGgufFile(file: string): Promise<void> {
  const magic = await Bun.file(file)
    .slice(0, 4)
    .text()
    .catch((error: unknown) => {
      throw fromFileSystemError(error, file);
    });
  if (magic !== "GGUF") {
    throw new AppError("E_VERIFY", `${file} is no GGUF file; ${cureOfBadFile}`, { path: file });
  }
  const [, , total] = part.exec(file) ?? [];
  for (let index = 2; index <= Number(total ?? 1); index++) {
    const other = file.replace(part, `-${String(index).padStart(5, "0")}-of-${total}.gguf`);
    if (await Bun.file(other).exists()) continue;
    const missing = join(dirname(file), basename(other));
    throw new AppError(
      "E_VERIFY",
      `${file} is one part of a model, and ${missing} is missing; ${cureOfBadFile}`,
      {
        path: missing,
      },
    );
  }
}

export const cureOfBadFile =
  "`troupe models verify` tells what is damaged, `troupe models download` brings it again";
