// The sound of a pause, judged while it lasts: what a detector that listens makes of it takes the place of what the words
// say. Where there is none, or it answers late or not at all, the words count.
import type { Utterance } from "./state.ts";
import { type InputOf, perform, type Step, updateInput } from "./step.ts";
import { samplesPerMs } from "./turn-taking.ts";

/** Silence that the detector hears, as Pipecat lets Smart Turn hear it; 100 ms less than the shortest pause. */
const judgedAfterMs = 200;

/** Asks once for each silence of a turn. */
export function judgePause(step: Step): void {
  const { turnDetection } = step.state.config;
  const { utterance, listening, isTurnOpen, judgedSample } = step.state.input;
  const { silenceFrom } = listening;
  if (turnDetection?.type !== "semantic-vad" || !isTurnOpen || !utterance || silenceFrom === null) return;
  if (judgedSample - silenceFrom < judgedAfterMs * samplesPerMs) return;
  if (utterance.pauseJudgement?.silenceFrom === silenceFrom) return;
  updateInput(step, { utterance: { ...utterance, pauseJudgement: { silenceFrom } } });
  perform(step, { type: "judge-pause", itemId: utterance.itemId, silenceFrom, toSample: judgedSample });
}

export function notePauseJudged(step: Step, input: InputOf<"pause-judged">): void {
  const { utterance } = step.state.input;
  const { itemId, silenceFrom, endChance: chance } = input;
  // An answer about a silence that is over, or a turn that is, says nothing about the present one.
  if (utterance?.itemId !== itemId || utterance.pauseJudgement?.silenceFrom !== silenceFrom) return;
  updateInput(step, { utterance: { ...utterance, pauseJudgement: { silenceFrom, chance } } });
}

/** That the turn is over (0 to 1), by the sound of this silence, else by the words; undefined where nobody judges. */
export function chanceOfEnd(utterance: Utterance | null, silenceFrom: number | null): number | undefined {
  const judged = utterance?.pauseJudgement;
  const bySound = silenceFrom !== null && judged?.silenceFrom === silenceFrom ? judged.chance : undefined;
  return bySound ?? utterance?.endChance;
}
