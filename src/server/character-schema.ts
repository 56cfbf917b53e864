// The schema of a character record, for the API description.
import { z } from "@hono/zod-openapi";

export const problemSchema = z
  .object({
    file: z.string(),
    stage: z.enum(["read", "build", "evaluate", "shape", "schema", "duplicate", "run"]),
    error_type: z.string(),
    message: z.string(),
    line: z.number().int().optional(),
    column: z.number().int().optional(),
  })
  .openapi("LoadProblem");

export const characterRecordSchema = z
  .object({
    name: z.string(),
    file: z.string(),
    status: z.enum(["ready", "stale", "quarantined"]),
    voice: z.object({
      provider: z.string(),
      /** Null until the voices are known. */
      voice: z.string().nullable(),
      status: z.enum(["ready", "stand-in", "loading"]),
      reason: z.string().optional(),
    }),
    instructions: z.object({ type: z.string(), language: z.string().nullable() }),
    metadata: z.record(z.string(), z.unknown()),
    tools: z.array(z.string()),
    error: problemSchema.optional(),
  })
  .openapi("Character");
