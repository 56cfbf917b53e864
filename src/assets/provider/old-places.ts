// Where models lay before there was a models root. They are found there; `troupe models migrate` moves them.
import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";

interface OldPlace {
  kind: string;
  provider: string;
  /** Below the models root, today. */
  directoryName: string;
  within: "home" | "project";
  folder: string;
  accepts: (name: string) => boolean;
}

const oldPlaces: readonly OldPlace[] = [
  {
    kind: "asr",
    provider: "whisper",
    directoryName: "whisper",
    within: "home",
    folder: ".cache/whisper",
    accepts: () => true,
  },
  {
    kind: "asr",
    provider: "vosk",
    directoryName: "vosk",
    within: "project",
    folder: "models",
    accepts: (name) => name.startsWith("vosk-model-"),
  },
  {
    kind: "tts",
    provider: "vosk",
    directoryName: "vosk",
    within: "project",
    folder: "models",
    accepts: (name) => name.startsWith("vosk-tts"),
  },
  {
    kind: "tts",
    provider: "silero_v4",
    directoryName: "silero_v4",
    within: "home",
    folder: ".cache/irene/models",
    accepts: (name) => /^silero.*v4/.test(name),
  },
  {
    kind: "tts",
    provider: "silero_v3",
    directoryName: "silero",
    within: "home",
    folder: ".cache/irene/models",
    accepts: (name) => name.startsWith("silero") && !/^silero.*v4/.test(name),
  },
];

export interface OldPlaceRoots {
  home: string;
  projectFolder: string;
}

export interface OldModel {
  kind: string;
  provider: string;
  /** Its name without extension. */
  id: string;
  /** Absolute. */
  path: string;
  /** Where it belongs, below the models root. */
  target: string;
}

const folderOf = ({ within, folder }: OldPlace, roots: OldPlaceRoots): string =>
  join(within === "home" ? roots.home : roots.projectFolder, folder);

/** Folders in which a provider's models may still lie. */
export function listOldFolders(kind: string, provider: string, roots: OldPlaceRoots): string[] {
  return oldPlaces
    .filter((place) => place.kind === kind && place.provider === provider)
    .map((place) => folderOf(place, roots));
}

/** Of all providers, those that Troupe has and those that it does not; a folder that cannot be read has none. */
export async function findOldModels(roots: OldPlaceRoots): Promise<OldModel[]> {
  const found = await Promise.all(
    oldPlaces.map(async (place): Promise<OldModel[]> => {
      const folder = folderOf(place, roots);
      const names = await readdir(folder).catch(() => []);
      return names
        .filter((name) => !name.startsWith(".") && place.accepts(name))
        .sort()
        .map((name) => ({
          kind: place.kind,
          provider: place.provider,
          id: name.slice(0, name.length - extensionOf(name).length),
          path: join(folder, name),
          target: join(place.directoryName, name),
        }));
    }),
  );
  return found.flat();
}

/** `vosk-model-small-en-us-0.15` has none, though it has a dot. */
const extensionOf = (name: string): string => (/^\.\d/.test(extname(name)) ? "" : extname(name));
