// One conversation with one character: socket, sound and microphone, held together. The page renders its state and calls
// its verbs; nothing here touches the page.
import {
  type Conversation,
  type ConversationAction,
  emptyConversation,
  reduceConversation,
} from "./conversation.ts";
import { createStore } from "./create-store.ts";
import { type Door, isSocketKey } from "./door.ts";
import { explainMicrophoneError } from "./microphone.ts";
import { explainEnd, isWorthRetrying, type SocketEnd } from "./plain-words.ts";
import type { Player, PlayerOptions } from "./player.ts";
import { createItemId, createRealtimeClient, type RealtimeClient } from "./realtime-client.ts";
import { createSpeaking, type Speaking, type SpeakingDependencies } from "./speaking.ts";

export interface TalkState {
  character: string | undefined;
  /** Under which the server keeps this conversation, if it keeps any. */
  conversationId: string | undefined;
  conversation: Conversation;
  /** `lost`: comes back by itself; `ended`: waits for the user; `refused`: wants a key. */
  connection: "none" | "connecting" | "open" | "lost" | "ended" | "refused";
  listening: Speaking["state"];
  isMuted: boolean;
  /** The browser keeps the sound back until the user touches the page. */
  isSoundBlocked: boolean;
}

export interface Talk {
  readonly state: TalkState;
  /** Calls `listener` after each change; gives what ends that. */
  subscribe(listener: () => void): () => void;
  /**
   * Begins a conversation, unless one with the same character is going on; undefined ends the one that is. Call it, and
   * the next two, from the click, so that the browser lets sound out.
   */
  select(character: string | undefined): void;
  /** Begins another conversation with the same character. */
  beginAnew(): void;
  /** Goes on with one that the server has kept. */
  takeUp(character: string, conversationId: string): void;
  sendText(text: string): void;
  startTalk(): void;
  stopTalk(): void;
  setHandsFree(isHandsFree: boolean): void;
  interrupt(): void;
  dismiss(): void;
  /** Goes on with the same conversation. */
  reconnect(): void;
  setApiKey(apiKey: string): void;
  setMuted(isMuted: boolean): void;
  unblockSound(): void;
  /** What the server's feed knows of it. */
  setServer(server: TalkServer): void;
  /** Of the sound now, for what is drawn on every frame. */
  readonly mouth: Player["mouth"];
  readonly heardMs: (itemId: string) => number;
  microphoneLevel(): number;
}

export interface TalkServer {
  isUp: boolean;
  canSpeak: boolean;
  /** It remembers a conversation by its id. */
  keepsConversations: boolean;
}

export interface TalkDependencies {
  /** Of the voice socket, for a character, and the conversation to go on with. */
  socketUrl: (character: string, conversationId: string | undefined) => string | URL;
  openMicrophone: SpeakingDependencies["openMicrophone"];
  createPlayer: (options: PlayerOptions) => Player;
  /** Asked why a socket may have been refused, and for a key in the place of one that a socket cannot send. */
  door: (apiKey: string | undefined) => Door;
}

/** Between tries when the server is there but does not take the socket. */
const retryDelaysMs = [500, 1500, 4000];

