// The one you talk with: face, state, the talk itself, and what has to be said about the line.
import { Banner, KeyForm } from "./banner.tsx";
import { Controls } from "./controls.tsx";
import { type Activity, readActivity } from "./conversation.ts";
import { Icon } from "./icons.tsx";
import { formatPlace } from "./place.ts";
import { Portrait } from "./portrait.tsx";
import type { CharacterRecord, ServerState } from "./server-state.ts";
import type { Talk, TalkState } from "./talk.ts";
import { Transcript } from "./transcript.tsx";
import { VoiceChip } from "./voice-chip.tsx";

export interface StageProps {
  character: CharacterRecord;
  /** Its file is gone; what has begun can be finished. */
  hasLeft: boolean;
  /** The server tells nothing any more without a key. */
  isLocked: boolean;
  talk: Talk;
  state: TalkState;
  parts: ServerState["parts"];
  wantsFocus: boolean;
  onKey: (key: string) => void;
}

export function Stage(props: StageProps) {
  const { character, hasLeft, isLocked, talk, state, parts, wantsFocus, onKey } = props;
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
        <Portrait character={character} activity={activity} mouth={talk.mouth} />
        <div>
          <h2>{name}</h2>
          <p>{metadata.tagline ?? ""}</p>
          <div class="chips">
            <span class="chip" data-activity={activity}>
              {describeActivity(state, activity)}
            </span>
            <VoiceChip character={character} part={parts.voice} isQuiet />
            {character.tools.map((tool) => (
              <span class="chip quiet" key={tool}>
                can use {tool.replaceAll("_", " ")}
              </span>
            ))}
          </div>
        </div>
        <a
          class="round about-link"
          href={formatPlace({ view: "about", character: name })}
          aria-label={`About ${name}`}
          title={`About ${name}`}
        >
          <Icon name="about" />
        </a>
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
        {/* It is there before anything is said in it, or a screen reader would not hear of that. */}
        <div role="status">
          {hasLeft && (
            <Banner>{`${name} has left the stage: the file ${character.file} is gone. This talk can be finished.`}</Banner>
          )}
          {connection === "lost" && !isLocked && <Banner>The line is down; trying again…</Banner>}
          {state.isSoundBlocked && conversation.sounding.length > 0 && (
            <Banner action={{ text: "Turn on the sound", run: () => talk.unblockSound() }}>
              The browser keeps the sound off until you press something.
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
        </div>
        {(connection === "refused" || isLocked) && <KeyForm onKey={onKey} />}
        {conversation.error !== undefined && (
          <Banner isBad onDismiss={() => talk.dismiss()}>
            {conversation.error}
          </Banner>
        )}
        <Controls talk={talk} state={state} parts={parts} wantsFocus={wantsFocus} />
      </div>
    </main>
  );
}

function describeActivity({ connection, listening }: TalkState, activity: Activity): string {
  if (connection === "ended") return "line closed";
  if (connection === "refused") return "locked";
  if (connection !== "open") return "connecting";
  if (activity !== "idle") return activity;
  return listening === "hands-free" ? "all ears" : "ready";
}
