// One file per session that allows it: a line of JSON for each event, in the order of the wire. What users say is replaced
// by its length unless the operator wants it kept.
import { createWriteStream, mkdirSync, rmSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { AppError, fromFileSystemError } from "../../base/errors.ts";

export interface RecordingOptions {
  dir: string;
  /** Keeps the sound of users as well; default false. */
  includeAudio?: boolean | undefined;
}

export interface RecorderDependencies {
  clock: Clock;
  /** Recording has ended; the session goes on. */
  onTrouble: (error: unknown) => void;
}

/** Of one session. Nothing is kept before it is allowed, and nothing of it once it is forbidden. */
export interface Recorder extends AsyncDisposable {
  allow(isAllowed: boolean): void;
  /** As it came: text, or raw audio. */
  fromClient(message: string | Uint8Array): void;
  /** As it went. */
  fromServer(message: string): void;
}

interface RecordingFile {
  stream: WriteStream;
  path: string;
  /** Resolves when it is closed. */
  done: Promise<void>;
}

/** What may wait for the disk. */
const maxWaitingBytes = 16 * 2 ** 20;

export function createRecorder(deps: RecorderDependencies, options: RecordingOptions): Recorder {
  const { clock } = deps;
  let file: RecordingFile | undefined;
  /** What a recording that broke off has left. */
  let remains: RecordingFile | undefined;
  let isBroken = false;
  let ending: Promise<void> | undefined;
  /** Of what is forbidden and not off the disk yet. */
  let forgetting: Promise<void> | undefined;

  const fail = (error: unknown): void => {
    if (isBroken) return;
    isBroken = true;
    file?.stream.destroy();
    remains = file;
    file = undefined;
    deps.onTrouble(error);
  };

  const open = (): void => {
    const path = join(options.dir, nameFile(clock.wallTime()));
    try {
      mkdirSync(options.dir, { recursive: true });
    } catch (error) {
      fail(fromFileSystemError(error, options.dir));
      return;
    }
    // Conversations are their speakers' business: nobody else on this machine reads them.
    const stream = createWriteStream(path, { flags: "wx", mode: 0o600 });
    const closed = Promise.withResolvers<void>();
    stream.on("error", (error) => fail(fromFileSystemError(error, path)));
    stream.on("close", () => closed.resolve());
    file = { stream, path, done: closed.promise };
  };

  const write = (sender: "client" | "server", data: string): void => {
    if (!file) return;
    const timestamp = clock.wallTime().getTime() / 1000;
    file.stream.write(`{"timestamp_wall":${timestamp},"event_sender":"${sender}","data":${data}}\n`);
    if (file.stream.writableLength > maxWaitingBytes) {
      fail(
        new AppError(
          "E_QUOTA",
          `${file.path}: the disk is too slow to record the session; what came so far is kept`,
        ),
      );
    }
  };

  return {
    allow(isAllowed) {
      if (ending) return;
      if (isAllowed) {
        if (!file && !isBroken) open();
        return;
      }
      const forbidden = file ?? remains;
      file = remains = undefined;
      if (!forbidden) return;
      const { stream, path, done } = forbidden;
      stream.destroy();
      const gone = done.then(() => rmSync(path, { force: true })).catch(deps.onTrouble);
      const earlier = forgetting;
      forgetting = gone.then(() => earlier);
    },
    fromClient(message) {
      if (!file) return;
      const data = describe(message, options.includeAudio === true);
      if (data !== undefined) write("client", data);
    },
    fromServer: (message) => write("server", message),
    async [Symbol.asyncDispose]() {
      file?.stream.end();
      ending ??= file?.done;
      file = undefined;
      await Promise.all([ending, forgetting]);
    },
  };
}

/** The event as JSON; undefined for what is none. */
function describe(message: string | Uint8Array, includeAudio: boolean): string | undefined {
  if (typeof message !== "string") {
    const sound = includeAudio ? { audio: message.toBase64() } : { audio_bytes: message.length };
    return JSON.stringify({ type: "input_audio_buffer.append", ...sound });
  }
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return undefined;
  }
  // Sound stands in "audio" as text, in appended audio and in the contents of items alike.
  return JSON.stringify(value, function replaceAudio(this: unknown, _key, field: unknown) {
    const isHolder = typeof field === "object" && field !== null && "audio" in field;
    if (includeAudio || !isHolder || typeof field.audio !== "string") return field;
    const { audio, ...rest } = field as { audio: string };
    return { ...rest, audio_bytes: Math.floor((audio.replace(/=+$/, "").length * 3) / 4) };
  });
}

function nameFile(at: Date): string {
  const [day = "", time = ""] = at.toISOString().split("T");
  const suffix = crypto.getRandomValues(new Uint8Array(4)).toHex();
  return `${day}_${time.slice(0, 8).replaceAll(":", "-")}_${suffix}.jsonl`;
}
