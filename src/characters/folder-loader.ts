// Brings the files of the folder to their outcomes: which are to be read again, what has changed in them, how they fare in
// a trial. Several loads may be under way; of one file only the newest counts. What was found is seen by nobody until it is
// revealed, so that a book which is built meanwhile for another reason does not show half of it.
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isAbortError, messageOf } from "../base/errors.ts";
import type { CharacterVersion, LoadOutcome, RunFault } from "./character-book.ts";
import type { CharacterSource, EvaluationOutcome } from "./host/host-protocol.ts";
import { type FileReading, listCharacterFiles, readCharacterFiles } from "./load-folder.ts";
import type { LoadErrorType, LoadProblem } from "./port.ts";
import { isShared, mayImport } from "./watch-folder.ts";

export interface FolderLoader extends Disposable {
  /** One for each file that has been evaluated and revealed, in no order. */
  outcomes(): LoadOutcome[];
  readonly fileCount: number;
  /**
   * Reads those that `changed` (absolute paths) concerns, or every file. Resolves when each has its outcome; true when any
   * outcome is new.
   */
  load(changed?: ReadonlySet<string>): Promise<boolean>;
  /** Something was found that nobody sees. */
  readonly isHiding: boolean;
  /** Everything that was found is seen from now on; those that are still under way count as slow. */
  reveal(): void;
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
  /** The outcome that is seen. */
  shown: LoadOutcome | undefined;
  isGone: boolean;
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
    /** There is something to reveal. Of those that are not slow, or of all if it was one of the slow, so many are missing. */
    onFind: (missing: number) => void;
    listFiles?: typeof listCharacterFiles;
  },
  { folder }: { folder: string },
): FolderLoader {
  const { evaluate, offenceOf, onQuarantine, onFind, listFiles = listCharacterFiles } = dependencies;
  const states = new Map<string, FileState>();
  const awaited = new Set<FileState>();
  /** Awaited too, but there was a reveal without them. */
  const slow = new Set<FileState>();
  let versionCount = 0;
  /** Files whose names differ from another's in case alone. */
  let twins: ReadonlySet<string> = new Set();

  let listing: Promise<unknown> = Promise.resolve();
  /** One after the other: with an older list that comes late, files would go that have just come. */
  const list = (): Promise<string[]> => {
    const own = listing.then(() => listFiles(folder));
    listing = own.catch(() => undefined);
    return own;
  };

  const stateOf = (file: string): FileState => {
    const known = states.get(file);
    if (known && !known.isGone) return known;
    // Of one that went and has come back, nothing is kept but what is seen until then.
    const state: FileState = {
      file,
      path: undefined,
      text: undefined,
      companions: {},
      lastGood: undefined,
      evaluatedAs: undefined,
      outcome: undefined,
      shown: known?.shown,
      isGone: false,
      trial: undefined,
    };
    states.set(file, state);
    return state;
  };

  /** True when what it was made of has changed, or might be found now where it was missing. */
  const isConcerned = (state: FileState, changed: ReadonlySet<string>): boolean =>
    [...changed].some((path) => {
      if (path === join(folder, state.file) || path === state.path || Object.hasOwn(state.companions, path))
        return true;
      if (!isShared(path, folder)) return false;
      return [state.text ?? "", ...Object.values(state.companions)].some((text) => mayImport(text, path));
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
    if (outcome.ok) return !isWatched && !outcome.fault?.isQuarantined;
    return !quarantiningTypes.includes(outcome.problem.error_type);
  };

  /** What many characters import is held once. */
  const share = (companions: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
    const held = (path: string, text: string): string =>
      states.values().find((state) => state.companions[path] === text)?.companions[path] ?? text;
    return Object.fromEntries(Object.entries(companions).map(([path, text]) => [path, held(path, text)]));
  };

  const tryFile = async (state: FileState, reading: FileReading & { ok: true }, trial: AbortController) => {
    const versionId = `${state.file}@${++versionCount}`;
    const { file, text } = reading;
    const path = twins.has(file) ? aliasOf(reading.path) : reading.path;
    const source: CharacterSource = { versionId, file, path, text, companions: {} };
    const outcome = await evaluate(source, trial.signal);
    if (state.trial !== trial) return;
    const companions = share(outcome.companions);
    Object.assign(state, { path: reading.path, text, companions });
    if (!outcome.ok) {
      state.outcome = failed(state, outcome.problem);
      if (quarantiningTypes.includes(outcome.problem.error_type)) {
        onQuarantine(state.lastGood?.record.name, outcome.problem);
      }
      return;
    }
    const { record } = outcome;
    const before = state.lastGood;
    const isSame =
      before?.source.text === text &&
      // One in quarantine stays there; this is a new beginning.
      !offenceOf(before.source.versionId) &&
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

  const isHidden = ({ outcome, shown, isGone }: FileState): boolean => isGone || outcome !== shown;

  const begin = (state: FileState): AbortController => {
    state.trial?.abort();
    state.trial = new AbortController();
    slow.delete(state);
    awaited.add(state);
    return state.trial;
  };
  const end = (state: FileState): void => {
    state.trial = undefined;
    const wasSlow = slow.delete(state);
    awaited.delete(state);
    const missing = awaited.size + (wasSlow ? slow.size : 0);
    // The last of many may be unchanged, and be the one that the others wait for.
    if (isHidden(state) || (missing === 0 && states.values().some(isHidden))) onFind(missing);
  };

  /** True when any file has gone. */
  const dismiss = (files: ReadonlySet<string>): boolean => {
    const gone = [...states.values()].filter(({ file, isGone }) => !isGone && !files.has(file));
    for (const state of gone) {
      state.trial?.abort();
      Object.assign(state, { trial: undefined, outcome: undefined, isGone: true });
      awaited.delete(state);
      slow.delete(state);
    }
    if (gone.length > 0) onFind(awaited.size);
    return gone.length > 0;
  };

  return {
    outcomes: () => [...states.values()].flatMap(({ shown }) => shown ?? []),
    get fileCount() {
      return states.values().reduce((count, { isGone }) => count + (isGone ? 0 : 1), 0);
    },
    get isHiding() {
      return states.values().some(isHidden);
    },
    reveal() {
      for (const [file, state] of states) {
        if (state.isGone) states.delete(file);
        else state.shown = state.outcome;
      }
      for (const state of awaited) slow.add(state);
      awaited.clear();
    },

    async load(changed) {
      const files = await list();
      twins = findCaseTwins(files);
      const targets = files.filter((file) => {
        const state = states.get(file);
        return !changed || !state || state.isGone || isConcerned(state, changed);
      });
      const trials = new Map(targets.map((file) => [file, begin(stateOf(file))]));
      let isNew = dismiss(new Set(files));

      const running: Promise<void>[] = [];
      for await (const reading of readCharacterFiles(folder, targets)) {
        const state = states.get(reading.file);
        const trial = trials.get(reading.file);
        if (!state || !trial || state.trial !== trial) continue;
        const wasImported = changed !== undefined && !changed.has(join(folder, reading.file));
        if (!hasChanged(state, reading, changed !== undefined, wasImported)) {
          end(state);
          continue;
        }
        isNew = true;
        const settle = (problem?: LoadProblem): void => {
          if (state.trial !== trial) return;
          if (problem) {
            state.outcome = failed(state, problem);
            // There was no trial of this text, so the next load is to make one.
            state.text = undefined;
          }
          end(state);
        };
        if (!reading.ok) {
          settle(reading.problem);
          continue;
        }
        running.push(
          tryFile(state, reading, trial).then(
            () => settle(),
            (error: unknown) => {
              if (isAbortError(error)) return settle();
              const problem = { file: reading.file, stage: "evaluate", error_type: "Crashed" } as const;
              const message = `it could not be tried: ${messageOf(error)}`;
              settle({ ...problem, message });
            },
          ),
        );
      }
      await Promise.all(running);
      return isNew;
    },

    recordFault(versionId, fault) {
      for (const state of states.values()) {
        const { outcome, shown, lastGood } = state;
        const isConcerned = lastGood?.source.versionId === versionId || state.evaluatedAs === versionId;
        if (!outcome || !isConcerned) continue;
        if (outcome.fault && (outcome.fault.isQuarantined || !fault.isQuarantined)) return undefined;
        state.outcome = { ...outcome, fault };
        const isSeen = shown === outcome || (shown?.ok === true && shown.version === lastGood);
        if (shown && isSeen) state.shown = shown === outcome ? state.outcome : { ...shown, fault };
        return lastGood;
      }
      return undefined;
    },

    [Symbol.dispose]() {
      for (const { trial } of states.values()) trial?.abort();
    },
  };
}

/** What put the last good version in quarantine keeps it there while edits fail. */
function failed({ file, outcome }: FileState, problem: LoadProblem): LoadOutcome {
  return { file, ok: false, problem, ...(outcome?.fault?.isQuarantined && { fault: outcome.fault }) };
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
