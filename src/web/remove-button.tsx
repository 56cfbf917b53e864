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
  const remove = useRef<HTMLButtonElement>(null);
  const keep = useRef<HTMLButtonElement>(null);
  const isKept = useRef(false);
  useEffect(() => {
    // The safe answer is the one at hand; who has given it is where they were before.
    if (isAsking) keep.current?.focus();
    else if (isKept.current) remove.current?.focus();
    isKept.current = false;
  }, [isAsking]);
  const keepIt = (): void => {
    isKept.current = true;
    setIsAsking(false);
  };
  if (!isAsking) {
    return (
      <button type="button" ref={remove} disabled={isDisabled} onClick={() => setIsAsking(true)}>
        <Icon name="remove" />
        {verb}
        <span class="visually-hidden"> {name}</span>
      </button>
    );
  }
  return (
    <span
      class="asking"
      role="group"
      aria-label={`${verb} ${name}?`}
      onKeyDown={(event) => {
        if (event.key === "Escape") keepIt();
      }}
    >
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
      <button type="button" ref={keep} onClick={keepIt}>
        Keep it
      </button>
    </span>
  );
}
