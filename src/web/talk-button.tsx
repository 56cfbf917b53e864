// The talk button: held down, or clicked on and off; with a pointer, with the keyboard, or by an assistive device that
// knows clicks only.
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icons.tsx";
import type { TalkState } from "./talk.ts";

export interface TalkButtonProps {
  listening: TalkState["listening"];
  isEnabled: boolean;
  onStart: () => void;
  onFinish: () => void;
}

/** A press shorter than this is a click: talk stays on until the next one. */
const holdMs = 350;

export function TalkButton({ listening, isEnabled, onStart, onFinish }: TalkButtonProps) {
  const pressedAt = useRef<number | undefined>(undefined);
  const isOn = listening === "talking" || listening === "opening";

  // The events' own times: a page that was busy in between makes no hold of a click.
  const press = ({ timeStamp }: Event): void => {
    if (isOn) {
      pressedAt.current = undefined;
      onFinish();
    } else {
      pressedAt.current = timeStamp;
      onStart();
    }
  };
  const release = ({ timeStamp }: Event): void => {
    if (pressedAt.current === undefined) return;
    const heldMs = timeStamp - pressedAt.current;
    pressedAt.current = undefined;
    if (heldMs >= holdMs) onFinish();
  };
  /** Nobody will tell us of the release any more. */
  const lose = (): void => {
    if (pressedAt.current === undefined) return;
    pressedAt.current = undefined;
    onFinish();
  };
  const latestLose = useRef(lose);
  latestLose.current = lose;
  useEffect(() => {
    const onBlur = (): void => latestLose.current();
    addEventListener("blur", onBlur);
    return () => removeEventListener("blur", onBlur);
  }, []);

  return (
    <button
      type="button"
      class="talk"
      aria-pressed={isOn}
      disabled={!isEnabled}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        // The release is ours wherever it happens.
        event.currentTarget.setPointerCapture(event.pointerId);
        press(event);
      }}
      onPointerUp={release}
      onPointerCancel={lose}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key !== " " && event.key !== "Enter") return;
        event.preventDefault();
        if (!event.repeat) press(event);
      }}
      onKeyUp={(event) => {
        if (event.key !== " " && event.key !== "Enter") return;
        event.preventDefault();
        release(event);
      }}
      onBlur={lose}
      // Pointers and keys have been dealt with above; what is left comes from assistive devices.
      onClick={(event) => {
        if (event.detail === 0) press(event);
      }}
    >
      <Icon name="microphone" />
      {listening === "opening" ? "One moment…" : listening === "talking" ? "Listening…" : "Talk"}
    </button>
  );
}
