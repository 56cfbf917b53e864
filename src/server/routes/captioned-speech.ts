// Speech with the time of each word, as users of Kokoro-FastAPI know it: sound and words come together, line by line.
import { createRoute, z } from "@hono/zod-openapi";
import { encodeAudio, encoderContentTypes, type EncoderFormat } from "../../audio/codecs/encoder.ts";
import type { SynthesisChunk } from "../../speech/ports.ts";
import { createRouter, ownFailure, type Router } from "../router.ts";
import { createStreamResponse } from "../streaming.ts";
import { encodeErrorBody } from "../error-response.ts";
import { speakRequest, speechFields, type SpeechRouteDependencies } from "./audio-speech.ts";

const requestSchema = speechFields
  .omit({ stream_format: true })
  .extend({
    model: z.string().default("kokoro"),
    stream: z
      .boolean()
      .default(true)
      .openapi({ description: "One line of JSON for each piece, as it is made" }),
    return_timestamps: z.boolean().default(true),
  })
  .openapi("CaptionedSpeechRequest");

const timestampSchema = z.object({
  word: z.string(),
  start_time: z.number().openapi({ description: "Seconds from the beginning of the whole" }),
  end_time: z.number(),
});
const captionedSchema = z.object({
  audio: z.string().openapi({ description: "base64; joined, the pieces are one file" }),
  audio_format: z.string().openapi({ example: "audio/mpeg" }),
  timestamps: z.array(timestampSchema).nullable(),
});
type CaptionedPiece = z.output<typeof captionedSchema>;

const route = createRoute({
  method: "post",
  path: "/dev/captioned_speech",
  tags: ["Audio"],
  summary: "Speak a text, with the time of each word",
  request: { body: { required: true, content: { "application/json": { schema: requestSchema } } } },
  responses: {
    200: {
      description: "A line for each piece, or without `stream` the whole as one object.",
      content: {
        "application/json": { schema: captionedSchema },
        "application/x-ndjson": { schema: z.string() },
      },
    },
    ...ownFailure,
  },
});

const encoder = new TextEncoder();
const encodeLine = (value: unknown): Uint8Array => encoder.encode(`${JSON.stringify(value)}\n`);

export function createCaptionedSpeechRoutes(deps: SpeechRouteDependencies): Router {
  const router = createRouter();
  router.openapi(route, async (c) => {
    const body = c.req.valid("json");
    const chunks = await speakRequest(deps, body, c);
    const pieces = captionPieces(chunks, body.response_format ?? "mp3", body.return_timestamps);
    if (!body.stream) return c.json(await joinPieces(pieces), 200);
    const lines = createStreamResponse(c, encodeLines(pieces), {
      contentType: "application/x-ndjson",
      encodeFailure: (error) => encodeLine(encodeErrorBody(error, c.req.path)),
    });
    // The framework takes every media type with "json" in its name for one value of a schema.
    return lines as Promise<never>;
  });
  return router;
}

interface Piece extends Omit<CaptionedPiece, "audio"> {
  bytes: Uint8Array;
}

/** A word comes with the first bytes of the piece that it is in. */
async function* captionPieces(
  chunks: AsyncIterable<SynthesisChunk>,
  format: EncoderFormat,
  hasTimestamps: boolean,
): AsyncIterable<Piece> {
  const words: z.output<typeof timestampSchema>[] = [];
  let elapsedSeconds = 0;
  async function* collect(): AsyncIterable<SynthesisChunk> {
    for await (const chunk of chunks) {
      for (const { text, startMs, endMs } of chunk.words ?? []) {
        const [start_time, end_time] = [elapsedSeconds + startMs / 1000, elapsedSeconds + endMs / 1000];
        words.push({ word: text, start_time, end_time });
      }
      elapsedSeconds += chunk.pcm.length / chunk.sampleRateHz;
      yield chunk;
    }
  }
  const audio_format = encoderContentTypes[format];
  for await (const bytes of encodeAudio(format, collect())) {
    const timestamps = words.splice(0);
    yield { bytes, audio_format, timestamps: hasTimestamps ? timestamps : null };
  }
}

async function* encodeLines(pieces: AsyncIterable<Piece>): AsyncIterable<Uint8Array> {
  for await (const { bytes, ...rest } of pieces) yield encodeLine({ audio: bytes.toBase64(), ...rest });
}

async function joinPieces(pieces: AsyncIterable<Piece>): Promise<CaptionedPiece> {
  const all = await Array.fromAsync(pieces);
  const [first] = all;
  return {
    audio: Buffer.concat(all.map(({ bytes }) => bytes)).toString("base64"),
    audio_format: first?.audio_format ?? "",
    timestamps: first?.timestamps ? all.flatMap(({ timestamps }) => timestamps ?? []) : null,
  };
}
