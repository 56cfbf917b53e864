// The conversations with a character that the server keeps: gone on with, taken home as JSON, or forgotten.
import { useEffect, useState } from "preact/hooks";
import { type Api, ApiFailure, toApiFailure } from "./api.ts";
import { Failure } from "./banner.tsx";
import { Icon } from "./icons.tsx";
import { RemoveButton } from "./remove-button.tsx";
import { saveFile } from "./save-file.ts";
import type { Talk } from "./talk.ts";
import { useStore } from "./use-store.ts";

export interface KeptTalksProps {
  character: string;
  /** It can be talked with. */
  isOnStage: boolean;
  api: Api;
  talk: Pick<Talk, "state" | "subscribe" | "select" | "takeUp">;
  /** A talk has been taken up. */
  onStage: (isByKeyboard: boolean) => void;
  onKey: (key: string) => void;
}

interface KeptTalk {
  id: string;
  character: string;
  /** Unix seconds */
  updated_at: number;
  item_count: number;
  last_words: string | null;
}

/** So many are shown until all are asked for. */
const firstShown = 5;

export function KeptTalks({ character, isOnStage, api, talk, onStage, onKey }: KeptTalksProps) {
  const { conversationId } = useStore(talk);
  const [all, setAll] = useState<readonly KeptTalk[] | undefined>(undefined);
  const [isWhole, setIsWhole] = useState(false);
  const [failure, setFailure] = useState<ApiFailure | undefined>(undefined);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    api
      .ask<{ data: KeptTalk[] }>("/v1/conversations", { signal: abort.signal })
      .then(({ data }) => setAll(data))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) setFailure(toApiFailure(error));
      });
    return () => abort.abort();
  }, [api, character, round]);
  // What was read before another's page was opened is this one's too.
  const talks = all?.filter((kept) => kept.character === character);

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setFailure(undefined);
    try {
      await work();
    } catch (error) {
      setFailure(toApiFailure(error));
    }
  };
  const takeHome = (kept: KeptTalk): Promise<void> =>
    attempt(async () => {
      const whole = await api.ask<unknown>(pathOf(kept));
      const day = new Date(kept.updated_at * 1000).toISOString().slice(0, 10);
      saveFile(`${character} ${day}.json`, JSON.stringify(whole, null, 2), "application/json");
    });
  const forget = (kept: KeptTalk): Promise<void> =>
    attempt(async () => {
      // The one that is going on ends first.
      if (kept.id === conversationId) talk.select(undefined);
      await forgetPatiently(api, kept);
      setRound((before) => before + 1);
    });

  return (
    <section class="sheet">
      <h3>Kept conversations</h3>
      {failure && <Failure failure={failure} onKey={onKey} onDismiss={() => setFailure(undefined)} />}
      {talks?.length === 0 && (
        <p>
          None yet. What is said is kept on this server, and can be gone on with, taken home or forgotten
          here.
        </p>
      )}
      <ul class="lines">
        {talks?.slice(0, isWhole ? undefined : firstShown).map((kept) => (
          <li key={kept.id}>
            <span>
              {describeTime(kept.updated_at)} ·{" "}
              {kept.item_count === 1 ? "1 turn" : `${kept.item_count} turns`}
              {kept.id === conversationId && " · going on now"}
              {kept.last_words !== null && <q class="last-words">{kept.last_words}</q>}
            </span>
            <div class="item-deeds">
              <button
                type="button"
                disabled={!isOnStage}
                onClick={(event) => {
                  talk.takeUp(character, kept.id);
                  onStage(event.detail === 0);
                }}
              >
                <Icon name="masks" />
                {kept.id === conversationId ? "Back to it" : "Go on"}
                <span class="visually-hidden">, the talk of {describeTime(kept.updated_at)}</span>
              </button>
              <button type="button" onClick={() => void takeHome(kept)}>
                <Icon name="download" />
                Export
                <span class="visually-hidden"> as JSON, the talk of {describeTime(kept.updated_at)}</span>
              </button>
              <RemoveButton
                verb="Forget"
                name={`the talk of ${describeTime(kept.updated_at)}`}
                isDisabled={false}
                onRemove={() => void forget(kept)}
              />
            </div>
          </li>
        ))}
      </ul>
      {talks && talks.length > firstShown && !isWhole && (
        <div class="deeds">
          <button type="button" onClick={() => setIsWhole(true)}>
            Show all {talks.length}
          </button>
        </div>
      )}
    </section>
  );
}

const pathOf = ({ id }: KeptTalk): string => `/v1/conversations/${encodeURIComponent(id)}`;

/** So long may a server take to notice that a session has ended. */
const lettingGoMs = 5000;
const betweenTriesMs = 200;

async function forgetPatiently(api: Api, kept: KeptTalk): Promise<void> {
  const endMs = performance.now() + lettingGoMs;
  for (;;) {
    try {
      await api.ask(pathOf(kept), { method: "DELETE" });
      return;
    } catch (error) {
      const isHeld = error instanceof ApiFailure && error.code === "E_BUSY";
      if (!isHeld || performance.now() > endMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, betweenTriesMs));
  }
}

const describeTime = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
