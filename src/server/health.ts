// How the server is, read from what it is made of.
import { z } from "@hono/zod-openapi";
import type { Services } from "./services.ts";

export const healthSchema = z
  .object({
    ok: z.boolean().openapi({ description: "Text and voice both work" }),
    stt_up: z.boolean(),
    tts_up: z.boolean(),
    llm_up: z
      .boolean()
      .openapi({ description: "A language model answers; without one, scripted characters do" }),
    voice_cloning_up: z.boolean(),
    characters_loaded: z.number().int(),
    version: z.string(),
  })
  .openapi("Health");
export type Health = z.infer<typeof healthSchema>;

export type HealthServices = Pick<Services, "version" | "stage" | "speech" | "replies">;

export async function readHealth(services: HealthServices): Promise<Health & { canServeText: boolean }> {
  const { stage, speech, replies, version } = services;
  const { tts, asr } = speech.status();
  const isUp = { stt: asr.state.state === "ready", tts: tts.state.state === "ready" };
  const llmUp = replies.status().isUp;
  // A language model that is configured but down is not replaced by a character's own code.
  const answersInCode = replies.current() === undefined;
  const canServeText = stage.book.characters.some(
    ({ status, hasReply, metadata }) =>
      status !== "quarantined" && (llmUp || (hasReply && (answersInCode || metadata.replies === "scripted"))),
  );
  const canClone = isUp.tts && (await readCloning(speech));
  return {
    ok: canServeText && isUp.stt && isUp.tts,
    stt_up: isUp.stt,
    tts_up: isUp.tts,
    llm_up: llmUp,
    voice_cloning_up: canClone,
    characters_loaded: stage.book.characters.length,
    version,
    canServeText,
  };
}

function readCloning(speech: Services["speech"]): Promise<boolean> {
  return speech.synthesizer({ timeoutMs: 0 }).then(
    ({ capabilities }) => capabilities.cloning,
    () => false,
  );
}
