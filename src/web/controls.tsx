// Talk, type, hands-free. The talk button works held down, clicked on and off, and from the keyboard.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Microphone } from "./microphone.ts";
import type { ConversationControls } from "./use-conversation.ts";

/** A press shorter than this is a click: talk stays on until the next one. */
const holdMs = 350;

export function Controls({ controls, canHear }: { controls: ConversationControls; canHear: boolean }) {
  const { conversation, isConnected, isTalking, isHandsFree } = controls;
  const [text, setText] = useState("");
  const pressedAt = useRef<number | undefined>(undefined);
  const isBusy = conversation.activity === "speaking" || conversation.responseId !== undefined;

  const press = (): void => {
    if (isTalking) {
      pressedAt.current = undefined;
      controls.stopTalk();
    } else {
      pressedAt.current = performance.now();
      controls.startTalk();
    }
  };
  const release = (): void => {
    if (pressedAt.current === undefined) return;
    if (performance.now() - pressedAt.current >= holdMs) controls.stopTalk();
    pressedAt.current = undefined;
  };

  return (
    <div class="controls">
      <button
        type="button"
        class="talk"
        aria-pressed={isTalking}
        disabled={!isConnected || !canHear || isHandsFree}
        title={
          canHear ? "Hold to talk, or click to start and stop" : "The speech recogniser is still loading"
        }
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          press();
        }}
        onPointerUp={release}
        onPointerCancel={release}
        onKeyDown={(event) => {
          if ((event.key === " " || event.key === "Enter") && !event.repeat) {
            event.preventDefault();
            press();
          }
        }}
        onKeyUp={(event) => {
          if (event.key === " " || event.key === "Enter") release();
        }}
      >
        {isTalking ? "Listening… done" : "Talk"}
      </button>
      <label class="switch">
        <input
          type="checkbox"
          checked={isHandsFree}
          disabled={!isConnected || !canHear}
          onChange={(event) => controls.setHandsFree(event.currentTarget.checked)}
        />
        Hands-free
      </label>
      {(isTalking || isHandsFree) && <Meter microphone={controls.microphone} />}
      <button type="button" class="stop" disabled={!isBusy} onClick={() => controls.interrupt()}>
        Stop
      </button>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() === "") return;
          controls.sendText(text.trim());
          setText("");
        }}
      >
        <input
          type="text"
          value={text}
          placeholder="Type something"
          aria-label="Type something to say"
          disabled={!isConnected}
          autocomplete="off"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" disabled={!isConnected || text.trim() === ""}>
          Send
        </button>
      </form>
    </div>
  );
}

function Meter({ microphone }: { microphone: Microphone | undefined }) {
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    const timer = setInterval(() => {
      if (bar.current) bar.current.style.width = `${Math.round((microphone?.level() ?? 0) * 100)}%`;
    }, 80);
    return () => clearInterval(timer);
  }, [microphone]);
  return (
    <span class="meter" aria-hidden="true">
      <i ref={bar} />
    </span>
  );
}
