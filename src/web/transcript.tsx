// The talk so far. What sounds lights up word by word. A screen reader is told what it does not hear anyway: the user's
// words as they were understood, and answers without sound; each once, when it is finished.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { buildCaption, type CaptionPiece } from "./captions.ts";
import type { Conversation, Turn } from "./conversation.ts";

export interface TranscriptProps {
  conversation: Conversation;
  character: string;
  isMuted: boolean;
  heardMs: (itemId: string) => number;
}

/** Nearer to the end than this, and the end is followed. */
const followPx = 80;

const isNearEnd = ({ scrollHeight, scrollTop, clientHeight }: Element): boolean =>
  scrollHeight - scrollTop - clientHeight < followPx;

export function Transcript({ conversation, character, isMuted, heardMs }: TranscriptProps) {
  const { turns, sounding, droppedTurns } = conversation;
  const log = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  const lastTop = useRef(0);
  // Who has scrolled back to read is left there, also when the browser has not told of it yet.
  const follow = (): void => {
    const box = log.current;
    if (!box) return;
    if (box.scrollTop < lastTop.current && !isNearEnd(box)) isFollowing.current = false;
    if (isFollowing.current) box.scrollTop = box.scrollHeight;
    lastTop.current = box.scrollTop;
  };
  useLayoutEffect(follow, [turns]);
  // A banner that comes takes its place from the talk.
  useEffect(() => {
    if (!log.current) return undefined;
    const observer = new ResizeObserver(follow);
    observer.observe(log.current);
    return () => observer.disconnect();
  }, []);

  return (
    <div
      class="log"
      role="region"
      aria-label="Conversation"
      tabIndex={0}
      ref={log}
      onScroll={({ currentTarget }) => {
        isFollowing.current = isNearEnd(currentTarget);
        lastTop.current = currentTarget.scrollTop;
      }}
    >
      <div class="turns">
        {droppedTurns > 0 && <p class="tool">Earlier words are no longer shown.</p>}
        {turns.map((turn) => (
          <TurnRow
            key={turn.id}
            turn={turn}
            character={character}
            isSounding={sounding.includes(turn.id)}
            heardMs={heardMs}
          />
        ))}
      </div>
      <p class="visually-hidden" aria-live="polite">
        {describeNews(turns, character, isMuted)}
      </p>
    </div>
  );
}

export function describeNews(turns: readonly Turn[], character: string, isMuted: boolean): string {
  const last = turns.findLast(({ state, text }) => state !== "live" && text !== "");
  if (!last) return "";
  if (last.speaker === "user") return last.isSpoken ? `You said: ${last.text}` : "";
  return last.isSpoken && !isMuted ? "" : `${character}: ${last.text}`;
}

interface TurnProps {
  turn: Turn;
  character: string;
  isSounding: boolean;
  heardMs: (itemId: string) => number;
}

/** The same element again for the same turn: a long talk costs nothing while its last turn changes. */
function TurnRow({ turn, character, isSounding, heardMs }: TurnProps) {
  return useMemo(
    () => <TurnView turn={turn} character={character} isSounding={isSounding} heardMs={heardMs} />,
    [turn, character, isSounding, heardMs],
  );
}

function TurnView({ turn, character, isSounding, heardMs }: TurnProps) {
  const { speaker, state, text, draft, tools, words } = turn;
  return (
    <div class={`turn ${speaker}`} data-state={state} data-sounding={isSounding}>
      <span class="who">{speaker === "user" ? "You" : character}</span>
      {tools.map((tool, i) => (
        <span class="tool" key={i}>
          used {tool.name.replaceAll("_", " ")}
          {tool.outcome === "ok" ? "" : ", which failed"}
        </span>
      ))}
      {words.length > 0 ? (
        <SoundingText turn={turn} heardMs={heardMs} />
      ) : (
        <Pieces pieces={buildCaption(turn, Infinity)} />
      )}
      {draft !== "" && <span class="draft">{draft}</span>}
      {state === "live" && text + draft === "" && <span class="waiting">…</span>}
      {state === "interrupted" && <span class="tool">interrupted</span>}
    </div>
  );
}

/** Follows the sound at the pace of the screen, and renders only when another word sounds. */
function SoundingText({ turn, heardMs }: { turn: Turn; heardMs: (itemId: string) => number }) {
  const [caption, setCaption] = useState(() => buildCaption(turn, heardMs(turn.id)));
  useEffect(() => {
    const show = (): void =>
      setCaption((shown) => {
        const next = buildCaption(turn, heardMs(turn.id));
        return isSame(shown, next) ? shown : next;
      });
    show();
    let frame = requestAnimationFrame(function tick() {
      show();
      frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [turn, heardMs]);
  return <Pieces pieces={caption} />;
}

const isSame = (a: readonly CaptionPiece[], b: readonly CaptionPiece[]): boolean =>
  a.length === b.length && a.every(({ text, part }, i) => text === b[i]?.text && part === b[i]?.part);

function Pieces({ pieces }: { pieces: readonly CaptionPiece[] }) {
  return (
    <>
      {pieces.map(({ text, part }) => (
        <span key={part} class={part}>
          {text}
        </span>
      ))}
    </>
  );
}
