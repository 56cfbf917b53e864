// Every name that `voice` may have: the cast first, then the voices of the synthesizer in force.
import { createRoute, z } from "@hono/zod-openapi";
import type { SpeechParts } from "../audio/speech-parts.ts";
import { badField } from "../http-error.ts";
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

/** A blend is a name: nothing has to be made or kept before it is spoken with. */
const combineAnswers = {
  200: jsonContent(
    z.object({ voice: z.string(), voices: z.array(z.string()) }),
    "`voice` is what requests for speech take; `voices` are those in it.",
  ),
  ...openAiFailure,
};
const blendSchema = z.string().min(1).max(400);
const combineQueryRoute = createRoute({
  method: "get",
  path: "/v1/audio/voices/combine",
  tags: ["Audio"],
  summary: "The name of a blend of voices",
  request: { query: z.object({ voices: blendSchema.openapi({ example: "af_bella(2)+af_sky(1)" }) }) },
  responses: combineAnswers,
});
const combineRoute = createRoute({
  method: "post",
  path: "/v1/audio/voices/combine",
  tags: ["Audio"],
  summary: "The name of a blend of voices",
  request: {
    body: {
      required: true,
      content: {
        "application/json": { schema: z.union([blendSchema, z.array(blendSchema).min(1).max(8)]) },
      },
    },
  },
  responses: combineAnswers,
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
  const combine = async (written: string, signal: AbortSignal) => {
    const synthesizer = await parts.synthesizer(undefined, signal);
    // In a query an unescaped plus stands for a blank.
    const names = written.split(/[+\s]+/).filter((name) => name !== "");
    const voice = names.join("+");
    if (!synthesizer.hasVoice(voice)) {
      throw badField(
        "voices",
        `${synthesizer.id} cannot mix "${voice}"; a blend is written like af_bella(2)+af_sky(1)`,
      );
    }
    return { voice, voices: names.map((name) => name.replace(/\(.*$/, "")) };
  };
  router.openapi(combineQueryRoute, async (c) =>
    c.json(await combine(c.req.valid("query").voices, c.var.life.signal), 200),
  );
  router.openapi(combineRoute, async (c) => {
    const body = c.req.valid("json");
    return c.json(await combine([body].flat().join("+"), c.var.life.signal), 200);
  });
  return router;
}
