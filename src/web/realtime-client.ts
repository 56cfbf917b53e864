// The page's end of /v1/realtime: one socket per conversation, events in, actions out. What it says of the sound, the
// server believes: it knows what has left the loudspeaker.
import { decodeS16le } from "../audio/pcm.ts";
import type { Conversation, ConversationAction, Turn } from "./conversation.ts";
import { explainFault, explainResponseFailure } from "./plain-words.ts";
import type { Player } from "./player.ts";
import type { ServerEvent, WireItem } from "./realtime-events.ts";

export interface RealtimeClient {
  /** Raw 16-bit PCM at 24 kHz. */
  sendAudio(bytes: Uint8Array<ArrayBuffer>): void;
  /** `id`: of a turn that shows it already. */
  sendText(text: string, id?: string): void;
  /** Hands-free: the server decides whose turn it is. Otherwise the page says when a turn is over. */
  setHandsFree(isHandsFree: boolean): void;
  /** Without a voice, answers are asked for as text. */
  setVoice(canSpeak: boolean): void;
  /** The user takes the floor; the audio that follows is a turn. */
  beginTalk(): void;
  endTalk(): void;
  /** What was said and has not ended as a turn is dropped. */
  cancelTalk(): void;
  /** The character opens, or goes on. */
  requestResponse(): void;
  /** Stops the answer that is made or sounds, and tells the server how much of it was heard. */
  interrupt(): void;
  close(): void;
}

export interface RealtimeClientOptions {
  /** Of the socket, with the character's name. */
  url: string | URL;
  /** One that can be a subprotocol (door.ts). */
  apiKey: string | undefined;
  player: Pick<Player, "play" | "queue" | "heardMs" | "stop">;
  canSpeak: boolean;
  isHandsFree: boolean;
  /** An earlier conversation that this one goes on with. */
  history: Conversation["turns"];
  dispatch: (action: ConversationAction) => void;
  /** After a conversation that the server keeps has been recalled. */
  onOpen: () => void;
  /** The character answers in a new version of itself. */
  onCharacterChange: () => void;
  onClose: (end: { wasOpen: boolean; code: number; reason: string }) => void;
}

/** A socket that does not keep up must not fill the page's memory: a second of speech is what may wait. */
const maxBufferedBytes = 48_000;
/** Turns that a new session is told of the old one. */
const toldTurns = 40;

