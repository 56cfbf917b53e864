// A character before any talk: its voice to be heard, its prompt as it would be now, its tools and its file.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Api, type ApiFailure, toApiFailure } from "./api.ts";
import { Failure } from "./banner.tsx";
import { Icon } from "./icons.tsx";
import { KeptTalks } from "./kept-talks.tsx";
import { LoadProblem } from "./load-problems.tsx";
import { Portrait } from "./portrait.tsx";
import type { CharacterRecord, LoadError, Part } from "./server-state.ts";
import type { Talk } from "./talk.ts";
import { useStore } from "./use-store.ts";
import { VoiceChip } from "./voice-chip.tsx";
import { chooseSampleLine, type VoiceSample } from "./voice-sample.ts";

export interface AboutProps {
  character: CharacterRecord;
  /** What is wrong with its file now, if anything is. */
  problem: LoadError | undefined;
  api: Api;
  sample: VoiceSample;
  voice: Part;
  /** The conversation of now, with whomever it is. */
  talk: Talk;
  keepsConversations: boolean;
  /** Begins a talk, or goes back to the one that is going on. */
  onTalk: (isByKeyboard: boolean) => void;
  /** Another talk has been begun, or taken up. */
  onStage: (isByKeyboard: boolean) => void;
  onKey: (key: string) => void;
}

export function About(props: AboutProps) {
  const { character, problem, api, sample, voice, talk, onTalk, onStage, onKey } = props;
  const { name, metadata, status, tools, file, instructions } = character;
  const state = useStore(sample);
  const { character: partner, conversation } = useStore(talk);
  const isTalking = partner === name && conversation.turns.length > 0;
  // Leaving the page ends what it plays.
  useEffect(() => () => sample.close(), [sample, name]);
  const isSounding = state.phase !== "silent" && state.character === name;
  const line = chooseSampleLine(character);
  const isOnStage = status !== "quarantined";
  return (
    <main
      class="stage about"
      id="stage"
      tabIndex={-1}
      aria-label={`About ${name}`}
      style={{ "--tint": metadata.color ?? "var(--accent)" }}
    >
      <section class="player">
        <Portrait
          character={character}
          activity={isSounding ? (state.phase === "speaking" ? "speaking" : "thinking") : "idle"}
          mouth={sample.mouth}
        />
        <div>
          <h2>{name}</h2>
          <p>{metadata.tagline ?? ""}</p>
          <div class="chips">
            <VoiceChip character={character} part={voice} />
            {instructions.type !== "constant" && (
              <span class="chip">{instructions.type.replaceAll("_", " ")}</span>
            )}
            {instructions.language !== null && (
              <span class="chip">{describeLanguage(instructions.language)}</span>
            )}
          </div>
        </div>
      </section>
      <div class="leaf">
        {problem && <LoadProblem error={problem} />}
        {state.failure && state.character === name && (
          <Failure failure={state.failure} onKey={onKey} onDismiss={() => sample.stop()} />
        )}
        <section class="sheet">
          <h3>{line.isOwn ? "Its greeting" : "A word to hear its voice by"}</h3>
          <blockquote lang={instructions.language?.slice(0, 2)}>{line.text}</blockquote>
          <div class="deeds">
            <button
              type="button"
              class="main-deed"
              disabled={!isOnStage}
              // A click without a press of a pointer came from the keyboard, or from a screen reader.
              onClick={(event) => onTalk(event.detail === 0)}
            >
              <Icon name="microphone" />
              {isTalking ? "Back to the talk" : `Talk with ${name}`}
            </button>
            {isTalking && (
              <button
                type="button"
                disabled={!isOnStage}
                onClick={(event) => {
                  talk.beginAnew();
                  onStage(event.detail === 0);
                }}
              >
                <Icon name="again" />
                Begin anew
              </button>
            )}
            <button
              type="button"
              disabled={voice.state !== "up" && !isSounding}
              onClick={() => (isSounding ? sample.stop() : sample.say(name, line.text))}
            >
              <Icon name={isSounding ? "stop" : "sound"} />
              {isSounding ? (state.phase === "coming" ? "One moment…" : "Stop") : "Hear the voice"}
            </button>
            {voice.state !== "up" && <span class="hint">{voice.detail}</span>}
          </div>
        </section>
        {props.keepsConversations && (
          <KeptTalks
            character={name}
            isOnStage={isOnStage}
            api={api}
            talk={talk}
            onStage={onStage}
            onKey={onKey}
          />
        )}
        <PromptSheet character={character} api={api} />
        <section class="sheet">
          <h3>Tools</h3>
          {tools.length === 0 ? (
            <p>None: it talks, and does nothing else.</p>
          ) : (
            <ul class="names">
              {tools.map((tool) => (
                <li key={tool}>
                  <code>{tool}</code>
                </li>
              ))}
            </ul>
          )}
        </section>
        <section class="sheet">
          <h3>Its file</h3>
          <p>
            <code>{file}</code> in the characters folder. {describeFile(character)}
          </p>
          <Facts metadata={metadata} />
        </section>
      </div>
    </main>
  );
}

