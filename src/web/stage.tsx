// The one you talk with: face, state, the talk itself, and what has to be said about the line.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Controls } from "./controls.tsx";
import { type Activity, readActivity } from "./conversation.ts";
import { Face } from "./face.tsx";
import { Icon } from "./icons.tsx";
import type { CharacterRecord, Part, ServerState } from "./server-state.ts";
import type { Talk, TalkState } from "./talk.ts";
import { Transcript } from "./transcript.tsx";

export interface StageProps {
  character: CharacterRecord;
  /** Its file is gone; what has begun can be finished. */
  hasLeft: boolean;
  talk: Talk;
  state: TalkState;
  parts: ServerState["parts"];
  wantsFocus: boolean;
  onKey: (key: string) => void;
}

export function Stage({ character, hasLeft, talk, state, parts, wantsFocus, onKey }: StageProps) {
  const { conversation, connection, isMuted } = state;
  const activity = readActivity(conversation);
  const { name, metadata } = character;
  return (
    <main
      class="stage"
      id="stage"
      tabIndex={-1}
      aria-label={`Talking with ${name}`}
      style={{ "--tint": metadata.color ?? "var(--accent)" }}
    >
      <section class="player">
        <Portrait character={character} activity={activity} talk={talk} />
        <div>
          <h2>{name}</h2>
          <p>{metadata.tagline ?? ""}</p>
          <div class="chips">
            <span class="chip" data-activity={activity}>
              {describeActivity(state, activity)}
            </span>
            <VoiceChip character={character} part={parts.voice} />
            {character.tools.map((tool) => (
              <span class="chip quiet" key={tool}>
                can use {tool.replaceAll("_", " ")}
              </span>
            ))}
          </div>
        </div>
        <button
          type="button"
          class="round"
          aria-pressed={isMuted}
          aria-label="Mute"
          title={isMuted ? "Sound is off" : "Sound is on"}
          onClick={() => talk.setMuted(!isMuted)}
        >
          <Icon name={isMuted ? "muted" : "sound"} />
        </button>
      </section>
      <Transcript conversation={conversation} character={name} isMuted={isMuted} heardMs={talk.heardMs} />
      <div>
        {hasLeft && (
          <Banner>{`${name} has left the stage: the file ${character.file} is gone. This talk can be finished.`}</Banner>
        )}
        {connection === "lost" && <Banner>The line is down; trying again…</Banner>}
        {connection === "refused" && <KeyForm onKey={onKey} />}
        {state.isSoundBlocked && conversation.sounding.length > 0 && (
          <Banner action={{ text: "Turn on the sound", run: () => talk.unblockSound() }}>
            The browser keeps the sound off until you press something.
          </Banner>
        )}
        {conversation.error !== undefined && (
          <Banner isBad onDismiss={() => talk.dismiss()}>
            {conversation.error}
          </Banner>
        )}
        {conversation.notice !== undefined && connection !== "ended" && (
          <Banner onDismiss={() => talk.dismiss()}>{conversation.notice}</Banner>
        )}
        {connection === "ended" && (
          <Banner action={{ text: "Go on talking", run: () => talk.reconnect() }}>
            {`${conversation.notice ?? ""} ${name} remembers what was said.`.trim()}
          </Banner>
        )}
        <Controls talk={talk} state={state} parts={parts} wantsFocus={wantsFocus} />
      </div>
    </main>
  );
}

function describeActivity({ connection, listening }: TalkState, activity: Activity): string {
  if (connection !== "open") return connection === "ended" ? "line closed" : "connecting";
  if (activity !== "idle") return activity;
  return listening === "hands-free" ? "all ears" : "ready";
}

function VoiceChip({ character: { voice }, part }: { character: CharacterRecord; part: Part }) {
  if (part.state !== "up") return <span class="chip quiet">voice {part.text}</span>;
  const name = voice.voice ?? "is being chosen";
  return (
    <span class="chip quiet" title={voice.reason}>
      voice {name}
      {voice.status === "stand-in" ? " (stand-in)" : ""}
    </span>
  );
}

interface BannerProps {
  children: ComponentChildren;
  isBad?: boolean;
  action?: { text: string; run: () => void };
  onDismiss?: () => void;
}

function Banner({ children, isBad = false, action, onDismiss }: BannerProps) {
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

interface PortraitProps {
  character: CharacterRecord;
  activity: Activity;
  talk: Talk;
}

/** How fast the mouth follows the sound, per frame: it opens quickly and closes gently. */
const opening = 0.55;
const closing = 0.22;

/** The mouth is set on the element itself, so that no frame renders the page anew. */
function Portrait({ character, activity, talk }: PortraitProps) {
  const frame = useRef<HTMLDivElement>(null);
  const isSpeaking = activity === "speaking";
  useEffect(() => {
    const element = frame.current;
    if (!isSpeaking || !element || matchMedia("(prefers-reduced-motion: reduce)").matches) return undefined;
    let open = 0;
    let wide = 0;
    let request = requestAnimationFrame(function tick() {
      const mouth = talk.mouth();
      open += (mouth.open - open) * (mouth.open > open ? opening : closing);
      wide += (mouth.wide - wide) * closing;
      element.style.setProperty("--open", open.toFixed(2));
      element.style.setProperty("--wide", wide.toFixed(2));
      request = requestAnimationFrame(tick);
    });
    return () => {
      cancelAnimationFrame(request);
      element.style.setProperty("--open", "0");
    };
  }, [isSpeaking, talk]);
  return (
    <div class="portrait" data-activity={activity} ref={frame}>
      <Face name={character.name} metadata={character.metadata} size={112} />
    </div>
  );
}

export function KeyForm({ onKey }: { onKey: (key: string) => void }) {
  const [key, setKey] = useState("");
  return (
    <form
      class="banner"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== "") onKey(key.trim());
      }}
    >
      <label for="server-key">This server asks for a key.</label>
      <input
        id="server-key"
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
