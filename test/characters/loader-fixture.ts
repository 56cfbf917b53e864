// A loader of a temporary folder, whose evaluations are played by the test.
import { join } from "node:path";
import type { CharacterVersion } from "../../src/characters/character-book.ts";
import { createFolderLoader, type FolderLoader } from "../../src/characters/folder-loader.ts";
import type { CharacterSource, EvaluationOutcome } from "../../src/characters/host/host-protocol.ts";
import { listCharacterFiles } from "../../src/characters/load-folder.ts";
import type { LoadErrorType, LoadProblem } from "../../src/characters/port.ts";
import { createTempFolder, type TempFolder } from "../support/temp-folder.ts";

export interface Played extends AsyncDisposable {
  folder: TempFolder;
  loader: FolderLoader;
  /** Files in the order of their evaluations. */
  evaluated: string[];
  quarantined: string[];
  /** Versions that have misbehaved. */
  offences: Map<string, LoadProblem>;
  /** How the next evaluations go; default: the text is the name. */
  play: { evaluate: (source: CharacterSource, signal: AbortSignal) => Promise<EvaluationOutcome> };
  /** How many were missing each time there was something to reveal. */
  finds: number[];
  /** And reveals nothing. */
  begin(...changed: string[]): Promise<boolean>;
  /** And reveals it when it is done. */
  load(...changed: string[]): Promise<boolean>;
}

const record = (name: string) => ({
  name,
  voiceSource: { source_type: "kokoro" as const, voice: "af_heart" },
  instructions: { type: "smalltalk" as const },
  metadata: {},
  tools: [],
  hasReply: false,
});
export const stands = (
  source: CharacterSource,
  companions: Record<string, string> = {},
): EvaluationOutcome => ({
  ok: true,
  record: record(source.text),
  companions,
});
export const fails = (source: CharacterSource, type: LoadErrorType): EvaluationOutcome => ({
  ok: false,
  problem: { file: source.file, stage: "evaluate", error_type: type, message: "played" },
  companions: {},
});

export async function openLoader(
  files: Readonly<Record<string, string>>,
  listFiles = listCharacterFiles,
): Promise<Played> {
  const folder = await createTempFolder("troupe-loader-");
  for (const [name, text] of Object.entries(files)) await folder.write(name, text);
  const evaluated: string[] = [];
  const quarantined: string[] = [];
  const finds: number[] = [];
  const offences = new Map<string, LoadProblem>();
  const play: Played["play"] = { evaluate: (source) => Promise.resolve(stands(source)) };
  const loader = createFolderLoader(
    {
      evaluate(source, signal) {
        evaluated.push(source.file);
        return play.evaluate(source, signal);
      },
      offenceOf: (versionId) => offences.get(versionId),
      onQuarantine: (name, problem) => quarantined.push(`${name} ${problem.file}`),
      onFind: (missing) => finds.push(missing),
      listFiles,
    },
    { folder: folder.path },
  );
  const begin = (...changed: string[]): Promise<boolean> =>
    loader.load(changed.length > 0 ? new Set(changed.map((name) => join(folder.path, name))) : undefined);
  return {
    folder,
    loader,
    evaluated,
    quarantined,
    offences,
    finds,
    play,
    begin,
    async load(...changed) {
      const isNew = await begin(...changed);
      loader.reveal();
      return isNew;
    },
    async [Symbol.asyncDispose]() {
      loader[Symbol.dispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export const versionOf = (loader: FolderLoader, file: string): CharacterVersion | undefined => {
  const outcome = loader.outcomes().find((candidate) => candidate.file === file);
  return outcome?.ok ? outcome.version : undefined;
};
