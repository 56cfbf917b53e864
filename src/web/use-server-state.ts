// The server's feed as a hook.
import { useEffect, useReducer, useRef } from "preact/hooks";
import { openFeed } from "./feed.ts";
import {
  type CharacterRecord,
  type FeedEvent,
  initialServerState,
  type LoadError,
  reduceServerState,
  type ServerState,
} from "./server-state.ts";

export function useServerState(apiKey: string | undefined): ServerState {
  const [state, dispatch] = useReducer(reduceServerState, initialServerState);
  useEffect(() => {
    const feed = openFeed({
      url: "/v1/events",
      apiKey,
      onEvent: (event) => dispatch(event as FeedEvent),
      // "Open" is said by the snapshot, so that nothing is shown of a server that has said nothing yet.
      onStatus: (status) => {
        if (status !== "open") dispatch({ type: "connection", connection: status });
      },
    });
    return () => feed.close();
  }, [apiKey]);

  // A character's record says which voice it has, as far as is known: with a voice engine's coming more is known.
  const voice = state.parts.voice.state;
  const isFirst = useRef(true);
  useEffect(() => {
    if (voice !== "up" || isFirst.current) {
      isFirst.current = false;
      return undefined;
    }
    const abort = new AbortController();
    void readCharacters(apiKey, abort.signal).then((read) => {
      if (read) dispatch({ type: "characters-read", ...read });
    });
    return () => abort.abort();
  }, [voice, apiKey]);
  return state;
}

async function readCharacters(
  apiKey: string | undefined,
  signal: AbortSignal,
): Promise<{ characters: CharacterRecord[]; errors: LoadError[] } | undefined> {
  try {
    const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    const response = await fetch("/v1/characters", { headers, signal });
    if (!response.ok) return undefined;
    return (await response.json()) as { characters: CharacterRecord[]; errors: LoadError[] };
  } catch {
    // The feed notices a server that is gone; the records come with its next snapshot.
    return undefined;
  }
}
