// The talk so far. What sounds lights up word by word; a screen reader hears finished turns, once.
import { useEffect, useRef, useState } from "preact/hooks";
import { buildCaption, type Turn } from "./conversation.ts";
import type { Player } from "./player.ts";

export interface TranscriptProps {
  turns: readonly Turn[];
  character: string;
  player: Player | undefined;
  isSpeaking: boolean;
}

export function Transcript({ turns, character, player, isSpeaking }: TranscriptProps) {
  const end = useRef<HTMLDivElement>(null);
  const playback = usePlayback(player, isSpeaking);
  useEffect(() => end.current?.scrollIntoView({ block: "end" }), [turns]);
  const spoken = turns.findLast((turn) => turn.state !== "live" && turn.text !== "");

  return (
    <div class="log" role="region" aria-label="Conversation" tabIndex={0}>
      {turns.map((turn) => (
        <TurnView
          key={turn.id}
          turn={turn}
          character={character}
          playedMs={playback?.itemId === turn.id ? playback.playedMs : undefined}
        />
      ))}
      <div ref={end} />
      <p class="visually-hidden" aria-live="polite">
        {spoken ? `${spoken.speaker === "user" ? "You" : character}: ${spoken.text}` : ""}
      </p>
    </div>
  );
}

function TurnView({
  turn,
  character,
  playedMs,
}: {
  turn: Turn;
  character: string;
  playedMs: number | undefined;
}) {
  const text = turn.text === "" && turn.state === "live" ? "…" : turn.text;
  return (
    <div class={`turn ${turn.speaker}`} data-state={turn.state}>
      <span class="who">{turn.speaker === "user" ? "You" : character}</span>
      {turn.tools.map((tool, i) => (
        <span class="tool" key={i}>
          ⚙ used {tool.name.replaceAll("_", " ")}
          {tool.outcome === "ok" ? "" : ` (${tool.outcome})`}
        </span>
      ))}
      {turn.words.length === 0
        ? text
        : buildCaption(turn, playedMs).map((piece, i) => (
            <span key={i} class={piece.part}>
              {piece.text}
            </span>
          ))}
      {turn.state === "interrupted" && <span class="tool">interrupted</span>}
    </div>
  );
}

/** Follows the sound at the pace of the screen, and only while something sounds. */
function usePlayback(player: Player | undefined, isSpeaking: boolean) {
  const [playback, setPlayback] = useState<ReturnType<Player["position"]>>(undefined);
  useEffect(() => {
    if (!player || !isSpeaking) {
      setPlayback(undefined);
      return undefined;
    }
    let frame = requestAnimationFrame(function tick() {
      setPlayback(player.isPlaying() ? player.position() : undefined);
      frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [player, isSpeaking]);
  return playback;
}
