// Brings the files of the folder to their outcomes: which are to be read again, what has changed in them, how they fare in
// a trial. Several loads may be under way; of one file only the newest counts.
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isAbortError, messageOf } from "../base/errors.ts";
import type { CharacterVersion, LoadOutcome, RunFault } from "./character-book.ts";
import type { CharacterSource, EvaluationOutcome } from "./host/host-protocol.ts";
import { type FileReading, listCharacterFiles, readCharacterFiles } from "./load-folder.ts";
import type { LoadErrorType, LoadProblem } from "./port.ts";
import { importStem, isShared } from "./watch-folder.ts";

export interface LoadRequest {
  /** Absolute paths; undefined: every file. */
  changed?: ReadonlySet<string>;
  /** An outcome is in, or a file has gone: the book may be built anew. */
  onOutcome: () => void;
}

export interface FolderLoader extends Disposable {
  /** One for each file that has been evaluated, in no order. */
  outcomes(): LoadOutcome[];
  readonly fileCount: number;
  /** Resolves when every file concerned has its outcome; true when any outcome is new. */
  load(request: LoadRequest): Promise<boolean>;
  /** Of the version that stands for its file. Recorded once; false when there is nothing new to record. */
  recordFault(versionId: string, fault: RunFault): CharacterVersion | undefined;
}

interface FileState {
  readonly file: string;
  /** The last reading that was tried, and what it imported. */
  path: string | undefined;
  text: string | undefined;
  companions: Readonly<Record<string, string>>;
  lastGood: CharacterVersion | undefined;
  /** The last evaluation that gave `lastGood`: what fails late in it is a fault of that version. */
  evaluatedAs: string | undefined;
  outcome: LoadOutcome | undefined;
  /** The reading or trial under way. */
  trial: AbortController | undefined;
}

/** Only a change ends a quarantine. */
const quarantiningTypes: readonly LoadErrorType[] = ["Timeout", "Crashed"];

