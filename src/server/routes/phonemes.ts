// Phonemes for authors, as users of Kokoro-FastAPI know them: how a text would be said, and saying it so.
import { createRoute, z } from "@hono/zod-openapi";
import { encodeAudio } from "../../audio/codecs/encoder.ts";
import { AppError } from "../../base/errors.ts";
import { languageOfLetter } from "../../text/language-letters.ts";
import { selectOpenAiVoice } from "../audio/openai-voices.ts";
import type { SpeechParts } from "../audio/speech-parts.ts";
import { badField } from "../http-error.ts";
import { createRouter, jsonContent, ownFailure, type Router } from "../router.ts";
import { createStreamResponse } from "../streaming.ts";

const maxChars = 4096;

const phonemizeRoute = createRoute({
  method: "post",
  path: "/dev/phonemize",
  tags: ["Audio"],
  summary: "How a text would be said",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.looseObject({
            text: z.string().min(1).max(maxChars),
            language: z
              .string()
              .nullish()
              .openapi({ description: "A tag such as `en-GB`, or Kokoro's letter; default `a`, American" }),
          }),
        },
      },
    },
  },
  responses: {
    200: jsonContent(
      z.object({ phonemes: z.string(), tokens: z.array(z.number().int()) }),
      "Tokens are the model's ids, with the padding at both ends.",
    ),
    ...ownFailure,
  },
});

const generateRoute = createRoute({
  method: "post",
  path: "/dev/generate_from_phonemes",
  tags: ["Audio"],
  summary: "Say phonemes",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.looseObject({ phonemes: z.string().min(1).max(maxChars), voice: z.string().nullish() }),
        },
      },
    },
  },
  responses: {
    200: {
      description: "A WAV file.",
      content: { "audio/wav": { schema: z.string().openapi({ format: "binary" }) } },
    },
    ...ownFailure,
  },
});

export function createPhonemeRoutes(parts: SpeechParts): Router {
  const router = createRouter();
  const getSynthesizer = async (signal: AbortSignal) => {
    const synthesizer = await parts.synthesizer(undefined, signal);
    if (synthesizer.phonemes) return { synthesizer, phonemes: synthesizer.phonemes };
    throw new AppError("E_COMPAT", `${synthesizer.id} does not speak by phonemes; kokoro does`);
  };
  router.openapi(phonemizeRoute, async (c) => {
    const { text, language } = c.req.valid("json");
    const { signal, id: sessionId } = c.var.life;
    const { phonemes } = await getSynthesizer(signal);
    const wanted = language ?? "a";
    const tag = Object.hasOwn(languageOfLetter, wanted) ? languageOfLetter[wanted] : wanted;
    const made = await phonemes.phonemize(text, { language: tag, signal, sessionId });
    return c.json({ phonemes: made.phonemes, tokens: [...made.ids] }, 200);
  });
  router.openapi(generateRoute, async (c) => {
    const body = c.req.valid("json");
    const { signal, id: sessionId } = c.var.life;
    const { synthesizer, phonemes } = await getSynthesizer(signal);
    const wanted = body.voice ?? undefined;
    const voice =
      wanted === undefined || synthesizer.hasVoice(wanted) ? wanted : selectOpenAiVoice(wanted, synthesizer);
    if (wanted !== undefined && voice === undefined) {
      throw badField("voice", `there is no voice "${wanted}"; GET /v1/audio/voices lists them`);
    }
    const chunks = phonemes.synthesize(body.phonemes, { voice, signal, sessionId });
    return createStreamResponse(c, encodeAudio("wav", chunks), { contentType: "audio/wav" });
  });
  return router;
}
