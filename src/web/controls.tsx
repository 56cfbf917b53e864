// Talk, go hands-free, type, stop.
import { useEffect, useRef, useState } from "preact/hooks";
import { type Activity, readActivity } from "./conversation.ts";
import { Icon } from "./icons.tsx";
import type { ServerState } from "./server-state.ts";
import type { Talk, TalkState } from "./talk.ts";
import { TalkButton } from "./talk-button.tsx";

export interface ControlsProps {
  talk: Talk;
  state: TalkState;
  parts: ServerState["parts"];
  /** The user came here by keyboard, and goes on by keyboard. */
  wantsFocus: boolean;
}

export function Controls({ talk, state, parts, wantsFocus }: ControlsProps) {
  const { connection, listening, conversation, character = "" } = state;
  const isOpen = connection === "open";
  const canHear = parts.ears.state === "up";
  const isBusy = isAnswering(readActivity(conversation), conversation.responseId);
  const hint = describeMissing(parts, character);
  useEscape(() => isBusy && talk.interrupt());

  return (
    <div class="controls">
      {hint !== undefined && <p class="hint">{hint}</p>}
      <div class="row">
        <TalkButton
          listening={listening}
          isEnabled={isOpen && canHear && listening !== "hands-free"}
          onStart={() => talk.startTalk()}
          onFinish={() => talk.stopTalk()}
        />
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            checked={listening === "hands-free"}
            disabled={(!isOpen || !canHear || parts.turns.state !== "up") && listening !== "hands-free"}
            onChange={(event) => {
              talk.setHandsFree(event.currentTarget.checked);
              // The switch shows what is, not what was asked for.
              event.currentTarget.checked = talk.state.listening === "hands-free";
            }}
          />
          Hands-free
        </label>
        <Meter talk={talk} isOn={listening !== "off"} />
        <TypingLine talk={talk} state={state} wantsFocus={wantsFocus} />
        <button
          type="button"
          class="round stop"
          disabled={!isBusy}
          aria-label="Stop the answer"
          title="Stop the answer (Esc)"
          onClick={() => talk.interrupt()}
        >
          <Icon name="stop" />
        </button>
      </div>
    </div>
  );
}

const isAnswering = (activity: Activity, responseId: string | undefined): boolean =>
  activity === "speaking" || responseId !== undefined;

function describeMissing({ voice, ears }: ServerState["parts"], character: string): string | undefined {
  const isVoiceMissing = voice.state !== "up";
  const areEarsMissing = ears.state !== "up";
  if (isVoiceMissing && areEarsMissing) {
    return voice.state === "coming" || ears.state === "coming"
      ? "Voice and ears are still on their way. You can type, and read the answers, already."
      : "There is neither voice nor ears on this machine: type, and read the answers.";
  }
  if (isVoiceMissing) {
    return voice.state === "coming"
      ? `${character}'s voice is still on its way; until then answers come as text.`
      : "No voice can speak here, so answers come as text.";
  }
  if (!areEarsMissing) return undefined;
  return ears.state === "coming"
    ? "The ears are still on their way. Typing works already."
    : "Nothing here can listen, so talk by typing.";
}

function TypingLine({ talk, state, wantsFocus }: Pick<ControlsProps, "talk" | "state" | "wantsFocus">) {
  const [text, setText] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const { character, connection } = state;
  useEffect(() => {
    if (wantsFocus) field.current?.focus();
  }, [wantsFocus, character]);
  // After an end, what is typed opens the line again; while it is being opened there is nobody to send it to.
  const canSend = connection === "open" || connection === "ended";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!canSend || text.trim() === "") return;
        talk.sendText(text.trim());
        setText("");
      }}
    >
      <input
        type="text"
        ref={field}
        value={text}
        placeholder="Type something"
        aria-label={`Type something to ${character}`}
        autocomplete="off"
        enterkeyhint="send"
        maxLength={4000}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button
        type="submit"
        class="round send"
        aria-label="Send"
        title="Send"
        disabled={!canSend || text.trim() === ""}
      >
        <Icon name="send" />
      </button>
    </form>
  );
}

/** Written to the element itself: a level that changes 25 times a second is no reason to render. */
function Meter({ talk, isOn }: { talk: Talk; isOn: boolean }) {
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isOn) return undefined;
    let frame = requestAnimationFrame(function tick() {
      if (bar.current) bar.current.style.transform = `scaleX(${talk.microphoneLevel().toFixed(2)})`;
      frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [talk, isOn]);
  return (
    <span class="meter" data-on={isOn || undefined} aria-hidden="true">
      <i ref={bar} />
    </span>
  );
}

function useEscape(act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      // An open popover takes the key for itself, and so does who writes with an input method.
      if (event.key !== "Escape" || event.isComposing || document.querySelector(":popover-open")) return;
      latest.current();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
