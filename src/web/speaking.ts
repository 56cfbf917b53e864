// The user's side of the microphone: held down, or hands-free. It is open only while it is wanted, and a release that
// comes before it has opened is a release all the same.
import type { Microphone, MicrophoneOptions } from "./microphone.ts";
import type { RealtimeClient } from "./realtime-client.ts";

export interface Speaking {
  readonly state: "off" | "opening" | "talking" | "hands-free";
  start(): void;
  /** The turn is over; its last syllable is still on its way. */
  finish(): void;
  setHandsFree(isHandsFree: boolean): void;
  /** The line is down: nothing is sent, and hands-free goes on when it is up again. */
  pause(): void;
  /** Drops what is being said, and lets go of the microphone. */
  stop(): void;
  /** 0 to 1 */
  level(): number;
}

export interface SpeakingDependencies {
  openMicrophone: (options: MicrophoneOptions) => Promise<Microphone>;
  /** Undefined while there is no line. */
  client: () =>
    | Pick<RealtimeClient, "sendAudio" | "beginTalk" | "endTalk" | "cancelTalk" | "setHandsFree">
    | undefined;
  onChange: (state: Speaking["state"]) => void;
  /** A talk that never began. */
  onIdle: () => void;
  /** The microphone opened after the button had been let go: as when the browser asked for permission. */
  onReady: () => void;
  onError: (error: unknown) => void;
  onLost: () => void;
}

/** Chunks of 40 ms after the release: fingers are faster than the last syllable, and sound takes its time to get here. */
const tailChunks = 3;
/** For a microphone that has gone silent. */
const tailTimeoutMs = 400;
/** An open microphone that nobody uses is closed, and the browser's sign of it goes out. */
const lingerMs = 15_000;

export function createSpeaking(dependencies: SpeakingDependencies): Speaking {
  const { client, onChange } = dependencies;
  let state: Speaking["state"] = "off";
  let wanted: "off" | "talking" | "hands-free" = "off";
  let microphone: Microphone | undefined;
  let opening: Promise<Microphone> | undefined;
  /** The button was let go before the microphone had opened. */
  let isReleasedEarly = false;
  let chunksLeft: number | undefined;
  let tailTimer: ReturnType<typeof setTimeout> | undefined;
  let lingerTimer: ReturnType<typeof setTimeout> | undefined;

  const setState = (next: Speaking["state"]): void => {
    if (next === state) return;
    state = next;
    onChange(next);
  };
  const letGo = (): void => {
    clearTimeout(lingerTimer);
    microphone?.close();
    microphone = undefined;
  };
  const linger = (): void => {
    clearTimeout(lingerTimer);
    lingerTimer = setTimeout(letGo, lingerMs);
  };
  const endTail = (): void => {
    if (chunksLeft === undefined) return;
    clearTimeout(tailTimer);
    chunksLeft = undefined;
    client()?.endTalk();
    linger();
  };
  const dropTail = (): void => {
    clearTimeout(tailTimer);
    chunksLeft = undefined;
  };

  const onChunk = (bytes: Uint8Array<ArrayBuffer>): void => {
    const isSending = state === "talking" || state === "hands-free" || chunksLeft !== undefined;
    if (isSending) client()?.sendAudio(bytes);
    if (chunksLeft === undefined) return;
    chunksLeft--;
    if (chunksLeft <= 0) endTail();
  };
  const onLost = (): void => {
    const wasWanted = wanted !== "off" || chunksLeft !== undefined;
    microphone = undefined;
    stop();
    // Nobody misses one that was only still open.
    if (wasWanted) dependencies.onLost();
  };

  const open = async (): Promise<void> => {
    clearTimeout(lingerTimer);
    try {
      opening ??= dependencies.openMicrophone({ onChunk, onLost });
      microphone ??= await opening;
    } catch (error) {
      stop();
      dependencies.onError(error);
      return;
    } finally {
      opening = undefined;
    }
    if (wanted === "off") {
      linger();
      if (isReleasedEarly) dependencies.onReady();
      isReleasedEarly = false;
      return;
    }
    if (wanted === "hands-free") client()?.setHandsFree(true);
    setState(wanted);
  };
  /** At once when the microphone is open; otherwise when it is. */
  const want = (what: "talking" | "hands-free"): void => {
    wanted = what;
    isReleasedEarly = false;
    if (!microphone) {
      setState("opening");
      if (!opening) void open();
      return;
    }
    clearTimeout(lingerTimer);
    if (what === "hands-free") client()?.setHandsFree(true);
    setState(what);
  };

  const stop = (): void => {
    // A turn whose last syllable is still on its way has not ended.
    const was = chunksLeft === undefined ? wanted : "talking";
    wanted = "off";
    isReleasedEarly = false;
    dropTail();
    if (was === "hands-free") client()?.setHandsFree(false);
    setState("off");
    if (was !== "off") {
      client()?.cancelTalk();
      dependencies.onIdle();
    }
    letGo();
  };

  return {
    get state() {
      return state;
    },
    start() {
      const line = client();
      if (!line || wanted !== "off") return;
      // Pressed again before the tail was over: the same turn goes on.
      if (chunksLeft !== undefined) dropTail();
      else line.beginTalk();
      want("talking");
    },
    finish() {
      if (wanted !== "talking") return;
      wanted = "off";
      if (state === "talking") {
        chunksLeft = tailChunks;
        tailTimer = setTimeout(endTail, tailTimeoutMs);
      } else {
        isReleasedEarly = true;
        dependencies.onIdle();
      }
      setState("off");
    },
    setHandsFree(isHandsFree) {
      if (!isHandsFree) {
        if (wanted === "hands-free") stop();
      } else if (client() && wanted === "off") {
        want("hands-free");
      }
    },
    pause() {
      dropTail();
      if (wanted === "hands-free") return;
      wanted = "off";
      setState("off");
      linger();
    },
    stop,
    level: () => microphone?.level() ?? 0,
  };
}
