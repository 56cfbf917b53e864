// One conversation with one character: socket, sound, microphone and what is shown of them, as a hook.
import { useCallback, useEffect, useReducer, useRef, useState } from "preact/hooks";
import { type Conversation, emptyConversation, reduceConversation } from "./conversation.ts";
import { explainMicrophoneError, type Microphone, openMicrophone } from "./microphone.ts";
import { createPlayer, type Player } from "./player.ts";
import { createRealtimeClient, type RealtimeClient } from "./realtime-client.ts";

export interface ConversationControls {
  conversation: Conversation;
  isConnected: boolean;
  isTalking: boolean;
  isHandsFree: boolean;
  player: Player | undefined;
  microphone: Microphone | undefined;
  sendText(text: string): void;
  startTalk(): void;
  stopTalk(): void;
  setHandsFree(isHandsFree: boolean): void;
  interrupt(): void;
  dismiss(): void;
}

export interface ConversationOptions {
  character: string | undefined;
  canSpeak: boolean;
  apiKey: string | undefined;
  onRefused: () => void;
}

export function useConversation(options: ConversationOptions): ConversationControls {
  const { character, apiKey } = options;
  const [conversation, dispatch] = useReducer(reduceConversation, emptyConversation);
  const [isConnected, setConnected] = useState(false);
  const [isTalking, setTalking] = useState(false);
  const [isHandsFree, setHandsFreeState] = useState(false);
  const player = useRef<Player | undefined>(undefined);
  const microphone = useRef<Microphone | undefined>(undefined);
  const client = useRef<RealtimeClient | undefined>(undefined);
  const latest = useRef(options);
  latest.current = options;

  useEffect(() => {
    if (character === undefined) return undefined;
    dispatch({ type: "reset" });
    setTalking(false);
    player.current ??= createPlayer();
    const sound = player.current;
    void sound.unlock();
    let isGone = false;
    const own = createRealtimeClient({
      character,
      apiKey,
      player: sound,
      canSpeak: () => latest.current.canSpeak,
      dispatch: (action) => {
        if (!isGone) dispatch(action);
      },
      onOpen: () => {
        setConnected(true);
        own.setHandsFree(microphone.current?.isOpen === true);
        own.requestResponse();
      },
      onClose: (wasOpen) => {
        if (isGone) return;
        setConnected(false);
        if (wasOpen)
          dispatch({ type: "error", message: "The connection ended. Choose the character again to go on." });
        else latest.current.onRefused();
      },
    });
    client.current = own;
    return () => {
      isGone = true;
      client.current = undefined;
      if (microphone.current) microphone.current.isOpen = false;
      setHandsFreeState(false);
      setConnected(false);
      own.close();
    };
  }, [character, apiKey]);

  // The sound's own state is polled: Web Audio has no event for "the queue ran dry".
  useEffect(() => {
    let wasPlaying = false;
    const timer = setInterval(() => {
      const isPlaying = player.current?.isPlaying() === true;
      if (isPlaying !== wasPlaying) dispatch({ type: isPlaying ? "sound-start" : "sound-end" });
      wasPlaying = isPlaying;
    }, 60);
    return () => clearInterval(timer);
  }, []);

  const withMicrophone = useCallback(async (use: (microphone: Microphone) => void) => {
    try {
      microphone.current ??= await openMicrophone((bytes) => client.current?.sendAudio(bytes));
      use(microphone.current);
    } catch (error) {
      setTalking(false);
      setHandsFreeState(false);
      dispatch({ type: "error", message: explainMicrophoneError(error) });
    }
  }, []);

  return {
    conversation,
    isConnected,
    isTalking,
    isHandsFree,
    player: player.current,
    microphone: microphone.current,
    sendText: (text) => client.current?.sendText(text),
    startTalk() {
      setTalking(true);
      void withMicrophone((open) => {
        client.current?.beginTalk();
        open.isOpen = true;
      });
    },
    stopTalk() {
      setTalking(false);
      if (microphone.current?.isOpen !== true) return;
      microphone.current.isOpen = false;
      client.current?.endTalk();
    },
    setHandsFree(next) {
      setHandsFreeState(next);
      void withMicrophone((open) => {
        client.current?.setHandsFree(next);
        open.isOpen = next;
      });
    },
    interrupt: () => client.current?.interrupt(),
    dismiss: () => dispatch({ type: "dismiss" }),
  };
}
