// The page's end of /v1/realtime: one socket per conversation, events in, actions out.
import type { CaptionWord, ConversationAction } from "./conversation.ts";
import type { Player } from "./player.ts";

export interface RealtimeClient {
  /** Raw 16-bit PCM at 24 kHz. */
  sendAudio(bytes: Uint8Array<ArrayBuffer>): void;
  sendText(text: string): void;
  /** Hands-free: the server decides whose turn it is. Otherwise the page commits. */
  setHandsFree(isHandsFree: boolean): void;
  beginTalk(): void;
  endTalk(): void;
  /** The character opens, or goes on. */
  requestResponse(): void;
  /** Stops the answer that sounds, and tells the server how much of it was heard. */
  interrupt(): void;
  close(): void;
}

export interface RealtimeClientOptions {
  character: string;
  apiKey: string | undefined;
  player: Player;
  /** False while no voice is loaded: answers come as text. */
  canSpeak: () => boolean;
  dispatch: (action: ConversationAction) => void;
  onOpen: () => void;
  onClose: (wasOpen: boolean) => void;
}

/** What the server sends, as far as the page reads it. */
interface ServerEvent {
  type: string;
  item_id?: string;
  delta?: string;
  transcript?: string;
  text?: string;
  item?: { id?: string; type?: string; role?: string; status?: string };
  response?: {
    id?: string;
    status?: string;
    status_details?: { error?: { message?: string } | null } | null;
  };
  error?: { message?: string; code?: string };
  words?: { text: string; start_ms: number; end_ms: number }[];
  name?: string;
  outcome?: string;
  message?: string;
}

export function createRealtimeClient(options: RealtimeClientOptions): RealtimeClient {
  const { player, dispatch } = options;
  const url = new URL("/v1/realtime", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("model", options.character);
  const key = options.apiKey === undefined ? [] : [`openai-insecure-api-key.${options.apiKey}`];
  const socket = new WebSocket(url, ["realtime", ...key]);
  socket.binaryType = "arraybuffer";
  let isOpen = false;
  let responseId: string | undefined;
  /** Items whose sound was cut: what is still on its way of them is not played. */
  const silenced = new Set<string>();

  const send = (event: Readonly<Record<string, unknown>>): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(event));
  };
  const cutSound = (): void => {
    const heard = player.stop();
    if (!heard) return;
    silenced.add(heard.itemId);
    send({
      type: "conversation.item.truncate",
      item_id: heard.itemId,
      content_index: 0,
      audio_end_ms: Math.round(heard.playedMs),
    });
    dispatch({ type: "item-end", id: heard.itemId, text: undefined, isInterrupted: true });
  };
  const interrupt = (): void => {
    if (responseId !== undefined) send({ type: "response.cancel", response_id: responseId });
    cutSound();
  };
  const requestResponse = (): void =>
    send({
      type: "response.create",
      ...(!options.canSpeak() && { response: { output_modalities: ["text"] } }),
    });

  const receive = (event: ServerEvent): void => {
    const id = event.item_id ?? "";
    switch (event.type) {
      case "session.created":
        isOpen = true;
        send({
          type: "session.update",
          session: {
            type: "realtime",
            audio: { input: { turn_detection: null, transcription: { model: "default" } } },
            troupe: { words: true, tools: true, character_changes: true },
          },
        });
        options.onOpen();
        break;
      case "input_audio_buffer.speech_started":
        cutSound();
        dispatch({ type: "user-speech-start" });
        break;
      case "input_audio_buffer.speech_stopped":
        dispatch({ type: "user-speech-stop" });
        break;
      case "input_audio_buffer.committed":
        dispatch({ type: "user-text", id, delta: "" });
        break;
      case "conversation.item.input_audio_transcription.delta":
        dispatch({ type: "user-text", id, delta: event.delta ?? "" });
        break;
      case "conversation.item.input_audio_transcription.completed":
        dispatch({ type: "user-text", id, text: event.transcript ?? "" });
        break;
      case "conversation.item.input_audio_transcription.failed":
        dispatch({ type: "error", message: event.error?.message ?? "Your words could not be made out." });
        break;
      case "response.created":
        responseId = event.response?.id;
        dispatch({ type: "response-start", responseId: responseId ?? "" });
        break;
      case "response.output_item.added":
        if (event.item?.type === "message") dispatch({ type: "item-start", id: event.item.id ?? "" });
        break;
      case "response.output_text.delta":
      case "response.output_audio_transcript.delta":
        dispatch({ type: "item-text", id, delta: event.delta ?? "" });
        break;
      case "response.output_audio.delta":
        if (!silenced.has(id)) player.play(id, event.delta ?? "");
        break;
      case "response.output_item.done":
        if (event.item?.type === "message") {
          const isInterrupted = event.item.status === "incomplete";
          dispatch({ type: "item-end", id: event.item.id ?? "", text: undefined, isInterrupted });
        }
        break;
      case "response.done": {
        responseId = undefined;
        const isFailed = event.response?.status === "failed";
        const reason = event.response?.status_details?.error?.message ?? "The answer broke off.";
        dispatch({ type: "response-end", failure: isFailed ? reason : undefined });
        break;
      }
      case "troupe.words":
        dispatch({ type: "item-words", id, words: (event.words ?? []).map(decodeWord) });
        break;
      case "troupe.tool.done":
        dispatch({ type: "tool-run", name: event.name ?? "", outcome: event.outcome ?? "" });
        break;
      case "troupe.character.updated":
        dispatch({
          type: "notice",
          message: `${options.character} was edited; the next answer is by the new version.`,
        });
        break;
      case "error":
        // Nothing was said while the button was down: no reason to bother anyone.
        if (event.error?.code === "input_audio_buffer_commit_empty")
          dispatch({ type: "response-end", failure: undefined });
        else if (event.error?.code !== "response_cancel_not_active") {
          dispatch({ type: "error", message: event.error?.message ?? "Something went wrong." });
        }
        break;
      default:
    }
  };

  socket.addEventListener("message", (message: MessageEvent<string>) =>
    receive(JSON.parse(message.data) as ServerEvent),
  );
  socket.addEventListener("close", () => options.onClose(isOpen));

  return {
    sendAudio(bytes) {
      // A socket that does not keep up must not fill the page's memory; a second of speech is what may wait.
      if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < 48_000) socket.send(bytes);
    },
    sendText(text) {
      interrupt();
      const id = `item_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
      dispatch({ type: "user-text", id, text });
      const content = [{ type: "input_text", text }];
      send({ type: "conversation.item.create", item: { id, type: "message", role: "user", content } });
      requestResponse();
    },
    setHandsFree(isHandsFree) {
      const detection = { type: "server_vad", create_response: true, interrupt_response: true };
      send({
        type: "session.update",
        session: { type: "realtime", audio: { input: { turn_detection: isHandsFree ? detection : null } } },
      });
    },
    beginTalk() {
      interrupt();
      send({ type: "input_audio_buffer.clear" });
      dispatch({ type: "user-speech-start" });
    },
    endTalk() {
      send({ type: "input_audio_buffer.commit" });
      dispatch({ type: "user-speech-stop" });
      requestResponse();
    },
    requestResponse,
    interrupt,
    close() {
      player.stop();
      socket.close(1000);
    },
  };
}

const decodeWord = (word: { text: string; start_ms: number; end_ms: number }): CaptionWord => ({
  text: word.text,
  startMs: word.start_ms,
  endMs: word.end_ms,
});
