// Files that did not load, or that had to be taken off stage: which one and where in it, what is wrong, and what to do.
import type { LoadError, ServerState } from "./server-state.ts";

export function LoadProblems({ problems }: { problems: readonly LoadError[] }) {
  return (
    <div role="status">
      {problems.map((error) => (
        // Where there is little room, one line says which file it is.
        <details class="notes bad" key={error.file} open={!matchMedia("(max-width: 760px)").matches}>
          <summary>
            <Headline error={error} />
          </summary>
          <Explanation error={error} />
        </details>
      ))}
    </div>
  );
}

export function LoadProblem({ error }: { error: LoadError }) {
  return (
    <div class="notes bad">
      <Headline error={error} />
      <Explanation error={error} />
    </div>
  );
}

function Headline({ error }: { error: LoadError }) {
  return (
    <>
      <b>{describeWhere(error)}</b> <span class="problem">{describeEffect(error)}</span>
    </>
  );
}

function Explanation({ error }: { error: LoadError }) {
  const { what, message, cure } = describeLoadError(error);
  return (
    <>
      <p>{what}</p>
      <p class="said-by">{message}</p>
      <p>{cure}</p>
    </>
  );
}

/**
 * Those of files with nobody on stage, and of edits that those on stage do not play yet: one for each file, the newest
 * word on it.
 */
export function listProblems({
  characters,
  errors,
}: Pick<ServerState, "characters" | "errors">): LoadError[] {
  const own = characters.flatMap(({ error }) => error ?? []);
  return [...new Map([...own, ...errors].map((error) => [error.file, error])).values()];
}

/** `file:line:column`, as editors take it. */
export const describeWhere = ({ file, line, column }: LoadError): string =>
  [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(":");

/** What failed after the file had loaded is said of what it does, not of the file. */
const describeEffect = ({ stage }: LoadError): string => (stage === "run" ? "misbehaved" : "does not load");

const fallback = { what: "", cure: "Correct it and save: it is on stage again at once." };
const kinds: Readonly<Record<string, { what: string; cure: string }>> = {
  SyntaxError: { what: "It is not valid TypeScript.", cure: "Correct that place and save." },
  ImportError: {
    what: "Something that it imports is not there.",
    cure: "Correct the path or the name, or add what is missing.",
  },
  EvaluationError: {
    what: "It throws while it loads.",
    cure: "What stands outside its functions must run through without an error.",
  },
  Timeout: {
    what: "It takes too long.",
    cure: "Look for a loop or a wait without an end. It stays off stage until the file changes.",
  },
  MissingExport: {
    what: "It does not export all that a character needs.",
    cure: "Add the export; docs/characters.md begins with the smallest character.",
  },
  MissingMethod: {
    what: "Its PromptGenerator lacks a method.",
    cure: "It has to be a class with a method makeSystemPrompt.",
  },
  ValidationError: {
    what: "One of its exports does not have the right form.",
    cure: "Give it the form that is asked for; docs/characters.md lists the fields.",
  },
  InvalidTools: {
    what: "Its tools do not have the right form.",
    cure: "Each needs a name, a description, parameters and execute.",
  },
  DuplicateName: {
    what: "Its name is taken.",
    cure: "Give one of the two another CHARACTER_NAME.",
  },
  BadPrompt: {
    what: "Its prompt cannot be used.",
    cure: "makeSystemPrompt has to give a text, of at most 256 KiB.",
  },
  Crashed: {
    what: "It took its process down.",
    cure: "Look at what the file did last. It stays off stage until the file changes.",
  },
  ReadError: {
    what: "It cannot be read.",
    cure: "Look at its permissions, or where its link leads.",
  },
};

/** What kind of thing is wrong, what the loader said, and what to do about it. */
export function describeLoadError({ error_type: type = "", message }: LoadError): {
  what: string;
  message: string;
  cure: string;
} {
  return { ...(kinds[type] ?? fallback), message };
}
