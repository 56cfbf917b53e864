// `troupe say`: text to speech, into a file, standard output or the sound card.
import { extname } from "node:path";
import { open } from "node:fs/promises";
import { Option, type Command } from "commander";
import { encodeAudio, type EncoderFormat } from "../../audio/codecs/encoder.ts";
import { AppError, fromFileSystemError } from "../../base/errors.ts";
import { castVoice } from "../../session/cast-voice.ts";
import type { SynthesisChunk, WordTime } from "../../speech/ports.ts";
import { playWav } from "../play-audio.ts";
import { charactersOption, type CommandContext, type Run } from "../command-context.ts";
import { findCharacter } from "../find-character.ts";

interface SayFlags {
  voice?: string;
  character?: string;
  speed?: string;
  output?: string;
  words?: boolean;
}

const formats: Readonly<Record<string, EncoderFormat>> = {
  ".wav": "wav",
  ".mp3": "mp3",
  ".opus": "opus",
  ".ogg": "opus",
  ".flac": "flac",
  ".pcm": "pcm",
};

export function registerSay(program: Command, run: Run): void {
  program
    .command("say")
    .description("speak a text")
    .argument("<text>", "what to say, or - for standard input")
    .addOption(
      new Option("--voice <voice>", "a voice id or a blend such as af_bella(2)+af_sky(1)").conflicts(
        "character",
      ),
    )
    .option("--character <name>", "speak with this character's voice")
    .addOption(charactersOption())
    .option("--speed <factor>", "0.25 to 4")
    .option("-o, --output <file>", "a .wav, .mp3, .opus or .pcm file, or - for WAV on standard output")
    .option("--words", "print the words with their times")
    .addHelpText(
      "after",
      '\nExample:\n  echo "Good evening." | troupe say - --voice bm_george --output evening.mp3',
    )
    .action(async (text: string, flags: SayFlags, command: Command) => {
      await run(command, async (context) => {
        await say(context, text === "-" ? await context.input.readInput() : text, flags);
      });
    });
}

async function say(context: CommandContext, text: string, flags: SayFlags): Promise<void> {
  const { output, signal } = context;
  const target = flags.output;
  const format = target === undefined || target === "-" ? "wav" : formats[extname(target).toLowerCase()];
  if (format === undefined) {
    throw new AppError("E_ARGS", `${target}: the name must end in ${Object.keys(formats).join(", ")}`);
  }
  const { synthesizer, voice, speed } = await castSpeaker(context, flags);
  const words: WordTime[] = [];
  let durationSeconds = 0;
  let sampleRateHz = 0;

  async function* speak(): AsyncIterable<SynthesisChunk> {
    for await (const chunk of synthesizer.synthesize(text, { voice, speed, signal })) {
      words.push(...shiftWords(chunk, durationSeconds * 1000));
      sampleRateHz = chunk.sampleRateHz;
      durationSeconds += chunk.pcm.length / chunk.sampleRateHz;
      yield chunk;
    }
  }
  const bytes = encodeAudio(format, speak());

  if (target === undefined) await playWav(bytes, signal);
  else if (target === "-") for await (const piece of bytes) output.bytes(piece);
  else await writeFile(target, bytes, format === "wav");

  const data = {
    path: target ?? null,
    duration_seconds: durationSeconds,
    sample_rate: sampleRateHz,
    words: words.map(encodeWord),
  };
  if (flags.words === true && target !== "-") output.result(data, JSON.stringify(data.words, null, 2));
  else if (target !== "-") {
    output.result(data, target === undefined ? "" : `${target}: ${durationSeconds.toFixed(1)} s`);
  }
}

/** The synthesizer and what it is asked for: a named voice, a character's, or its own default. */
async function castSpeaker({ app, signal }: CommandContext, flags: SayFlags) {
  const speed = flags.speed === undefined ? undefined : Number(flags.speed);
  if (speed !== undefined && !(speed >= 0.25 && speed <= 4)) {
    throw new AppError("E_ARGS", `--speed is ${flags.speed}; it must be between 0.25 and 4`);
  }
  const synthesizer = await app.speech.synthesizer({ timeoutMs: Infinity, signal });
  if (flags.character === undefined) return { synthesizer, voice: flags.voice, speed };
  await using stage = await app.openStage({ watch: false });
  const character = findCharacter(stage.book, flags.character);
  const cast = castVoice(character, { status: app.speech.status().tts, synthesizers: [synthesizer] });
  return { synthesizer, voice: cast.voice ?? undefined, speed: speed ?? cast.speed };
}

const shiftWords = (chunk: SynthesisChunk, offsetMs: number): WordTime[] =>
  (chunk.words ?? []).map((word) => ({
    text: word.text,
    startMs: word.startMs + offsetMs,
    endMs: word.endMs + offsetMs,
  }));

const encodeWord = (word: WordTime) => ({
  text: word.text,
  start_ms: Math.round(word.startMs),
  end_ms: Math.round(word.endMs),
});

/**
 * Writes as it comes. The file is not touched before there is sound: what is refused leaves an older one as it was. A WAV
 * header begins with open lengths and gets the true ones at the end.
 */
async function writeFile(
  path: string,
  chunks: AsyncIterableIterator<Uint8Array>,
  isWav: boolean,
): Promise<void> {
  const first = await chunks.next();
  try {
    await using file = await open(path, "w");
    let sizeBytes = 0;
    const write = async (bytes: Uint8Array): Promise<void> => {
      await file.write(bytes);
      sizeBytes += bytes.length;
    };
    if (first.done !== true) await write(first.value);
    for await (const bytes of chunks) await write(bytes);
    if (isWav && sizeBytes >= 44) {
      await file.write(new Uint8Array(Uint32Array.of(sizeBytes - 8).buffer), 0, 4, 4);
      await file.write(new Uint8Array(Uint32Array.of(sizeBytes - 44).buffer), 0, 4, 40);
    }
  } catch (error) {
    throw fromFileSystemError(error, path);
  }
}
