// Models for the browser's tests, and keys as one would press them.
import {
  type BrowsedModel,
  type BrowseEffect,
  type BrowseState,
  reduceBrowse,
} from "../../../src/cli/browse/browse-state.ts";
import { listChoices } from "../../../src/cli/browse/list-choices.ts";
import type { Key, KeyName } from "../../../src/cli/browse/keys.ts";
import type { Machine } from "../../../src/models/compatibility/machine.ts";
import type { HubFile, HubModel, ModelSummary } from "../../../src/models/hub/port.ts";
import { listVariants } from "../../../src/models/variants.ts";

const gib = 2 ** 30;

export const machine: Machine = {
  platform: "linux",
  architecture: "x64",
  cpu: { model: "x", cores: 8, features: { avx: true, avx2: true, avx512: false, neon: false } },
  memory: { totalBytes: 8 * gib, availableBytes: 8 * gib, limitBytes: null },
  disk: { path: "/models", freeBytes: 20 * gib },
  gpus: [],
};

export const summary = (modelId: string, changes: Partial<ModelSummary> = {}): ModelSummary => ({
  modelId,
  lastModified: "2026-01-05T10:00:00.000Z",
  likes: 3,
  downloads: 1234,
  libraryName: "gguf",
  license: "mit",
  gated: false,
  tags: [],
  ...changes,
});

export const file = (path: string, sizeGib: number): HubFile => ({
  path,
  sizeBytes: Math.round(sizeGib * gib),
  sha256: null,
});

export function browsed(
  modelId: string,
  files: readonly HubFile[],
  changes: Partial<HubModel> = {},
): BrowsedModel {
  const model: HubModel = {
    ...summary(modelId),
    revision: "main",
    commit: "c".repeat(40),
    files,
    totalSizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    licenseName: null,
    licenseLink: null,
    ...changes,
  };
  return {
    model,
    variants: listVariants(files),
    header: null,
    installation: null,
    warnings: [],
    choices: listChoices(machine, model),
  };
}

const named = new Set<string>(
  "up down left right page-up page-down home end enter escape backspace interrupt".split(" "),
);

/** "down enter" are two keys; "/tiny" are five. */
export const keysOf = (text: string): Key[] =>
  text
    .split(" ")
    .flatMap((word): Key[] =>
      named.has(word) ? [{ name: word as KeyName }] : [...word].map((text) => ({ name: "text", text })),
    );

/** Presses them one after the other; gives the state they lead to and all that was asked for. */
export function press(state: BrowseState, keys: string): { state: BrowseState; effects: BrowseEffect[] } {
  const effects: BrowseEffect[] = [];
  for (const key of keysOf(keys)) {
    const step = reduceBrowse(state, { type: "key", key });
    state = step.state;
    if (step.effect) effects.push(step.effect);
  }
  return { state, effects };
}
