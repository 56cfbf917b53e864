// `troupe transcribe`: recordings to text or captions.
import { readFile } from "node:fs/promises";
import { Option, type Command } from "commander";
import { decodeAudio } from "../../audio/codecs/decoder.ts";
import { fromFileSystemError } from "../../base/errors.ts";
import type { Transcript } from "../../speech/ports.ts";
import { buildCues, encodeCaptions } from "../../text/captions.ts";
import type { CommandContext, Run } from "../command-context.ts";

interface TranscribeFlags {
  language?: string;
  format: "text" | "json" | "srt" | "vtt";
}

export function registerTranscribe(program: Command, run: Run): void {
  program
    .command("transcribe")
    .description("write down what is said in recordings")
    .argument("<file...>", "wav, mp3, ogg, webm or flac")
    .option("--language <language>", "language of the speech, such as en")
    .addOption(
      new Option("--format <format>", "of the output")
        .choices(["text", "json", "srt", "vtt"])
        .default("text"),
    )
    .addHelpText("after", "\nExample:\n  troupe transcribe interview.mp3 --format srt > interview.srt")
    .action(async (files: string[], flags: TranscribeFlags, command: Command) => {
      await run(command, (context) => transcribe(context, files, flags));
    });
}

async function transcribe(context: CommandContext, paths: string[], flags: TranscribeFlags): Promise<void> {
  const { output } = context;
  const transcripts: { path: string; transcript: Transcript }[] = [];
  for (const path of paths) {
    transcripts.push({ path, transcript: await transcribeFile(context, path, flags.language) });
  }
  const files = transcripts.map(({ path, transcript }) => ({
    path,
    text: transcript.text,
    language: transcript.language,
    duration_seconds: transcript.durationMs / 1000,
    ...(transcript.words && {
      words: transcript.words.map((w) => ({
        text: w.text,
        start_ms: Math.round(w.startMs),
        end_ms: Math.round(w.endMs),
      })),
    }),
  }));
  const human = transcripts.map(({ path, transcript }) => {
    if (flags.format === "text") return paths.length === 1 ? transcript.text : `${path}: ${transcript.text}`;
    if (flags.format === "json") return "";
    return encodeCaptions(buildCues(transcript.words ?? []), flags.format);
  });
  output.result({ files }, flags.format === "json" ? JSON.stringify(files, null, 2) : human.join("\n"));
}

async function transcribeFile(
  { app, signal }: CommandContext,
  path: string,
  language: string | undefined,
): Promise<Transcript> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw fromFileSystemError(error, path);
  }
  // Recognisers take 16 kHz.
  const audio = await decodeAudio(bytes, { sampleRateHz: 16_000, signal });
  const recognizer = await app.speech.recognizer({ timeoutMs: Infinity, signal });
  await using session = recognizer.open({ language, signal });
  session.push(audio.pcm);
  return await session.finish();
}
