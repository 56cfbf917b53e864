// Keeps the book of characters current: has the folder loaded, swaps the book, and watches for changes.
import { type Clock, systemClock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import { buildBook, emptyBook, type LiveBook } from "./character-book.ts";
import { createFolderLoader } from "./folder-loader.ts";
import { createCharacterHost } from "./host/character-host.ts";
import type { HostLimits } from "./host/host-protocol.ts";
import { createLiveCharacter } from "./live-character.ts";
import { ensureCharactersFolder } from "./load-folder.ts";
import type { CharacterBook, CharacterEvent, CharacterStage, LoadProblem } from "./port.ts";
import { createSnapshotCadence } from "./snapshot-cadence.ts";
import { watchFolder } from "./watch-folder.ts";

export interface CharacterStageDependencies {
  emit: Emit<CharacterEvent>;
  clock?: Clock;
  /** 0 ≤ x < 1; seeds contexts that name no seed. */
  random?: () => number;
}

export interface CharacterStageOptions extends Partial<HostLimits> {
  /** Created if it is missing. */
  folder: string;
  /** Default true. */
  watch?: boolean;
}

export interface LiveCharacterStage extends CharacterStage {
  /** When every file has an outcome, slow ones too: a stage opens before that. */
  settled(): Promise<CharacterBook>;
}

type LoadReason = "start" | "watch" | "request";

const defaultLimits: HostLimits = {
  evaluateTimeoutMs: 5000,
  promptTimeoutMs: 2000,
  toolTimeoutMs: 2000,
  replyTimeoutMs: 10_000,
  memoryLimitMb: 512,
  // Long enough for whoever prepares something once, after the call that has begun it. The share is far more than timers
  // take that look after something, and less than a loop gets beside three others on one core.
  idle: { windowMs: 20_000, maxShare: 0.2 },
};

/** Resolves when the first snapshot stands: all files but slow ones, 250 ms after the first is ready at the latest. */
export async function createCharacterStage(
  dependencies: CharacterStageDependencies,
  options: CharacterStageOptions,
): Promise<LiveCharacterStage> {
  const { emit, clock = systemClock, random = Math.random } = dependencies;
  const { folder: givenFolder, watch = true, ...limits } = options;
  const folder = await ensureCharactersFolder(givenFolder);
  const listeners = new Set<(book: CharacterBook) => void>();
  const loads = new Set<Promise<unknown>>();
  let book: LiveBook = emptyBook;

  await using resources = new AsyncDisposableStack();
  // With their trials called off, and nobody to make new ones, they come to their ends.
  resources.defer(async () => void (await Promise.allSettled(loads)));
  const host = resources.use(
    createCharacterHost(
      {
        onOffender: (versionId, problem) => recordFault(versionId, problem, true),
        onOutput: (file, line) => emit({ type: "character-output", file, line }),
      },
      { ...defaultLimits, ...limits, folder },
    ),
  );
  const loader = resources.use(
    createFolderLoader(
      {
        evaluate: host.evaluate,
        offenceOf: host.offenceOf,
        onQuarantine: (name, problem) =>
          emit({ type: "character-quarantine", name, file: problem.file, problem }),
        onFind: (missing) => (missing === 0 ? cadence.complete() : cadence.outcome(missing)),
      },
      { folder },
    ),
  );

  const publish = (): void => {
    const previous = book;
    book = buildBook(loader.outcomes(), previous, (version, standing) =>
      createLiveCharacter(characterDependencies, version, standing),
    );
    for (const { version, status, error } of book.entries.values()) {
      if (version && error && status === "quarantined") host.quarantine(version.source.versionId, error);
    }
    // Whoever holds one that has left may still call it: it then gets a new cell, with the text that it had.
    for (const isGone of [false, true]) {
      const left = [...previous.entries].flatMap(([file, { version }]) => {
        const now = book.entries.get(file);
        return version && now?.version !== version && (now === undefined) === isGone
          ? [version.source.versionId]
          : [];
      });
      if (left.length > 0) host.retire(left, { isGone });
    }
    for (const listener of listeners) {
      try {
        listener(book);
      } catch (error) {
        // A bug of its own, which must not cost the others the book, nor the host its reader.
        emit({ type: "background-failure", error });
      }
    }
  };
  const recordFault = (versionId: string, problem: LoadProblem, isQuarantined: boolean): void => {
    const version = loader.recordFault(versionId, { problem, isQuarantined });
    if (!version) return;
    if (isQuarantined) {
      emit({ type: "character-quarantine", name: version.record.name, file: problem.file, problem });
    }
    publish();
  };
  const characterDependencies: Parameters<typeof createLiveCharacter>[0] = {
    host,
    clock,
    random,
    emit,
    onFault: ({ source }, problem) => recordFault(source.versionId, problem, false),
  };

  let revealed = Promise.withResolvers<void>();
  let isClosed = false;
  const reveal = (): void => {
    loader.reveal();
    publish();
    revealed.resolve();
    revealed = Promise.withResolvers<void>();
  };
  const opening = resources.use(createSnapshotCadence(reveal, { clock, isOpening: true }));
  const reloading = resources.use(createSnapshotCadence(reveal, { clock, isOpening: false }));
  let cadence = opening;
  resources.defer(() => {
    isClosed = true;
    revealed.resolve();
  });

  const load = async (reason: LoadReason, changed?: ReadonlySet<string>): Promise<number> => {
    const startMs = clock.nowMs();
    const isNew = await loader.load(changed);
    // It is shown together with what other loads are still busy with.
    while (loader.isHiding && !isClosed) await revealed.promise;
    if (!isNew && reason !== "watch") cadence.complete();
    const durationMs = clock.nowMs() - startMs;
    if (!isClosed && (isNew || reason !== "watch")) {
      const { problems } = book;
      const loadedCount = readyCount(book);
      emit({ type: "characters-load-end", durationMs, reason, loadedCount, problems, book });
    }
    return durationMs;
  };
  const track = <T>(loading: Promise<T>): Promise<T> => {
    const tracked = loading.finally(() => loads.delete(tracked));
    loads.add(tracked);
    return tracked;
  };

  if (watch) {
    const onWatchError = (error: unknown): void =>
      emit({ type: "characters-watch-error", message: messageOf(error) });
    const onBurst = (changed: ReadonlySet<string>): void => {
      track(load("watch", changed)).catch(onWatchError);
    };
    resources.use(await watchFolder({ onBurst, onError: onWatchError, clock }, folder));
  }
  const opened = revealed.promise;
  const loaded = track(load("start")).finally(() => {
    cadence = reloading;
  });
  await Promise.race([opened, loaded]);
  const held = resources.move();

  return {
    get book() {
      return book;
    },
    async reload() {
      const durationMs = await track(load("request"));
      return {
        generation: book.generation,
        total_files: loader.fileCount,
        loaded_count: readyCount(book),
        error_count: book.problems.length,
        load_duration_ms: durationMs,
        errors: book.problems,
      };
    },
    onChange(listener) {
      const own = (next: CharacterBook): void => listener(next);
      listeners.add(own);
      return { [Symbol.dispose]: () => void listeners.delete(own) };
    },
    async settled() {
      while (loads.size > 0) await Promise.allSettled(loads);
      return book;
    },
    async [Symbol.asyncDispose]() {
      await held[Symbol.asyncDispose]();
    },
  };
}

const readyCount = (book: CharacterBook): number =>
  book.characters.filter(({ status }) => status === "ready").length;
