// The page: the house above, the cast on the left, the one you talk with on the right.
import { useEffect, useRef, useState } from "preact/hooks";
import { CastList, LoadProblems } from "./cast-list.tsx";
import { probeDoor } from "./door.ts";
import { Downloads } from "./downloads.tsx";
import { Face } from "./face.tsx";
import { Marquee } from "./marquee.tsx";
import { openMicrophone } from "./microphone.ts";
import { createPlayer } from "./player.ts";
import type { ServerState } from "./server-state.ts";
import { KeyForm, Stage } from "./stage.tsx";
import { createTalk, type Talk, type TalkState } from "./talk.ts";
import { useServerState } from "./use-server-state.ts";

const keyName = "troupe-key";

export function App() {
  const [apiKey, setApiKey] = useState(() => sessionStorage.getItem(keyName) ?? undefined);
  const server = useServerState(apiKey);
  const [talk] = useState(() =>
    createTalk({ socketUrl, openMicrophone, createPlayer, probeDoor }, { apiKey }),
  );
  const state = useTalkState(talk);
  const [wantsFocus, setWantsFocus] = useState(false);

  const isUp = server.connection === "open";
  const canSpeak = server.parts.voice.state === "up";
  useEffect(() => talk.setServer({ isUp, canSpeak }), [talk, isUp, canSpeak]);
  const useKey = (key: string): void => {
    sessionStorage.setItem(keyName, key);
    setApiKey(key);
    talk.setApiKey(key);
  };

  const found = server.characters.find(({ name }) => name === state.character);
  const remembered = useRef(found);
  if (found) remembered.current = found;
  const character = remembered.current?.name === state.character ? remembered.current : undefined;
  useEffect(() => {
    document.title = character === undefined ? "Troupe" : `${character.name} · Troupe`;
  }, [character]);

  return (
    <div class="house">
      <a class="skip" href="#stage">
        Skip to the stage
      </a>
      <Marquee server={server} />
      <nav class="cast" aria-label="Characters">
        <CastList
          characters={server.characters}
          selected={state.character}
          onSelect={(name, isByKeyboard) => {
            setWantsFocus(isByKeyboard);
            talk.select(name);
          }}
        />
        <div class="news">
          <LoadProblems characters={server.characters} errors={server.errors} />
          <Downloads downloads={server.downloads} />
        </div>
      </nav>
      {character === undefined ? (
        <Welcome server={server} onKey={useKey} />
      ) : (
        <Stage
          character={character}
          hasLeft={found === undefined && isUp}
          talk={talk}
          state={state}
          onKey={useKey}
          parts={server.parts}
          wantsFocus={wantsFocus}
        />
      )}
    </div>
  );
}

function socketUrl(character: string): URL {
  const url = new URL("/v1/realtime", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("model", character);
  return url;
}

function useTalkState(talk: Talk): TalkState {
  const [state, setState] = useState(talk.state);
  useEffect(() => talk.subscribe(() => setState(talk.state)), [talk]);
  return state;
}

function Welcome({ server, onKey }: { server: ServerState; onKey: (key: string) => void }) {
  const { characters, connection } = server;
  const isEmpty = characters.length === 0;
  const words = {
    connecting: ["Raising the curtain…", ""],
    lost: ["Raising the curtain…", "The server cannot be reached. It is tried again and again."],
    refused: ["The stage door is locked", ""],
    open: isEmpty
      ? [
          "The stage is empty",
          "Put a character's file into story_characters, and it is here the moment you save it.",
        ]
      : [
          "Who would you like to talk with?",
          "Choose someone from the cast. Hold the talk button and speak, go hands-free, or type.",
        ],
  } as const;
  const [title, text] = isEmpty ? words[connection] : words.open;
  return (
    <main class="stage" id="stage" tabIndex={-1}>
      <div class="welcome">
        <div class="ensemble">
          {characters.slice(0, 6).map(({ name, metadata }) => (
            <Face key={name} name={name} metadata={metadata} size={84} />
          ))}
        </div>
        <h2>{title}</h2>
        <p>{text}</p>
        {connection === "refused" && <KeyForm onKey={onKey} />}
      </div>
    </main>
  );
}
