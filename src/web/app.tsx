// The page: the house above, the cast on the left, the one you talk with on the right.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { About } from "./about.tsx";
import { type Api, createApi } from "./api.ts";
import { createAssetDesk } from "./asset-desk.ts";
import { HasKey, KeyForm } from "./banner.tsx";
import { CastList } from "./cast-list.tsx";
import { createDoor } from "./door.ts";
import { Downloads } from "./downloads.tsx";
import { DownloadsRoom } from "./downloads-room.tsx";
import { Face } from "./face.tsx";
import { createHubApi } from "./hub-api.ts";
import { keepKey, readKeptKey } from "./kept-key.ts";
import { listProblems, LoadProblems } from "./load-problems.tsx";
import { Marquee } from "./marquee.tsx";
import { createModelFinder } from "./model-finder.ts";
import { createModelShelf } from "./model-shelf.ts";
import { ModelsRoom } from "./models-room.tsx";
import { openMicrophone } from "./microphone.ts";
import { createPlayer } from "./player.ts";
import type { Place } from "./place.ts";
import type { ServerState } from "./server-state.ts";
import { Stage } from "./stage.tsx";
import { createTalk } from "./talk.ts";
import { usePlace } from "./use-place.ts";
import { useServerState } from "./use-server-state.ts";
import { useStore } from "./use-store.ts";
import { createVoiceSample } from "./voice-sample.ts";

export function App() {
  const [apiKey, setApiKey] = useState(readKeptKey);
  const server = useServerState(apiKey);
  const [talk] = useState(() =>
    createTalk(
      { socketUrl, openMicrophone, createPlayer, door: (key) => createDoor(openApi(key)) },
      { apiKey },
    ),
  );
  const state = useStore(talk);
  const api = useMemo(() => openApi(apiKey), [apiKey]);
  const latestApi = useRef(api);
  latestApi.current = api;
  const [sample] = useState(() =>
    createVoiceSample({
      api: () => latestApi.current,
      createPlayer,
      silenceOthers: () => talk.interrupt(),
    }),
  );
  const [assetDesk] = useState(() => createAssetDesk({ api: () => latestApi.current }));
  const [models] = useState(() => {
    const hub = () => createHubApi(latestApi.current);
    return { finder: createModelFinder({ hub }), shelf: createModelShelf({ hub }) };
  });
  const [place, go] = usePlace();
  useViewFocus(place.view);
  const [wantsFocus, setWantsFocus] = useState(false);

  const isUp = server.connection === "open";
  const isLocked = server.connection === "refused";
  const canSpeak = server.parts.voice.state === "up";
  const { keepsConversations } = server;
  useEffect(
    () => talk.setServer({ isUp, canSpeak, keepsConversations }),
    [talk, isUp, canSpeak, keepsConversations],
  );
  const useKey = (key: string): void => {
    keepKey(key);
    setApiKey(key);
    talk.setApiKey(key);
  };

  const found = server.characters.find(({ name }) => name === state.character);
  const remembered = useRef(found);
  if (found) remembered.current = found;
  const character = remembered.current?.name === state.character ? remembered.current : undefined;
  const lookedAt =
    place.view === "about" ? server.characters.find(({ name }) => name === place.character) : undefined;
  const problems = listProblems(server);
  // It stands on the character's own page, and need not be said twice.
  const ownProblem = lookedAt && problems.find(({ file }) => file === lookedAt.file);
  const title = { stage: character?.name, about: lookedAt?.name, downloads: "Downloads", models: "Models" }[
    place.view
  ];
  useEffect(() => {
    document.title = title === undefined ? "Troupe" : `${title} · Troupe`;
  }, [title]);
  const startTalk = (name: string, isByKeyboard: boolean): void => {
    const isOffStage = server.characters.some((one) => one.name === name && one.status === "quarantined");
    // It could not say a word; why, and what to do, stands on its own page.
    if (isOffStage && name !== state.character) return go({ view: "about", character: name });
    enterStage(isByKeyboard);
    talk.select(name);
  };
  const enterStage = (isByKeyboard: boolean): void => {
    setWantsFocus(isByKeyboard);
    go({ view: "stage" });
  };

  return (
    <HasKey.Provider value={apiKey !== undefined}>
      <div class="house" data-view={place.view}>
        <a
          class="skip"
          href="#stage"
          // The part after # says which room this is, and stays.
          onClick={(event) => {
            event.preventDefault();
            document.getElementById("stage")?.focus();
          }}
        >
          Skip to the stage
        </a>
        <Marquee server={server} place={place} />
        <nav class="cast" aria-label="Characters">
          <CastList
            characters={server.characters}
            selected={place.view === "stage" ? state.character : undefined}
            lookedAt={place.view === "about" ? place.character : undefined}
            onSelect={startTalk}
          />
          <div class="news">
            <LoadProblems problems={problems.filter((problem) => problem !== ownProblem)} />
            {place.view !== "downloads" && <Downloads downloads={server.downloads} />}
          </div>
        </nav>
        {isLocked && !(place.view === "stage" && character) ? (
          <Welcome server={server} onKey={useKey} />
        ) : place.view === "downloads" ? (
          <DownloadsRoom desk={assetDesk} server={server} onKey={useKey} />
        ) : place.view === "models" ? (
          <ModelsRoom {...models} server={server} onKey={useKey} />
        ) : lookedAt ? (
          <About
            character={lookedAt}
            problem={ownProblem}
            api={api}
            sample={sample}
            voice={server.parts.voice}
            talk={talk}
            keepsConversations={keepsConversations}
            onTalk={(isByKeyboard) => startTalk(lookedAt.name, isByKeyboard)}
            onStage={enterStage}
            onKey={useKey}
          />
        ) : place.view === "about" ? (
          <Nobody name={place.character} server={server} onKey={useKey} />
        ) : character === undefined ? (
          <Welcome server={server} onKey={useKey} />
        ) : (
          <Stage
            character={character}
            hasLeft={found === undefined && isUp}
            isLocked={isLocked}
            talk={talk}
            state={state}
            onKey={useKey}
            parts={server.parts}
            wantsFocus={wantsFocus}
          />
        )}
      </div>
    </HasKey.Provider>
  );
}

const openApi = (apiKey: string | undefined): Api =>
  createApi({ fetch: (path, init) => fetch(path, init) }, { apiKey });

/** Who comes into another room is there with the keyboard and the screen reader too. */
function useViewFocus(view: Place["view"]): void {
  const before = useRef(view);
  useEffect(() => {
    if (before.current === view) return;
    before.current = view;
    // The stage has a place of its own for that: the line for typing.
    if (view !== "stage") document.getElementById("stage")?.focus();
  }, [view]);
}

/** An address may name somebody who is not on stage, or not yet. */
function Nobody({
  name,
  server,
  onKey,
}: {
  name: string;
  server: ServerState;
  onKey: (key: string) => void;
}) {
  if (server.connection !== "open") return <Welcome server={server} onKey={onKey} />;
  return (
    <main class="stage" id="stage" tabIndex={-1}>
      <div class="welcome">
        <h2>{name} is not on stage</h2>
        <p>Nobody in the cast has that name. The moment such a character is saved, it is shown here.</p>
      </div>
    </main>
  );
}

function socketUrl(character: string, conversationId: string | undefined): URL {
  const url = new URL("/v1/realtime", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("model", character);
  if (conversationId !== undefined) url.searchParams.set("conversation", conversationId);
  return url;
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
  const [title, text] = isEmpty || connection === "refused" ? words[connection] : words.open;
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
