// Every name that `voice` may have: the cast first, then the voices of the synthesizer in force.
import { createRoute, z } from "@hono/zod-openapi";
import type { SpeechParts } from "../audio/speech-parts.ts";
import { createRouter, jsonContent, openAiFailure, type Router } from "../router.ts";
import type { Services } from "../services.ts";

const route = createRoute({
  method: "get",
  path: "/v1/audio/voices",
  tags: ["Audio"],
  summary: "Voices to speak with",
  responses: {
    200: jsonContent(
      z.object({
        voices: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            kind: z.enum(["character", "voice"]),
            language: z.string().optional(),
            gender: z.string().optional(),
          }),
        ),
      }),
      "Characters, then voices; blends of voices are not listed.",
    ),
    ...openAiFailure,
  },
});

export function createVoiceRoutes({ stage }: Pick<Services, "stage">, parts: SpeechParts): Router {
  const router = createRouter();
  router.openapi(route, async (c) => {
    const synthesizer = await parts.synthesizer(undefined, c.var.life.signal);
    const cast = stage.book.characters.map(({ name }) => ({ id: name, name, kind: "character" as const }));
    const voices = synthesizer.voices().map(({ id, name, language, gender }) => ({
      id,
      name,
      kind: "voice" as const,
      language,
      ...(gender !== undefined && { gender }),
    }));
    return c.json({ voices: [...cast, ...voices] }, 200);
  });
  return router;
}
