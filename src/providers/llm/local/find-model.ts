// From the name in the settings to the files of an installed language model. Looks only; loads nothing.
//
//   <models_root>/llama-cpp/<owner>/<repo>/*.gguf        <models_root>/transformers/<owner>/<repo>/onnx/model*.onnx
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { locate } from "../../../assets/registry/locate.ts";
import { type RegistryRecord, registryRecordSchema } from "../../../assets/registry/record.ts";
import { registryFileName } from "../../../assets/registry/registry.ts";
import { AppError } from "../../../base/errors.ts";
import { checkGgufFile, listGgufFiles, selectGgufFile } from "./gguf-files.ts";
import { parseModelReference } from "./model-reference.ts";
import { isOnnxFolder, listPrecisions, type OnnxFolder, readOnnxFolder } from "./onnx-folder.ts";

export type InstalledModel = {
  /** As it was asked for. */
  name: string;
  /** In the registry; undefined for a path. */
  id?: string;
} & ({ format: "gguf"; file: string } | { format: "onnx"; folder: OnnxFolder });

const libraries = ["llama-cpp", "transformers"];

/**
 * `reference` undefined takes the only model that is installed. Throws E_ARGS (several are, or no reference), E_NOT_FOUND
 * with the command that brings it, E_VERIFY (files damaged or missing), E_SCHEMA (another kind of model), E_PERM.
 */
export async function findModel(modelsRoot: string, reference: string | undefined): Promise<InstalledModel> {
  const wanted = parseModelReference(reference ?? (await findOnlyModel(modelsRoot)));
  if (wanted.kind === "path") return findAtPath(wanted.path);
  const { id, selector } = wanted;
  const folders = await listFolders(modelsRoot, id);
  const there: string[] = [];
  for (const folder of folders) {
    const names = await listGgufFiles(folder);
    const file = selectGgufFile(names, selector);
    if (file !== undefined) {
      const path = join(folder, file);
      await checkGgufFile(path);
      return { format: "gguf", name: nameOf(id, selector), id, file: path };
    }
    const onnx = await readOnnxFolder(folder, selector);
    if (onnx) return { format: "onnx", name: nameOf(id, selector), id, folder: onnx };
    there.push(...names, ...(await listPrecisions(folder)));
  }
  const command = `troupe models download --model ${id}`;
  if (there.length > 0) {
    throw new AppError(
      "E_NOT_FOUND",
      `${id} has no ${selector} here, but ${there.join(", ")}; ${command} brings more`,
      {
        model: id,
        selector,
        there,
      },
    );
  }
  throw new AppError("E_NOT_FOUND", `the language model ${id} is not installed; bring it: ${command}`, {
    model: id,
    folders,
  });
}

const nameOf = (id: string, selector: string | undefined): string =>
  selector === undefined ? id : `${id}:${selector}`;

async function findAtPath(path: string): Promise<InstalledModel> {
  const found = await stat(path).catch(() => undefined);
  if (!found) {
    throw new AppError(
      "E_NOT_FOUND",
      `there is no model at ${path}; check [reply] model, or bring one: troupe models download --model owner/repo`,
      { path },
    );
  }
  const name = basename(path);
  if (!found.isDirectory()) {
    await checkGgufFile(path);
    return { format: "gguf", name, file: path };
  }
  const file = selectGgufFile(await listGgufFiles(path), undefined);
  if (file !== undefined) {
    await checkGgufFile(join(path, file));
    return { format: "gguf", name, file: join(path, file) };
  }
  const folder = await readOnnxFolder(path, undefined);
  if (folder) return { format: "onnx", name, folder };
  throw new AppError("E_NOT_FOUND", `${path} holds neither a GGUF nor an onnx/model.onnx`, { path });
}

/** Where a model may lie: as the registry says, else where downloads go. */
async function listFolders(modelsRoot: string, id: string): Promise<string[]> {
  const record = (await readRecords(modelsRoot)).get(id);
  const recorded = record && (await locate(record, modelsRoot));
  const usual = libraries.map((library) => join(modelsRoot, library, id));
  return [...new Set([...(recorded ? [recorded.path] : []), ...usual])];
}

/** Read for the places of models alone; a damaged one is the business of `troupe models`, the folders are still there. */
async function readRecords(modelsRoot: string): Promise<Map<string, RegistryRecord>> {
  const file = Bun.file(join(modelsRoot, registryFileName));
  const content: unknown = await file.json().catch(() => undefined);
  const records = z.record(z.string(), z.unknown()).safeParse(content).data ?? {};
  return new Map(
    Object.entries(records).flatMap(([id, value]) => {
      const { data } = registryRecordSchema.safeParse(value);
      return data === undefined ? [] : [[id, data] as const];
    }),
  );
}

/** The ids of the models that could reply, sorted. */
export async function listInstalledModels(modelsRoot: string): Promise<string[]> {
  const candidates = new Set((await readRecords(modelsRoot)).keys());
  for (const library of libraries) {
    for (const owner of await listNames(join(modelsRoot, library))) {
      candidates.add(owner);
      for (const repo of await listNames(join(modelsRoot, library, owner)))
        candidates.add(`${owner}/${repo}`);
    }
  }
  const found: string[] = [];
  for (const id of candidates) {
    for (const folder of await listFolders(modelsRoot, id)) {
      if (!(await holdsModel(folder, id))) continue;
      found.push(id);
      break;
    }
  }
  return found.sort();
}

const listNames = async (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

async function holdsModel(folder: string, id: string): Promise<boolean> {
  const names = await listGgufFiles(folder);
  // An owner's folder holds what its repositories hold; only files of its own make it a model.
  if (names.some((name) => id.includes("/") || !/[/\\]/.test(name))) return true;
  if (!(await isOnnxFolder(folder))) return false;
  return (await readOnnxFolder(folder, undefined).catch(() => undefined)) !== undefined;
}

async function findOnlyModel(modelsRoot: string): Promise<string> {
  const installed = await listInstalledModels(modelsRoot);
  const [only] = installed;
  if (only === undefined) {
    throw new AppError(
      "E_NOT_FOUND",
      `no language model is installed under ${modelsRoot}; bring one: troupe models download --model owner/repo`,
      { modelsRoot },
    );
  }
  if (installed.length === 1) return only;
  throw new AppError(
    "E_ARGS",
    `say which model is to reply: set [reply] model to one of ${installed.join(", ")}`,
    {
      installed,
    },
  );
}
