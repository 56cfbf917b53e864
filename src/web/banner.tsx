// What has to be said across the view: a notice, a failure, a key that is asked for.
import { type ComponentChildren, createContext } from "preact";
import { useContext, useId, useState } from "preact/hooks";
import type { ApiFailure } from "./api.ts";
import { Icon } from "./icons.tsx";

export interface BannerProps {
  children: ComponentChildren;
  isBad?: boolean;
  action?: { text: string; run: () => void };
  onDismiss?: () => void;
}

/** Only what is bad breaks in on a screen reader; for the rest, where it stands has to be a live region. */
export function Banner({ children, isBad = false, action, onDismiss }: BannerProps) {
  return (
    <div class={`banner${isBad ? " bad" : ""}`} role={isBad ? "alert" : undefined}>
      <span>{children}</span>
      {action && (
        <button type="button" onClick={action.run}>
          {action.text}
        </button>
      )}
      {onDismiss && (
        <button type="button" class="round" aria-label="Dismiss" onClick={onDismiss}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}

export interface FailureProps {
  failure: ApiFailure;
  onKey: (key: string) => void;
  onDismiss: () => void;
}

/** A failure that a key would cure asks for the key. */
export function Failure({ failure, onKey, onDismiss }: FailureProps) {
  if (failure.needsKey) {
    return (
      <KeyForm
        onKey={(key) => {
          onKey(key);
          onDismiss();
        }}
      />
    );
  }
  return (
    <Banner isBad onDismiss={onDismiss}>
      {failure.message}
    </Banner>
  );
}

/** A key has been given: who is asked for one all the same gave the wrong one. */
export const HasKey = createContext(false);

export function KeyForm({ onKey }: { onKey: (key: string) => void }) {
  const [key, setKey] = useState("");
  const isWrong = useContext(HasKey);
  const id = useId();
  return (
    <form
      class={`banner${isWrong ? " bad" : ""}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== "") onKey(key.trim());
      }}
    >
      <label for={id}>{isWrong && "That key does not fit. "}This server asks for a key.</label>
      <input
        id={id}
        type="password"
        value={key}
        placeholder="Key"
        autocomplete="off"
        onInput={(event) => setKey(event.currentTarget.value)}
      />
      <button type="submit">Open</button>
    </form>
  );
}
