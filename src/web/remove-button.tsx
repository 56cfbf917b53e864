// What cannot be undone is asked once more, in its own place: the second press is another button than the first.
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons.tsx";

export interface RemoveButtonProps {
  /** Default: Remove. */
  verb?: string;
  /** Of what would be gone. */
  name: string;
  isDisabled: boolean;
  onRemove: () => void;
}

export function RemoveButton({ verb = "Remove", name, isDisabled, onRemove }: RemoveButtonProps) {
  const [isAsking, setIsAsking] = useState(false);
  const keep = useRef<HTMLButtonElement>(null);
  // The safe answer is the one at hand.
  useEffect(() => {
    if (isAsking) keep.current?.focus();
  }, [isAsking]);
  if (!isAsking) {
    return (
      <button type="button" disabled={isDisabled} onClick={() => setIsAsking(true)}>
        <Icon name="remove" />
        {verb}
        <span class="visually-hidden"> {name}</span>
      </button>
    );
  }
  return (
    <span class="asking" role="group" aria-label={`${verb} ${name}?`}>
      <button
        type="button"
        class="danger"
        onClick={() => {
          setIsAsking(false);
          onRemove();
        }}
      >
        {verb} it
      </button>
      <button type="button" ref={keep} onClick={() => setIsAsking(false)}>
        Keep it
      </button>
    </span>
  );
}