export function createRealtimeClient(options: RealtimeClientOptions): RealtimeClient {
  const { player, dispatch } = options;
  const key = options.apiKey === undefined ? [] : [`openai-insecure-api-key.${options.apiKey}`];
  const socket = new WebSocket(options.url, ["realtime", ...key]);
  /** The settings have been sent: from now on every change of them is. */
  let isSetUp = false;
  let isOpen = false;
  let isClosed = false;
  let { isHandsFree, canSpeak } = options;
  /** What the server has kept of this conversation, and tells before anything else. */
  const recalled: Turn[] = [];
  /** The user's words that are being made out, before they are a turn. */
  let utteranceId: string | undefined;
  let responseId: string | undefined;
  /** A response that the user broke in on: what is still on its way of it is not heard. */
  let brokenId: string | undefined;
  /** Messages that this session knows: sound of an earlier one may still play. */
  const known = new Set<string>();
  /** Messages of the running response, and those of them that have sound. */
  const messages = new Set<string>();
  const messagesWithSound = new Set<string>();
  /** The item of a talk that has been committed, while its words are made out; "" before its id is known. */
  let talkId: string | undefined;
  /** The server was still answering; its answer is over when this is asked for again. */
  let isResponseOwed = false;

  const send = (event: Readonly<Record<string, unknown>>): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(event));
  };
  const tellHeard = (itemId: string, heardMs: number): void =>
    send({
      type: "conversation.item.truncate",
      item_id: itemId,
      content_index: 0,
      audio_end_ms: Math.round(heardMs),
    });
  /** Sound that waits to be played counts as well, and so does what has not arrived yet. */
  const cutSound = (): void => {
    const cut = new Set([...player.queue().map(({ itemId }) => itemId), ...messages]);
    for (const id of cut) {
      const heardMs = player.heardMs(id);
      // Of what has had no sound yet the server is told when, and if, the first of it comes.
      if (known.has(id) && (!messages.has(id) || messagesWithSound.has(id))) tellHeard(id, heardMs);
      dispatch({ type: "item-cut", id, heardMs });
    }
    player.stop();
    brokenId = responseId;
  };
  const interrupt = (): void => {
    if (responseId !== undefined) send({ type: "response.cancel", response_id: responseId });
    cutSound();
  };
  const requestResponse = (): void => {
    send({ type: "response.create" });
    dispatch({ type: "answer-await" });
  };

  const setUp = (): void => {
    isSetUp = true;
    update({
      output_modalities: modalities(),
      audio: { input: { turn_detection: detection(), transcription: { model: "default" } } },
      troupe: { words: true, tools: true, character_changes: true, partials: true },
    });
    for (const turn of options.history.slice(-toldTurns)) tellTurn(turn);
  };
  const open = (): void => {
    isOpen = true;
    if (recalled.length > 0) dispatch({ type: "recall", turns: recalled });
    options.onOpen();
  };
  const update = (session: Readonly<Record<string, unknown>>): void => {
    if (isSetUp) send({ type: "session.update", session: { type: "realtime", ...session } });
  };
  const detection = () => (isHandsFree ? handsFree : null);
  const modalities = () => [canSpeak ? "audio" : "text"];
  const recall = (item: WireItem | undefined): void => {
    const turn = item && decodeTurn(item);
    if (!turn) return;
    known.add(turn.id);
    recalled.push(turn);
  };
  const tellTurn = ({ speaker, text, cutAt }: Turn): void => {
    const heard = text.slice(0, cutAt).trim();
    if (heard === "") return;
    const part = { type: speaker === "user" ? "input_text" : "output_text", text: heard };
    const role = speaker === "user" ? "user" : "assistant";
    send({ type: "conversation.item.create", item: { type: "message", role, content: [part] } });
  };

  const playDelta = (event: ServerEvent): void => {
    const { item_id: id = "", delta = "" } = event;
    const isNew = !messagesWithSound.has(id);
    messagesWithSound.add(id);
    if (event.response_id !== brokenId) player.play(id, decodeS16le(decodeBase64(delta)));
    // The cut came before its first sound: none of it was heard.
    else if (isNew) tellHeard(id, 0);
  };

  const endResponse = ({ response }: ServerEvent): void => {
    const isCut = response?.status === "cancelled";
    for (const { type, id = "" } of response?.output ?? []) {
      if (type !== "message") continue;
      if (isCut) dispatch({ type: "item-cut", id, heardMs: player.heardMs(id) });
      else dispatch({ type: "item-end", id });
    }
    responseId = undefined;
    brokenId = undefined;
    messages.clear();
    messagesWithSound.clear();
    const failure = response?.status === "failed" ? explainResponseFailure(response) : undefined;
    dispatch({ type: "response-end", failure });
    if (isResponseOwed) requestResponse();
    isResponseOwed = false;
  };

  /** The words of a talk are there: now it is the character's turn. */
  const endTranscript = (id: string, text: string): void => {
    dispatch({ type: "user-text-end", id, text });
    if (id !== talkId) return;
    talkId = undefined;
    if (text.trim() !== "") requestResponse();
    else dispatch({ type: "notice", message: "Nothing was heard. Hold the button while you speak." });
  };

  const receive = (event: ServerEvent): void => {
    const { item_id: id = "", item, delta = "", type } = event;
    const isBroken = event.response_id !== undefined && event.response_id === brokenId;
    if (isBroken && type !== "response.output_audio.delta") return;
    // Whatever answers the settings, it comes after all that the server had to recall.
    if (isSetUp && !isOpen && !type.startsWith("conversation.item.")) open();
    switch (type) {
      case "session.created":
        return setUp();
      case "conversation.item.added":
        if (!isOpen) recall(item);
        return undefined;
      case "input_audio_buffer.speech_started":
        // Hands-free was switched off meanwhile.
        if (!isHandsFree) return undefined;
        cutSound();
        return dispatch({ type: "user-speech-start" });
      case "input_audio_buffer.speech_stopped":
        if (isHandsFree) dispatch({ type: "user-speech-stop" });
        return undefined;
      case "input_audio_buffer.cleared":
        if (utteranceId !== undefined) dispatch({ type: "user-text-end", id: utteranceId, text: "" });
        utteranceId = undefined;
        return undefined;
      case "input_audio_buffer.committed":
        utteranceId = undefined;
        if (talkId === "") talkId = id;
        return dispatch({ type: "user-text", id, delta: "" });
      case "conversation.item.input_audio_transcription.delta":
        // The partials below say the same, and more.
        return undefined;
      case "troupe.transcript.partial": {
        const { stable_text: stable = "", text = "" } = event;
        utteranceId = id;
        return dispatch({ type: "user-draft", id, stable, draft: text.slice(stable.length) });
      }
      case "conversation.item.input_audio_transcription.completed":
        return endTranscript(id, event.transcript ?? "");
      case "conversation.item.input_audio_transcription.failed":
        endTranscript(id, "");
        return dispatch({ type: "error", message: explainFault(event.error) });
      case "response.created":
        responseId = event.response?.id;
        return dispatch({ type: "response-start", responseId: responseId ?? "" });
      case "response.output_item.added":
        if (item?.type !== "message") return undefined;
        messages.add(item.id ?? "");
        known.add(item.id ?? "");
        return dispatch({ type: "item-start", id: item.id ?? "" });
      case "response.output_text.delta":
      case "response.output_audio_transcript.delta":
        return dispatch({ type: "item-text", id, delta });
      case "response.output_audio.delta":
        return playDelta(event);
      case "response.output_item.done":
        // One that breaks off has its end from the response's, which says why.
        if (item?.type === "message" && item.status === "completed") {
          dispatch({ type: "item-end", id: item.id ?? "" });
        }
        return undefined;
      case "response.done":
        return endResponse(event);
      case "troupe.words": {
        const words = (event.words ?? []).map(({ text, start_ms: startMs, end_ms: endMs }) => ({
          text,
          startMs,
          endMs,
        }));
        return dispatch({ type: "item-words", id, words });
      }
      case "troupe.tool.done":
        return dispatch({ type: "tool-run", name: event.name ?? "", outcome: event.outcome ?? "" });
      case "troupe.character.updated":
        return options.onCharacterChange();
      case "error":
        return receiveFault(event);
      default:
    }
  };

  const receiveFault = ({ error }: ServerEvent): void => {
    switch (error?.code) {
      case "response_cancel_not_active":
        // It had just ended by itself.
        return;
      case "session_expired":
      case "session_token_limit":
      case "client_too_slow":
      case "conversation_replaced":
      case "internal_error":
        // The end of the line says why it ends.
        return;
      case "conversation_already_has_active_response":
        isResponseOwed = true;
        return;
      case "input_audio_buffer_commit_empty":
        talkId = undefined;
        dispatch({ type: "user-speech-cancel" });
        dispatch({ type: "notice", message: "That was too short. Hold the button while you speak." });
        return;
      default:
        dispatch({ type: "error", message: explainFault(error) });
    }
  };

  socket.addEventListener("message", (message: MessageEvent<string>) => {
    if (!isClosed) receive(JSON.parse(message.data) as ServerEvent);
  });
  socket.addEventListener("close", ({ code, reason }) => {
    if (!isClosed) options.onClose({ wasOpen: isOpen, code, reason });
    isClosed = true;
  });

  return {
    sendAudio(bytes) {
      if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < maxBufferedBytes)
        socket.send(bytes);
    },
    sendText(text, id = createItemId()) {
      interrupt();
      dispatch({ type: "user-text-end", id, text });
      const content = [{ type: "input_text", text }];
      send({ type: "conversation.item.create", item: { id, type: "message", role: "user", content } });
      requestResponse();
    },
    setHandsFree(next) {
      if (next === isHandsFree) return;
      isHandsFree = next;
      update({ audio: { input: { turn_detection: detection() } } });
    },
    setVoice(next) {
      canSpeak = next;
      update({ output_modalities: modalities() });
    },
    beginTalk() {
      interrupt();
      talkId = undefined;
      send({ type: "input_audio_buffer.clear" });
      dispatch({ type: "user-speech-start" });
    },
    endTalk() {
      talkId = "";
      send({ type: "input_audio_buffer.commit" });
      dispatch({ type: "user-speech-stop" });
    },
    cancelTalk() {
      talkId = undefined;
      send({ type: "input_audio_buffer.clear" });
    },
    requestResponse,
    interrupt,
    close() {
      isClosed = true;
      player.stop();
      socket.close(1000);
    },
  };
}

export const createItemId = (): string => `item_${crypto.getRandomValues(new Uint32Array(3)).join("")}`;

/** What was said in it aloud or in writing; undefined for what has no words, and for what is nobody's. */
function decodeTurn({ id = "", type, role, status, content = [] }: WireItem): Turn | undefined {
  const text = content
    .map((part) => part.text ?? part.transcript ?? "")
    .join(" ")
    .trim();
  if (type !== "message" || text === "" || (role !== "user" && role !== "assistant")) return undefined;
  return {
    id,
    speaker: role === "user" ? "user" : "character",
    text,
    draft: "",
    words: [],
    state: role === "assistant" && status === "incomplete" ? "interrupted" : "done",
    isSpoken: content.some((part) => part.type === "input_audio" || part.type === "output_audio"),
    tools: [],
  };
}

const handsFree = { type: "server_vad", create_response: true, interrupt_response: true };

/** `Uint8Array.fromBase64` is too young for some of the browsers that come here. */
function decodeBase64(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}
