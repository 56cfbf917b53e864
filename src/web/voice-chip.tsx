// Which voice a character has, as far as is known.
import type { CharacterRecord, Part } from "./server-state.ts";

export interface VoiceChipProps {
  character: CharacterRecord;
  /** How voices are on this machine. */
  part: Part;
  /** It gives way where there is little room. */
  isQuiet?: boolean;
}

export function VoiceChip({ character: { voice }, part, isQuiet = false }: VoiceChipProps) {
  const name =
    part.state === "down"
      ? part.text
      : (voice.voice ?? (part.state === "up" ? "is being chosen" : part.text));
  return (
    <span class={isQuiet ? "chip quiet" : "chip"} title={voice.reason}>
      voice {name}
      {voice.status === "stand-in" ? " (stand-in)" : ""}
    </span>
  );
}
