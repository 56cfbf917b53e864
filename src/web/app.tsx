// The page: cast on the left, the one you talk with on the right.
import { useEffect, useRef, useState } from "preact/hooks";
import { CastList } from "./cast-list.tsx";
import { Controls } from "./controls.tsx";
import { Downloads } from "./downloads.tsx";
import { Face } from "./face.tsx";
import type { Player } from "./player.ts";
import { type CharacterRecord, type Part, type ServerState, useServerState } from "./server-state.ts";
import { Transcript } from "./transcript.tsx";
import { type ConversationControls, useConversation } from "./use-conversation.ts";

export function App() {
  const server = useServerState();
  const [selected, setSelected] = useState<string | undefined>(undefined);
  const [apiKey, setApiKey] = useState<string | undefined>(sessionStorage.getItem("troupe-key") ?? undefined);
  const [isRefused, setRefused] = useState(false);
  const controls = useConversation({
    character: selected,
    canSpeak: server.parts.tts.isUp,
    apiKey,
    onRefused: () => setRefused(true),
  });
  const character = server.characters.find((entry) => entry.name === selected);

  return (
    <div class="house">
      <header class="marquee">
        <img src="/web/icon.svg" width="30" height="30" alt="" />
        <h1>Troupe</h1>
        <div class="state" role="status">
          <PartState label="voice" part={server.parts.tts} />
          <PartState label="ears" part={server.parts.stt} />
          <PartState label="replies" part={server.parts.llm} />
          {!server.isConnected && <span class="dot down">server not reachable, trying again</span>}
        </div>
      </header>
      <nav class="cast" aria-label="Characters">
        <CastList
          characters={server.characters}
          errors={server.errors}
          selected={selected}
          onSelect={(name) => {
            setRefused(false);
            setSelected(name);
          }}
        />
        <Downloads downloads={server.downloads} />
      </nav>
      {character === undefined ? (
        <Welcome server={server} />
      ) : (
        <Stage character={character} controls={controls} canHear={server.parts.stt.isUp}>
          {isRefused && (
            <KeyForm
              onKey={(key) => {
                sessionStorage.setItem("troupe-key", key);
                setRefused(false);
                setApiKey(key);
              }}
            />
          )}
        </Stage>
      )}
    </div>
  );
}

function PartState({ label, part }: { label: string; part: Part }) {
  const state = part.isUp ? "up" : part.isComing ? "coming" : "";
  return (
    <span class={`dot ${state}`} title={part.detail}>
      {label}: {part.text}
    </span>
  );
}

function Welcome({ server }: { server: ServerState }) {
  return (
    <main class="stage">
      <div />
      <div class="empty">
        <h2>{server.characters.length === 0 ? "The stage is empty" : "Who would you like to talk with?"}</h2>
        <p>
          {server.characters.length === 0
            ? "Put a character file into story_characters/ and it appears here the moment you save it."
            : "Choose someone from the cast. Hold the talk button and speak, go hands-free, or type."}
        </p>
      </div>
    </main>
  );
}

interface StageProps {
  character: CharacterRecord;
  controls: ConversationControls;
  canHear: boolean;
  children: preact.ComponentChildren;
}

function Stage({ character, controls, canHear, children }: StageProps) {
  const { conversation, player } = controls;
  const { activity } = conversation;
  const voice = character.voice;
  return (
    <main class="stage" aria-label={`Talking with ${character.name}`}>
      <section class="player">
        <Portrait character={character} activity={activity} player={player} />
        <div>
          <h2>{character.name}</h2>
          <p>{character.metadata.tagline ?? ""}</p>
          <div class="chips">
            <span class="chip" role="status">
              {activity === "idle" ? (controls.isConnected ? "ready" : "connecting") : activity}
            </span>
            <span class="chip" title={voice.reason}>
              voice {voice.voice}
              {voice.status === "ready" ? "" : ` (${voice.status})`}
            </span>
            {character.tools.map((tool) => (
              <span class="chip" key={tool}>
                ⚙ {tool.replaceAll("_", " ")}
              </span>
            ))}
          </div>
        </div>
      </section>
      <Transcript
        turns={conversation.turns}
        character={character.name}
        player={player}
        isSpeaking={activity === "speaking"}
      />
      <div>
        {children}
        {conversation.error !== undefined && (
          <div class="banner bad" role="alert">
            {conversation.error}
            <button type="button" onClick={() => controls.dismiss()}>
              Dismiss
            </button>
          </div>
        )}
        {conversation.notice !== undefined && (
          <div class="banner" role="status">
            {conversation.notice}
            <button type="button" onClick={() => controls.dismiss()}>
              Dismiss
            </button>
          </div>
        )}
        <Controls controls={controls} canHear={canHear} />
      </div>
    </main>
  );
}

interface PortraitProps {
  character: CharacterRecord;
  activity: string;
  player: Player | undefined;
}

/** The mouth follows the sound's loudness; set on the element itself, so that no frame renders the page anew. */
function Portrait({ character, activity, player }: PortraitProps) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (activity !== "speaking" || !player || !element) return undefined;
    let request = requestAnimationFrame(function tick() {
      element.style.setProperty("--mouth", player.level().toFixed(2));
      request = requestAnimationFrame(tick);
    });
    return () => {
      cancelAnimationFrame(request);
      element.style.setProperty("--mouth", "0");
    };
  }, [activity, player]);
  return (
    <div class="portrait" data-activity={activity} ref={frame}>
      <Face name={character.name} metadata={character.metadata} size={104} />
    </div>
  );
}

function KeyForm({ onKey }: { onKey: (key: string) => void }) {
  const [key, setKey] = useState("");
  return (
    <form
      class="banner bad"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== "") onKey(key.trim());
      }}
    >
      <label>
        The server refused the conversation: it may be full, or need a key.{" "}
        <input
          type="password"
          value={key}
          aria-label="Key"
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Try again</button>
    </form>
  );
}