export function createTalk(dependencies: TalkDependencies, options: { apiKey: string | undefined }): Talk {
  const store = createStore<TalkState>({
    character: undefined,
    conversationId: undefined,
    conversation: emptyConversation,
    connection: "none",
    listening: "off",
    isMuted: false,
    isSoundBlocked: false,
  });
  const { set } = store;
  let { apiKey } = options;
  let player: Player | undefined;
  let client: RealtimeClient | undefined;
  let server: TalkServer = { isUp: true, canSpeak: false, keepsConversations: false };
  let retries = 0;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  /** Grows with each attempt at a line: what an earlier one still waits for is of no interest. */
  let attempts = 0;
  /** Typed while the line was down, and shown already. */
  let waiting: { id: string; text: string } | undefined;

  const dispatch = (action: ConversationAction): void =>
    set({ conversation: reduceConversation(store.state.conversation, action) });

  const speaking = createSpeaking({
    openMicrophone: dependencies.openMicrophone,
    client: () => (store.state.connection === "open" ? client : undefined),
    onChange: (listening) => set({ listening }),
    onIdle: () => dispatch({ type: "user-speech-cancel" }),
    onReady: () =>
      dispatch({ type: "notice", message: "The microphone is ready. Hold the button and speak." }),
    onError: (error) => dispatch({ type: "error", message: explainMicrophoneError(error) }),
    onLost: () =>
      dispatch({ type: "error", message: "The microphone went away. Plug it in again, or type instead." }),
  });

  const ensurePlayer = (): Player =>
    (player ??= dependencies.createPlayer({
      onQueue: (items) => dispatch({ type: "sound", items }),
      onBlocked: (isSoundBlocked) => set({ isSoundBlocked }),
    }));

  /** Leaves the line that there is, or was to be. */
  const hangUp = (): void => {
    attempts++;
    clearTimeout(retryTimer);
    client?.close();
    client = undefined;
  };
  const connect = (character: string): void => {
    hangUp();
    set({ connection: "connecting" });
    if (apiKey === undefined || isSocketKey(apiKey)) return open(character, apiKey);
    const attempt = attempts;
    dependencies
      .door(apiKey)
      .borrowKey()
      .then(
        (key) => attempt === attempts && open(character, key),
        () => attempt === attempts && void explainRefusal(),
      );
  };
  const open = (character: string, key: string | undefined): void => {
    const { conversationId, conversation } = store.state;
    const own: RealtimeClient = createRealtimeClient({
      url: dependencies.socketUrl(character, conversationId),
      apiKey: key,
      player: ensurePlayer(),
      canSpeak: server.canSpeak,
      isHandsFree: speaking.state === "hands-free",
      // A server that keeps it need not be told.
      history: conversationId === undefined ? conversation.turns.filter(({ id }) => id !== waiting?.id) : [],
      dispatch,
      onOpen() {
        retries = 0;
        set({ connection: "open" });
        // The microphone may have opened while the line did.
        own.setHandsFree(speaking.state === "hands-free");
        if (waiting) own.sendText(waiting.text, waiting.id);
        else if (store.state.conversation.turns.length === 0) own.requestResponse();
        waiting = undefined;
      },
      onCharacterChange: () =>
        dispatch({
          type: "notice",
          message: `${character} was edited: the new version answers from now on.`,
        }),
      onClose: (end) => {
        client = undefined;
        dispatch({ type: "disconnect" });
        if (end.wasOpen) endConnection(end);
        else void explainRefusal();
      },
    });
    client = own;
  };

  const endConnection = (end: SocketEnd): void => {
    speaking.pause();
    if (isWorthRetrying(end)) return retry();
    speaking.stop();
    dispatch({ type: "notice", message: explainEnd(end) });
    set({ connection: "ended" });
  };

  /** While the server is away, its feed tells when it is back. */
  const retry = (): void => {
    set({ connection: "lost" });
    const delayMs = retryDelaysMs[Math.min(retries++, retryDelaysMs.length - 1)];
    retryTimer = setTimeout(() => {
      if (server.isUp && store.state.character !== undefined) connect(store.state.character);
    }, delayMs);
  };

  const explainRefusal = async (): Promise<void> => {
    set({ connection: "lost" });
    const attempt = attempts;
    const door = await dependencies.door(apiKey).probe();
    if (attempt !== attempts) return;
    if (door.type === "key") return set({ connection: "refused" });
    if (door.type === "closed" || (door.type === "open" && retries >= retryDelaysMs.length)) {
      const busy = "The server takes no more conversations at the moment. Try again a little later.";
      speaking.stop();
      dispatch({ type: "error", message: door.type === "closed" ? door.message : busy });
      return set({ connection: "ended" });
    }
    retry();
  };

  const begin = (character: string | undefined, conversationId: string | undefined): void => {
    speaking.stop();
    hangUp();
    retries = 0;
    waiting = undefined;
    set({ character, conversationId, conversation: emptyConversation, connection: "none" });
    if (character === undefined) return;
    void ensurePlayer().unlock();
    connect(character);
  };
  const beginAnew = (character: string | undefined): void => {
    const isKept = character !== undefined && server.keepsConversations;
    begin(character, isKept ? createConversationId() : undefined);
  };
  const reconnect = (): void => {
    retries = 0;
    dispatch({ type: "dismiss" });
    if (store.state.character !== undefined) connect(store.state.character);
  };

  return {
    get state() {
      return store.state;
    },
    subscribe: store.subscribe,
    select(character) {
      if (character !== store.state.character || store.state.connection === "ended") beginAnew(character);
    },
    beginAnew: () => beginAnew(store.state.character),
    takeUp(character, conversationId) {
      if (conversationId !== store.state.conversationId) begin(character, conversationId);
      else if (store.state.connection === "ended") reconnect();
    },
    sendText(text) {
      if (store.state.connection === "open") return client?.sendText(text);
      // What is typed twice before it can be sent is one turn.
      waiting = { id: waiting?.id ?? createItemId(), text: waiting ? `${waiting.text}\n${text}` : text };
      dispatch({ type: "user-text-end", ...waiting });
      if (store.state.connection === "ended" && store.state.character !== undefined)
        connect(store.state.character);
    },
    startTalk: () => speaking.start(),
    stopTalk: () => speaking.finish(),
    setHandsFree: (isHandsFree) => speaking.setHandsFree(isHandsFree),
    interrupt: () => client?.interrupt(),
    dismiss: () => dispatch({ type: "dismiss" }),
    reconnect,
    setApiKey(key) {
      apiKey = key;
      retries = 0;
      if (store.state.character !== undefined && store.state.connection !== "open")
        connect(store.state.character);
    },
    setMuted(isMuted) {
      player?.setMuted(isMuted);
      set({ isMuted });
    },
    unblockSound: () => void ensurePlayer().unlock(),
    setServer(next) {
      const before = server;
      server = next;
      // What it no longer keeps, it has to be told again.
      if (!next.keepsConversations && store.state.conversationId !== undefined)
        set({ conversationId: undefined });
      if (next.canSpeak !== before.canSpeak) client?.setVoice(next.canSpeak);
      if (
        !before.isUp &&
        next.isUp &&
        store.state.connection === "lost" &&
        store.state.character !== undefined
      ) {
        retries = 0;
        connect(store.state.character);
      }
    },
    mouth: () => player?.mouth() ?? { open: 0, wide: 0 },
    heardMs: (itemId) => player?.heardMs(itemId) ?? 0,
    microphoneLevel: () => speaking.level(),
  };
}

/** Nobody guesses it: who knows it can take the conversation up. */
const createConversationId = (): string =>
  `page-${Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("")}`;
