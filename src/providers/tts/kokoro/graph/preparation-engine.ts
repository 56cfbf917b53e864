// The process that prepares the graph once per machine: one job for each step, so that its host can tell how far it is.
import { serveEngine } from "../../../../base/engine-process.ts";
import { parseVocabulary } from "../vocabulary.ts";
import { createVoiceStyles } from "../voice-styles.ts";
import { createGraphPreparation, type GraphPreparation } from "./graph-preparation.ts";

export interface PreparationLoadParams {
  sourcePath: string;
  vocabularyPath: string;
  voicesFolder: string;
  workFolder: string;
  threads: number;
}

let preparation: GraphPreparation | undefined;
const loaded = (): GraphPreparation => {
  if (!preparation) throw new RangeError("load comes first");
  return preparation;
};

serveEngine(
  {
    async load({ vocabularyPath, voicesFolder, ...options }: PreparationLoadParams) {
      const vocabulary = parseVocabulary(await Bun.file(vocabularyPath).json(), vocabularyPath);
      preparation = createGraphPreparation({ vocabulary, styles: createVoiceStyles(voicesFolder) }, options);
    },
    jobs: {
      buildFloat: () => loaded().buildFloat(),
      buildCalibrated: () => loaded().buildCalibrated(),
      compare: () => loaded().compare(),
    },
  },
  // The voice speaks already, with a slower graph; whatever else runs comes first.
  { niceness: 15 },
);