const describeFile = ({ status }: CharacterRecord): string =>
  ({
    ready: "Save it, and what is shown here changes.",
    stale: "Its last edit does not load, so the version before it plays.",
    quarantined: "It is off stage until the file changes.",
  })[status];

const languages = new Intl.DisplayNames(["en"], { type: "language" });
/** `en/fr`: as a character's file says it, which may be anything. */
export const describeLanguage = (tags: string): string =>
  tags
    .split("/")
    .map((tag) => {
      try {
        return languages.of(tag.replaceAll("_", "-")) ?? tag;
      } catch {
        return tag;
      }
    })
    .join(" or ");

interface Reading {
  character: CharacterRecord;
  prompt?: string;
  failure?: ApiFailure;
}

/** The prompt may say what time it is, or draw a card: it is read anew when the file changes, and at a press. */
function PromptSheet({ character, api }: { character: CharacterRecord; api: Api }) {
  const [reading, setReading] = useState<Reading | undefined>(undefined);
  const [round, setRound] = useState(0);
  const { name, status } = character;
  useEffect(() => {
    if (status === "quarantined") return undefined;
    const abort = new AbortController();
    api
      .ask<{ prompt: string }>(`/v1/characters/${encodeURIComponent(name)}/prompt`, { signal: abort.signal })
      .then(({ prompt }) => setReading({ character, prompt }))
      .catch((error: unknown) => {
        const failure = toApiFailure(error);
        if (failure && !abort.signal.aborted) setReading({ character, failure });
      });
    return () => abort.abort();
  }, [api, character, name, status, round]);
  // What was read of another is not shown as this one's.
  const shown = reading?.character.name === name ? reading : undefined;
  return (
    <section class="sheet">
      <div class="sheet-head">
        <h3>Its prompt, as it would be now</h3>
        <button
          type="button"
          class="round"
          aria-label="Ask again"
          title="Ask again"
          disabled={status === "quarantined"}
          onClick={() => setRound(round + 1)}
        >
          <Icon name="again" />
        </button>
      </div>
      {status === "quarantined" ? (
        <p>While it is off stage, its code is not asked.</p>
      ) : shown?.failure ? (
        <p class="problem" role="alert">
          {shown.failure.message}
        </p>
      ) : (
        // A long one scrolls, and what scrolls can have the focus.
        <pre class="prompt" tabIndex={0} aria-label="Prompt">
          {shown?.prompt ?? "…"}
        </pre>
      )}
    </section>
  );
}

/** What the page shows in its own way, or has no use for. */
const ownKeys = new Set(["tagline", "color", "face", "greeting", "good", "card", "replies"]);

/** Further keys of METADATA that are plain enough to be read. */
function Facts({ metadata }: Pick<CharacterRecord, "metadata">) {
  const facts = Object.entries(metadata).filter(
    ([key, value]) => !ownKeys.has(key) && ["string", "number", "boolean"].includes(typeof value),
  );
  if (facts.length === 0) return null;
  return (
    <dl class="facts">
      {facts.map(([key, value]) => (
        <Fact key={key} name={key}>
          {String(value)}
        </Fact>
      ))}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name.replaceAll("_", " ")}</dt>
      <dd>{children}</dd>
    </div>
  );
}
