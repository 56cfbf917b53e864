// OpenAI's text to speech: the audio goes out while it is made, as a file's bytes or as server-sent events.
import { createRoute, z } from "@hono/zod-openapi";
import {
  encodeAudio,
  encoderContentTypes,
  encoderFormats,
  type EncoderFormat,
} from "../../audio/codecs/encoder.ts";
import type { SpeakText } from "../../session/reply-run.ts";
import type { SynthesisChunk } from "../../speech/ports.ts";
import { selectSpeaker, type Speaker } from "../audio/select-speaker.ts";
import type { SpeechParts } from "../audio/speech-parts.ts";
import { encodeSpeechUsage } from "../audio/tokens.ts";
import { badField } from "../http-error.ts";
import { createRouter, openAiFailure, type AppContext, type Router } from "../router.ts";
import type { Services } from "../services.ts";
import { createSseResponse, createStreamResponse } from "../streaming.ts";

/** OpenAI's limit, in characters as people count them. */
const maxInputChars = 4096;
const isShortEnough = (text: string): boolean =>
  text.length <= maxInputChars || [...text].length <= maxInputChars;

const formatList = encoderFormats.join(", ");
export const speechFields = z.looseObject({
  model: z.string().openapi({
    description: "A character's name, a synthesizer's id, or anything else for the one in force",
    example: "tts-1",
  }),
  input: z
    .string()
    .refine((text) => text.trim() !== "", "there is nothing to say")
    .refine(isShortEnough, `must have at most ${maxInputChars} characters`),
  voice: z
    .union([z.string(), z.looseObject({ id: z.string() })])
    .nullish()
    .openapi({
      description:
        "A character's name, a voice (`af_heart`), a blend (`af_bella(2)+af_sky(1)`), or one of OpenAI's names. A " +
        "character named as `model` keeps its own voice under OpenAI's names.",
      example: "af_heart",
    }),
  instructions: z.string().max(4096).nullish(),
  response_format: z
    .enum(encoderFormats, { error: `must be one of ${formatList}; nothing else is made here` })
    .nullish()
    .openapi({ description: "Default mp3; pcm is s16le mono at 24 kHz" }),
  speed: z.number().min(0.25).max(4).nullish(),
  stream_format: z.enum(["audio", "sse"]).nullish(),
});
const requestSchema = speechFields.openapi("SpeechRequest");

const binary = { schema: z.string().openapi({ format: "binary" }) };
const route = createRoute({
  method: "post",
  path: "/v1/audio/speech",
  tags: ["Audio"],
  summary: "Speak a text",
  request: { body: { required: true, content: { "application/json": { schema: requestSchema } } } },
  responses: {
    200: {
      description:
        "The audio, while it is made; with `stream_format: sse` as events `speech.audio.delta` {audio: base64} and " +
        "`speech.audio.done` {usage}.",
      content: {
        "text/event-stream": { schema: z.string() },
        ...Object.fromEntries(Object.values(encoderContentTypes).map((type) => [type, binary])),
      },
    },
    ...openAiFailure,
  },
});

export interface SpeechRouteDependencies extends Pick<Services, "stage" | "speech"> {
  parts: SpeechParts;
  /** Makes text speakable and begins with its first clause; without it the synthesizer gets the text as it is. */
  speakText?: SpeakText | undefined;
}

export function createSpeechRoutes(deps: SpeechRouteDependencies): Router {
  const router = createRouter();
  router.openapi(route, async (c) => {
    const body = c.req.valid("json");
    const chunks = await speakRequest(deps, body, c);
    const format = body.response_format ?? "mp3";
    if (body.stream_format === "sse") return createSseResponse(c, encodeEvents(body.input, chunks, format));
    return createStreamResponse(c, encodeAudio(format, chunks), {
      contentType: encoderContentTypes[format],
    });
  });
  return router;
}

/** The sound of a request, not begun yet. Throws what makes it impossible. */
export async function speakRequest(
  deps: SpeechRouteDependencies,
  body: z.output<typeof speechFields>,
  c: AppContext,
): Promise<AsyncIterable<SynthesisChunk>> {
  const voice = typeof body.voice === "string" ? body.voice : body.voice?.id;
  const speaker = await selectSpeaker(deps, deps.parts, { model: body.model, voice }, c.var.life.signal);
  return synthesize(deps, speaker, { text: body.input, speed: body.speed ?? 1 }, c);
}

const clampSpeed = (speed: number): number => Math.min(4, Math.max(0.25, speed));

function synthesize(
  { speakText }: SpeechRouteDependencies,
  { synthesizer, voice, speed }: Speaker,
  request: { text: string; speed: number },
  c: AppContext,
): AsyncIterable<SynthesisChunk> {
  const { signal, id } = c.var.life;
  const options = { voice, speed: clampSpeed(speed * request.speed), signal, sessionId: id };
  if (!speakText) return synthesizer.synthesize(request.text, options);
  return requireSound(speakText(yieldOnce(request.text), { synthesizer, ...options }));
}

/** What is made speakable may leave nothing to speak, such as of signs alone: told before the status goes out. */
async function* requireSound(chunks: AsyncIterable<SynthesisChunk>): AsyncIterable<SynthesisChunk> {
  let isSilent = true;
  for await (const chunk of chunks) {
    if (chunk.pcm.length === 0) continue;
    isSilent = false;
    yield chunk;
  }
  if (isSilent) throw badField("input", "there is nothing to say: the text has neither a letter nor a digit");
}

async function* yieldOnce<T>(value: T): AsyncIterable<T> {
  yield value;
}

async function* encodeEvents(
  text: string,
  chunks: AsyncIterable<SynthesisChunk>,
  format: EncoderFormat,
): AsyncIterable<unknown> {
  let seconds = 0;
  async function* measure(): AsyncIterable<SynthesisChunk> {
    for await (const chunk of chunks) {
      seconds += chunk.pcm.length / chunk.sampleRateHz;
      yield chunk;
    }
  }
  for await (const bytes of encodeAudio(format, measure())) {
    yield { type: "speech.audio.delta", audio: bytes.toBase64() };
  }
  yield { type: "speech.audio.done", usage: encodeSpeechUsage(text, seconds) };
}
