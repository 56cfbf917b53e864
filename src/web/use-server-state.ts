// The server's feed as a hook.
import { useEffect, useReducer } from "preact/hooks";
import { createApi } from "./api.ts";
import { openFeed } from "./feed.ts";
import {
  type CharacterRecord,
  type FeedEvent,
  initialServerState,
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
  const { voiceNews } = state;
  useEffect(() => {
    if (voiceNews === 0) return undefined;
    const abort = new AbortController();
    createApi({ fetch: (path, init) => fetch(path, init) }, { apiKey })
      .ask<{ characters: CharacterRecord[] }>("/v1/characters", { signal: abort.signal })
      .then(({ characters }) => dispatch({ type: "voices-read", characters }))
      // The feed notices a server that is gone; the records come with its next snapshot.
      .catch(() => undefined);
    return () => abort.abort();
  }, [voiceNews, apiKey]);
  return state;
}
