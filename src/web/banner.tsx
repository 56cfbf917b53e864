// What has to be said across the view: a notice, a failure, a key that is asked for.
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import type { ApiFailure } from "./api.ts";
import { Icon } from "./icons.tsx";

export interface BannerProps {
  children: ComponentChildren;
  isBad?: boolean;
  action?: { text: string; run: () => void };
  onDismiss?: () => void;
}

export function Banner({ children, isBad = false, action, onDismiss }: BannerProps) {
  return (
    <div class={`banner${isBad ? " bad" : ""}`} role={isBad ? "alert" : "status"}>
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

export function KeyForm({ onKey }: { onKey: (key: string) => void }) {
  const [key, setKey] = useState("");
  const id = useId();
  return (
    <form
      class="banner"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== "") onKey(key.trim());
      }}
    >
      <label for={id}>This server asks for a key.</label>
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
