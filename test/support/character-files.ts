// Character files for tests, and a stage over a temporary folder of them.
import { expect } from "bun:test";
import {
  createCharacterStage,
  type CharacterStageOptions,
  type LiveCharacterStage,
} from "../../src/characters/character-stage.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { CharacterBook, CharacterEvent } from "../../src/characters/port.ts";
import { createEventRecorder, type EventRecorder } from "./event-recorder.ts";
import { createTempFolder, type TempFolder } from "./temp-folder.ts";

export interface CharacterText {
  name?: string;
  /** Before everything else, at top level. */
  top?: string;
  /** Body of makeSystemPrompt(context). */
  prompt?: string;
  /** Further members of the class. */
  members?: string;
  /** Further exports. */
  exports?: string;
}

/** The text of a character file that is good unless its parts are not. */
export function characterText({
  name = "Ada",
  top = "",
  prompt,
  members = "",
  exports = "",
}: CharacterText = {}): string {
  return `${top}
export const CHARACTER_NAME = ${JSON.stringify(name)};
export const VOICE_SOURCE = { source_type: "kokoro", voice: "af_heart" };
export const INSTRUCTIONS = { type: "smalltalk", language: "en" };
${exports}
export class PromptGenerator {
  constructor(private readonly instructions: typeof INSTRUCTIONS) {}
  makeSystemPrompt(context: any): any {
    ${prompt ?? `return "I am " + ${JSON.stringify(name)};`}
  }
  ${members}
}
`;
}

export interface TestStage extends AsyncDisposable {
  folder: TempFolder;
  stage: LiveCharacterStage;
  recorder: EventRecorder<CharacterEvent>;
  /** The first book, present or future, that `accept`s. */
  untilBook(accept: (book: CharacterBook) => boolean, timeoutMs?: number): Promise<CharacterBook>;
  /** The prompt that a character gives now. */
  promptOf(name: string): Promise<string>;
}

/**
 * `files`: name → text. `opened`: wait until all files have their outcomes (default), or for the first snapshot.
 * `patience`: every wait of the stage is so many times as long.
 */
export async function openTestStage(
  files: Readonly<Record<string, string>>,
  {
    opened = "settled",
    patience = 1,
    ...options
  }: Partial<CharacterStageOptions> & { opened?: "settled" | "first"; patience?: number } = {},
): Promise<TestStage> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await createTempFolder("troupe-cast-"));
  for (const [name, text] of Object.entries(files)) await folder.write(name, text);
  const recorder = createEventRecorder<CharacterEvent>();
  const stage = resources.use(
    await createCharacterStage(
      { emit: recorder.emit, clock: createPatientClock(patience) },
      { folder: folder.path, watch: false, ...options },
    ),
  );
  if (opened === "settled") await stage.settled();
  const held = resources.move();
  return {
    folder,
    stage,
    recorder,
    untilBook(accept, timeoutMs = 30_000) {
      if (accept(stage.book)) return Promise.resolve(stage.book);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          subscription[Symbol.dispose]();
          const { generation, characters, problems } = stage.book;
          const seen = characters.map(({ name, status }) => `${name} ${status}`).join(", ");
          const wrong = problems.map((problem) => JSON.stringify(problem)).join("\n");
          reject(new Error(`the awaited book did not come; generation ${generation}: ${seen}\n${wrong}`));
        }, timeoutMs);
        const subscription = stage.onChange((book) => {
          if (!accept(book)) return;
          clearTimeout(timer);
          subscription[Symbol.dispose]();
          resolve(book);
        });
      });
    },
    promptOf(name) {
      const character = stage.book.find(name);
      if (!character) throw new Error(`${name} is not on stage`);
      return character.makeSystemPrompt({});
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function createPatientClock(patience: number): Clock {
  return {
    ...systemClock,
    schedule: (callback, delayMs) => systemClock.schedule(callback, delayMs * patience),
  };
}

/** The others answer within 500 ms while one misbehaves; one time in twenty, or once, a machine that does much else is forgiven. */
export function expectPromptAnswers(timesMs: readonly number[]): void {
  const late = timesMs.filter((timeMs) => timeMs >= 500);
  if (late.length <= Math.max(1, timesMs.length / 20)) return;
  expect(late).toEqual([]);
}

export const namesOf = (book: CharacterBook): string[] => book.characters.map(({ name }) => name);
