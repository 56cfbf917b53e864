// The far side of decoder.ts: one file, one answer, and then it is ended.
import { AppError, type ErrorCode, type ErrorDetails, messageOf } from "../../base/errors.ts";
import { type DecodedAudio, decodeFile, type DecodeFileOptions } from "./decode-file.ts";

export interface DecodeJob {
  bytes: Uint8Array;
  options: DecodeFileOptions;
}

export type DecodeAnswer =
  | { audio: DecodedAudio }
  | { error: { code: ErrorCode; message: string; details: ErrorDetails | null } };

declare const self: {
  addEventListener(type: "message", listener: (event: MessageEvent<DecodeJob>) => void): void;
  postMessage(answer: DecodeAnswer, transfer: ArrayBuffer[]): void;
};

async function answer({ bytes, options }: DecodeJob): Promise<void> {
  try {
    const audio = await decodeFile(bytes, options);
    self.postMessage({ audio }, [audio.pcm.buffer]);
  } catch (error) {
    const code = error instanceof AppError ? error.code : "E_INTERNAL";
    const details = error instanceof AppError ? error.details : null;
    self.postMessage({ error: { code, message: messageOf(error), details } }, []);
  }
}

// The libraries print what they also report; a stranger's file must not fill the server's log. This console is the worker's own.
Object.assign(console, { error: () => undefined, warn: () => undefined, log: () => undefined });

self.addEventListener("message", ({ data }) => void answer(data));
