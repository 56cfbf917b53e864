// What kind of audio file this is, by its first bytes: names and content types of uploads are hearsay.
import { AppError } from "../../base/errors.ts";
import { isWav } from "../wav.ts";

export const decoderFormats = ["wav", "mp3", "flac", "ogg", "webm"] as const;
export type DecoderFormat = (typeof decoderFormats)[number];

const cure = "send WAV, MP3, FLAC, Ogg Opus or WebM Opus";

/** Throws E_ARGS for what is empty, of an unknown kind, or known and not read here. */
export function sniffFormat(bytes: Uint8Array): DecoderFormat {
  if (bytes.length === 0) throw new AppError("E_ARGS", `the audio file is empty; ${cure}`);
  const start = skipId3(bytes);
  const at = (offset: number, text: string): boolean =>
    [...text].every((letter, i) => bytes[start + offset + i] === letter.charCodeAt(0));
  if (isWav(bytes)) return "wav";
  if (at(0, "OggS")) return "ogg";
  if (at(0, "fLaC")) return "flac";
  if (at(0, "\x1A\x45\xDF\xA3")) return "webm";
  const frame = sniffMpegFrame(bytes, start);
  // Behind an ID3 tag of whatever length it claims, an MP3 is all it can be.
  if (frame === "mp3" || (start > 0 && frame === undefined)) return "mp3";
  const name = frame ?? sniffOther(at);
  throw new AppError(
    "E_ARGS",
    name === undefined ? `the audio file is of no known kind; ${cure}` : `${name} is not read here; ${cure}`,
  );
}

/** Where the sound begins behind an ID3v2 tag (its size in four times seven bits); 0 without one. */
function skipId3(bytes: Uint8Array): number {
  if (bytes[0] !== 0x49 || bytes[1] !== 0x44 || bytes[2] !== 0x33) return 0;
  const size = [6, 7, 8, 9].reduce((sum, i) => sum * 128 + ((bytes[i] ?? 0) & 0x7f), 0);
  return 10 + size;
}

/** An MPEG audio header: eleven bits of sync, a version, a layer, and neither bitrate nor rate a forbidden one. */
function sniffMpegFrame(
  bytes: Uint8Array,
  start: number,
): "mp3" | "AAC" | "MPEG audio of layer 1 or 2" | undefined {
  const [first = 0, second = 0, third = 0] = bytes.subarray(start, start + 3);
  if (first !== 0xff || (second & 0xe0) !== 0xe0 || ((second >> 3) & 3) === 1) return undefined;
  const layer = (second >> 1) & 3;
  if (layer === 0) return (second & 0xf6) === 0xf0 ? "AAC" : undefined;
  if (third >> 4 === 15 || ((third >> 2) & 3) === 3) return undefined;
  return layer === 1 ? "mp3" : "MPEG audio of layer 1 or 2";
}

function sniffOther(at: (offset: number, text: string) => boolean): string | undefined {
  if (at(4, "ftyp")) return "MP4 (m4a, AAC)";
  if (at(0, "FORM") && at(8, "AIF")) return "AIFF";
  if (at(0, "caff")) return "Core Audio";
  if (at(0, "#!AMR")) return "AMR";
  if (at(0, "RIFF")) return "RIFF without WAVE";
  if (at(0, "MThd")) return "MIDI";
  if (at(0, "0&\xB2u")) return "Windows Media";
  return undefined;
}
