// `[providers.<kind>.<id>]` of the project file: tables that each provider parses for itself.
import { z } from "zod";
import type { ProjectFile } from "./project-file.ts";

export type ProviderKind = "tts" | "asr" | "vad";
export type ProviderSettings = Readonly<Partial<Record<ProviderKind, Readonly<Record<string, unknown>>>>>;

const table = z.record(z.string(), z.looseObject({}));
const providersSchema = z.looseObject({
  tts: table.optional(),
  asr: table.optional(),
  vad: table.optional(),
});

/** E_SCHEMA with file, line and field for what is no table of tables. */
export function readProviderSettings(project: ProjectFile | undefined): ProviderSettings {
  const given = project?.content["providers"];
  if (project === undefined || given === undefined || project.isForeign) return {};
  const parsed = providersSchema.safeParse(given);
  if (parsed.success) {
    const { tts = {}, asr = {}, vad = {} } = parsed.data;
    return { tts, asr, vad };
  }
  const [issue] = parsed.error.issues;
  throw project.misfit(["providers", ...(issue?.path ?? [])], issue?.message ?? "must be a table");
}
