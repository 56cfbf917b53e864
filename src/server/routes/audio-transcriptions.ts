// OpenAI's speech to text: an uploaded file, decoded by its bytes, heard by the recogniser in force.
import { createRoute, z } from "@hono/zod-openapi";
import { decodeAudio } from "../../audio/codecs/decoder.ts";
import type { RecognizerSession, SpeechRecognizer, Transcript } from "../../speech/ports.ts";
import { encodeSubtitles, encodeVerbose } from "../audio/encode-transcript.ts";
import type { SpeechParts } from "../audio/speech-parts.ts";
import { encodeTranscriptUsage } from "../audio/tokens.ts";
import { badField } from "../http-error.ts";
import { createRouter, openAiFailure, type Router } from "../router.ts";
import { createSseResponse } from "../streaming.ts";

const formats = ["json", "text", "srt", "verbose_json", "vtt"] as const;
const granularitySchema = z.enum(["word", "segment"]);

const requestSchema = z
  .looseObject({
    file: z
      .instanceof(File, { error: "must be an uploaded file" })
      .openapi({ type: "string", format: "binary", description: "wav, mp3, flac, ogg opus or webm opus" }),
    model: z.string().openapi({
      description: "A recogniser's id, or anything else for the one in force",
      example: "whisper-1",
    }),
    language: z.string().optional(),
    response_format: z.enum(formats).optional(),
    "timestamp_granularities[]": z.union([granularitySchema, z.array(granularitySchema)]).optional(),
    timestamp_granularities: z.union([granularitySchema, z.array(granularitySchema)]).optional(),
    stream: z.stringbool().optional().openapi({ type: "boolean" }),
  })
  .openapi("TranscriptionRequest");

const route = createRoute({
  method: "post",
  path: "/v1/audio/transcriptions",
  tags: ["Audio"],
  summary: "Write down what is said",
  description:
    "With `stream`, events `transcript.text.delta` {delta} and `transcript.text.done` {text, usage}. In `verbose_json` " +
    "the engines' segments have no tokens and no probabilities: those fields are empty and 0.",
  request: { body: { required: true, content: { "multipart/form-data": { schema: requestSchema } } } },
  responses: {
    200: {
      description: "The transcript.",
      content: {
        "application/json": { schema: z.any() },
        "text/plain": { schema: z.string() },
        "text/vtt": { schema: z.string() },
        "application/x-subrip": { schema: z.string() },
        "text/event-stream": { schema: z.string() },
      },
    },
    ...openAiFailure,
  },
});

/** What recognisers take. */
const sampleRateHz = 16_000;
/** Pushed at a time: about a millisecond of copying. */
const blockSamples = 5 * sampleRateHz;

export function createTranscriptionRoutes(parts: SpeechParts): Router {
  const router = createRouter();
  router.openapi(route, async (c) => {
    const form = c.req.valid("form");
    const { signal } = c.var.life;
    const format = form.response_format ?? "json";
    const isStreaming = form.stream === true;
    if (isStreaming && format !== "json" && format !== "text") {
      throw badField("response_format", `${format} is not streamed; use json or text`);
    }
    const recognizer = await parts.recognizer(form.model, signal);
    const language = selectLanguage(form.language, recognizer);
    const bytes = new Uint8Array(await form.file.arrayBuffer());
    const { pcm } = await decodeAudio(bytes, { sampleRateHz, signal });
    const seconds = pcm.length / sampleRateHz;
    if (isStreaming) {
      return createSseResponse(c, streamTranscript(recognizer, pcm, { language, signal }));
    }
    await using session = recognizer.open({ language, signal });
    await pushAll(session, pcm, signal);
    const transcript = await session.finish();
    const usage = { type: "duration" as const, seconds: Math.ceil(seconds) };
    switch (format) {
      case "json":
        return c.json({ text: transcript.text, usage }, 200);
      case "text":
        return c.text(`${transcript.text}\n`, 200);
      case "srt":
        return c.body(encodeSubtitles(transcript, seconds, "srt"), 200, {
          "content-type": "application/x-subrip; charset=utf-8",
        });
      case "vtt":
        return c.body(encodeSubtitles(transcript, seconds, "vtt"), 200, {
          "content-type": "text/vtt; charset=utf-8",
        });
      case "verbose_json":
        return c.json(encodeVerbose(transcript, seconds, selectGranularities(form)), 200);
    }
  });
  return router;
}

function selectLanguage(language: string | undefined, recognizer: SpeechRecognizer): string | undefined {
  const wanted = language?.trim().toLowerCase();
  if (wanted === undefined || wanted === "") return undefined;
  const primary = (tag: string): string | undefined => tag.toLowerCase().split("-")[0];
  if (recognizer.languages.some((known) => primary(known) === primary(wanted))) return wanted;
  const known = recognizer.languages.slice(0, 12).join(", ");
  throw badField("language", `${recognizer.id} does not hear "${wanted}"; it hears ${known}`);
}

/** OpenAI's clients send the name with brackets; hand-written forms often do not. */
function selectGranularities(form: z.infer<typeof requestSchema>): ("word" | "segment")[] {
  const wanted = [form["timestamp_granularities[]"] ?? form.timestamp_granularities ?? []].flat();
  return wanted.length > 0 ? wanted : ["segment"];
}

async function pushAll(session: RecognizerSession, pcm: Float32Array, signal: AbortSignal): Promise<void> {
  for (let at = 0; at < pcm.length && !signal.aborted; at += blockSamples) {
    session.push(pcm.subarray(at, at + blockSamples));
    // Lets others in: a recording may be an hour long.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Deltas are what the recogniser will not take back; the last one is the rest. */
async function* streamTranscript(
  recognizer: SpeechRecognizer,
  pcm: Float32Array,
  options: { language: string | undefined; signal: AbortSignal },
): AsyncIterable<unknown> {
  await using session = recognizer.open({ ...options, partials: true });
  const finished = pushAll(session, pcm, options.signal).then(() => session.finish());
  // Awaited below; until then a failure must not count as unhandled.
  finished.catch(() => undefined);
  let sent = "";
  for await (const { stableText } of session.partials) {
    if (!stableText.startsWith(sent) || stableText === sent) continue;
    yield { type: "transcript.text.delta", delta: stableText.slice(sent.length) };
    sent = stableText;
  }
  const { text }: Transcript = await finished;
  if (text.startsWith(sent) && text !== sent) {
    yield { type: "transcript.text.delta", delta: text.slice(sent.length) };
  }
  yield {
    type: "transcript.text.done",
    text,
    usage: encodeTranscriptUsage(text, pcm.length / sampleRateHz),
  };
}