export function createFolderLoader(
  dependencies: {
    evaluate: (source: CharacterSource, signal: AbortSignal) => Promise<EvaluationOutcome>;
    offenceOf: (versionId: string) => LoadProblem | undefined;
    /** A file crashed or hung in its trial. */
    onQuarantine: (name: string | undefined, problem: LoadProblem) => void;
  },
  { folder }: { folder: string },
): FolderLoader {
  const { evaluate, offenceOf, onQuarantine } = dependencies;
  const states = new Map<string, FileState>();
  let versionCount = 0;
  /** Files whose names differ from another's in case alone. */
  let twins: ReadonlySet<string> = new Set();

  const stateOf = (file: string): FileState => {
    let state = states.get(file);
    if (!state) {
      state = {
        file,
        path: undefined,
        text: undefined,
        companions: {},
        lastGood: undefined,
        evaluatedAs: undefined,
        outcome: undefined,
        trial: undefined,
      };
      states.set(file, state);
    }
    return state;
  };

  /** True when what it was made of has changed, or might be found now where it was missing. */
  const isConcerned = (state: FileState, changed: ReadonlySet<string>): boolean =>
    [...changed].some((path) => {
      if (path === join(folder, state.file) || path === state.path || Object.hasOwn(state.companions, path))
        return true;
      if (!isShared(path, folder)) return false;
      const stem = importStem(path);
      return [state.text ?? "", ...Object.values(state.companions)].some((text) => text.includes(stem));
    });

  /** False when the file is as it was, and its outcome stands. */
  const hasChanged = (
    state: FileState,
    reading: FileReading,
    isWatched: boolean,
    wasImported: boolean,
  ): boolean => {
    if (!reading.ok || !state.outcome || wasImported) return true;
    if (reading.text !== state.text || reading.path !== state.path) return true;
    const { outcome } = state;
    if (outcome.fault?.isQuarantined) return false;
    if (outcome.ok) return !isWatched;
    return !quarantiningTypes.includes(outcome.problem.error_type);
  };

  const tryFile = async (state: FileState, reading: FileReading & { ok: true }, trial: AbortController) => {
    const versionId = `${state.file}@${++versionCount}`;
    const { file, text } = reading;
    const path = twins.has(file) ? aliasOf(reading.path) : reading.path;
    const source: CharacterSource = { versionId, file, path, text, companions: {} };
    const outcome = await evaluate(source, trial.signal);
    if (state.trial !== trial) return;
    Object.assign(state, { path: reading.path, text, companions: outcome.companions });
    if (!outcome.ok) {
      state.outcome = { file, ok: false, problem: outcome.problem };
      if (quarantiningTypes.includes(outcome.problem.error_type)) {
        onQuarantine(state.lastGood?.record.name, outcome.problem);
      }
      return;
    }
    const { record, companions } = outcome;
    const before = state.lastGood;
    const isSame =
      before?.source.text === text &&
      before.source.path === path &&
      isDeepStrictEqual(before.source.companions, companions) &&
      isDeepStrictEqual(before.record, record);
    // The same again keeps its place, and its warm cell.
    const version = isSame ? before : freezeDeep({ source: { ...source, companions }, record });
    state.lastGood = version;
    state.evaluatedAs = versionId;
    state.outcome = { file, ok: true, version };
    const offence = offenceOf(versionId);
    if (!offence) return;
    state.outcome.fault = { problem: offence, isQuarantined: true };
    onQuarantine(record.name, offence);
  };

  return {
    outcomes: () => [...states.values()].flatMap(({ outcome }) => outcome ?? []),
    get fileCount() {
      return states.size;
    },

    async load({ changed, onOutcome }) {
      const files = await listCharacterFiles(folder);
      twins = findCaseTwins(files);
      let isNew = false;
      for (const [file, state] of states) {
        if (files.includes(file)) continue;
        state.trial?.abort();
        state.trial = undefined;
        states.delete(file);
        isNew = true;
      }
      const targets = files.filter((file) => {
        const state = states.get(file);
        return !changed || !state || isConcerned(state, changed);
      });
      const trials = new Map<string, AbortController>();
      for (const file of targets) {
        const state = stateOf(file);
        state.trial?.abort();
        state.trial = new AbortController();
        trials.set(file, state.trial);
      }
      if (isNew) onOutcome();

      const running: Promise<void>[] = [];
      for await (const reading of readCharacterFiles(folder, targets)) {
        const state = states.get(reading.file);
        const trial = trials.get(reading.file);
        if (!state || !trial || state.trial !== trial) continue;
        const wasImported = changed !== undefined && !changed.has(join(folder, reading.file));
        if (!hasChanged(state, reading, changed !== undefined, wasImported)) {
          state.trial = undefined;
          continue;
        }
        isNew = true;
        const settle = (): void => {
          if (state.trial !== trial) return;
          state.trial = undefined;
          onOutcome();
        };
        if (!reading.ok) {
          state.text = undefined;
          state.outcome = { file: reading.file, ok: false, problem: reading.problem };
          settle();
          continue;
        }
        running.push(
          tryFile(state, reading, trial).then(settle, (error: unknown) => {
            if (isAbortError(error)) return;
            const problem = { file: reading.file, stage: "evaluate", error_type: "Crashed" } as const;
            state.outcome = {
              file: reading.file,
              ok: false,
              problem: { ...problem, message: `it could not be tried: ${messageOf(error)}` },
            };
            settle();
          }),
        );
      }
      await Promise.all(running);
      return isNew;
    },

    recordFault(versionId, fault) {
      for (const state of states.values()) {
        const { outcome, lastGood } = state;
        const isConcerned = lastGood?.source.versionId === versionId || state.evaluatedAs === versionId;
        if (!outcome || !isConcerned) continue;
        if (outcome.fault && (outcome.fault.isQuarantined || !fault.isQuarantined)) return undefined;
        state.outcome = { ...outcome, fault };
        return lastGood;
      }
      return undefined;
    },

    [Symbol.dispose]() {
      for (const { trial } of states.values()) trial?.abort();
    },
  };
}

function findCaseTwins(files: readonly string[]): Set<string> {
  const groups = Map.groupBy(files, (file) => file.toLowerCase());
  return new Set([...groups.values()].filter((group) => group.length > 1).flat());
}

/** Bun 1.4.4 finds modules by their name in lower case, so `b.ts` would be `B.ts`: twins are loaded under other paths. */
const aliasOf = (path: string): string => path.replace(/\.ts$/, `-${Bun.hash.crc32(path).toString(16)}.ts`);

/** Readers share it. */
function freezeDeep<T extends object>(value: T): T {
  for (const entry of Object.values(value)) {
    if (typeof entry === "object" && entry !== null) freezeDeep(entry as object);
  }
  return Object.freeze(value);
}
