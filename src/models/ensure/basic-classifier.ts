// `ensure --basic-cls`: the small text classifier under the models root, built here from its examples.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfText } from "../../assets/checksum.ts";
import { isInstalled, withInstallation } from "../../assets/registry/record.ts";
import { writeFileAtomic } from "../../base/atomic-file.ts";
import type { ModelWorld } from "../world.ts";
import { intentExamples } from "./classifier-examples.ts";
import { trainTextClassifier } from "./text-classifier.ts";

const name = "basic_cls";
const fileName = "classifier.json";

/** Its path, and whether it had to be written. */
export async function ensureBasicClassifier({
  registry,
  clock,
  modelsRoot,
}: Pick<ModelWorld, "registry" | "clock" | "modelsRoot">): Promise<{ path: string; isNew: boolean }> {
  const folder = join(modelsRoot, name);
  const path = join(folder, fileName);
  const text = `${JSON.stringify(trainTextClassifier(intentExamples), null, 1)}\n`;
  const isThere = (await readFile(path, "utf8").catch(() => null)) === text;
  const record = (await registry.load()).get(name);
  if (isThere && record && isInstalled(record)) return { path, isNew: false };
  if (!isThere) await writeFileAtomic(path, text);
  await registry.update((records) => {
    const file = { path: fileName, size: Buffer.byteLength(text), sha256: sha256OfText(text) };
    const installation = {
      kind: "provider" as const,
      library: "rule_based",
      revision: null,
      commit: null,
      installed_at: clock.wallTime().toISOString(),
      install_path: folder,
      relative_path: name,
      files: [file],
    };
    records.set(name, withInstallation(name, records.get(name), installation));
  });
  return { path, isNew: !isThere };
}
