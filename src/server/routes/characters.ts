// The cast: who is on stage, what failed to load, and what each would be prompted with.
import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../base/errors.ts";
import type { Character } from "../../characters/port.ts";
import { instructionsSchema, voiceSourceSchema } from "../../characters/module-contract.ts";
import {
  encodeCharacter,
  encodeProblem,
  encodeWholeCharacter,
  readCastContext,
} from "../../session/character-record.ts";
import { characterRecordSchema, problemSchema } from "../character-schema.ts";
import { createRouter, jsonContent, ownFailure, type Router } from "../router.ts";
import type { Services } from "../services.ts";

const tags = ["Characters"];
const nameParam = z.object({
  name: z.string().openapi({ param: { name: "name", in: "path" }, description: "The character's name" }),
});

const listRoute = createRoute({
  method: "get",
  path: "/v1/characters",
  tags,
  summary: "The cast, and every file that failed",
  responses: {
    200: jsonContent(
      z.object({
        generation: z.number().int(),
        characters: z.array(characterRecordSchema),
        errors: z.array(problemSchema),
      }),
      "In sorted file order. A character card (`metadata.card`) is with the single record alone.",
    ),
    ...ownFailure,
  },
});

const showRoute = createRoute({
  method: "get",
  path: "/v1/characters/{name}",
  tags,
  summary: "One character",
  request: { params: nameParam },
  responses: { 200: jsonContent(characterRecordSchema, "Its record."), ...ownFailure },
});

const promptRoute = createRoute({
  method: "get",
  path: "/v1/characters/{name}/prompt",
  tags,
  summary: "The system prompt that a character would use now",
  request: { params: nameParam },
  responses: {
    200: jsonContent(
      z.object({ name: z.string(), prompt: z.string(), generation: z.number().int() }),
      "`generation` is that of the cast from which the character was taken.",
    ),
    ...ownFailure,
  },
});

const reloadRoute = createRoute({
  method: "post",
  path: "/v1/characters/reload",
  tags,
  summary: "Read every file of the characters folder again",
  responses: {
    200: jsonContent(
      z.object({
        success: z.literal(true),
        generation: z.number().int(),
        total_files: z.number().int(),
        loaded_count: z.number().int(),
        error_count: z.number().int(),
        load_duration_ms: z.number(),
        errors: z.array(problemSchema),
      }),
      "It ran; what failed is in `errors`.",
    ),
    ...ownFailure,
  },
});

const voicesRoute = createRoute({
  method: "get",
  path: "/v1/voices",
  tags,
  summary: "Characters that are marked good, in the older shape",
  responses: {
    200: jsonContent(
      z.array(
        z.object({
          name: z.string(),
          good: z.literal(true),
          instructions: instructionsSchema,
          source: voiceSourceSchema,
        }),
      ),
      "Those whose METADATA.good is true.",
    ),
    ...ownFailure,
  },
});

type CharacterServices = Pick<Services, "stage" | "speech" | "userName">;

export function createCharacterRoutes({ stage, speech, userName }: CharacterServices): Router {
  const find = (name: string): Character => {
    const character = stage.book.find(name);
    if (!character) throw noSuchCharacter(name);
    return character;
  };

  const router = createRouter();
  router.openapi(listRoute, async (c) => {
    const context = await readCastContext(speech);
    const { generation, characters, problems } = stage.book;
    return c.json(
      {
        generation,
        characters: characters.map((character) => encodeCharacter(character, context)),
        errors: problems.map(encodeProblem),
      },
      200,
    );
  });
  router.openapi(showRoute, async (c) => {
    const character = find(c.req.valid("param").name);
    return c.json(encodeWholeCharacter(character, await readCastContext(speech)), 200);
  });
  router.openapi(promptRoute, async (c) => {
    const { generation } = stage.book;
    const character = find(c.req.valid("param").name);
    const prompt = await character.makeSystemPrompt(
      { userName, messages: [] },
      { signal: c.var.life.signal },
    );
    return c.json({ name: character.name, prompt, generation }, 200);
  });
  router.openapi(reloadRoute, async (c) => {
    const report = await stage.reload();
    return c.json({ success: true as const, ...report, errors: report.errors.map(encodeProblem) }, 200);
  });
  router.openapi(voicesRoute, (c) =>
    c.json(
      stage.book.characters
        .filter((character) => character.metadata.good === true)
        .map(({ name, instructions, voiceSource }) => ({
          name,
          good: true as const,
          instructions,
          source: voiceSource,
        })),
      200,
    ),
  );
  return router;
}

function noSuchCharacter(name: string): AppError {
  return new AppError(
    "E_NOT_FOUND",
    `no character is called "${name}"; GET /v1/characters lists those that are on stage`,
    { name },
  );
}
