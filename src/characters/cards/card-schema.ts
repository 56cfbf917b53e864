// What counts as a character card: version 1 (flat), 2 and 3 (under `data`). Only what prompts are made of is judged; all
// else passes through untouched.
import { z } from "zod";
import { AppError } from "../../base/errors.ts";
import { describeIssues } from "../host/describe-issues.ts";

const text = z.string().nullish();
const texts = z.array(z.string()).nullish();
const flag = z.boolean().nullish();
const number = z.number().nullish();

const entrySchema = z.looseObject({
  keys: texts,
  secondary_keys: z.union([z.array(z.string()), z.string()]).nullish(),
  content: text,
  enabled: flag,
  insertion_order: number,
  priority: number,
  case_sensitive: flag,
  use_regex: flag,
  constant: flag,
  selective: flag,
});

const dataSchema = z.looseObject({
  name: z.string().refine((name) => name.trim() !== "", "must not be empty"),
  nickname: text,
  description: text,
  personality: text,
  scenario: text,
  first_mes: text,
  mes_example: text,
  creator_notes: text,
  system_prompt: text,
  post_history_instructions: text,
  alternate_greetings: texts,
  group_only_greetings: texts,
  tags: texts,
  extensions: z.looseObject({}).nullish(),
  character_book: z
    .looseObject({
      scan_depth: number,
      token_budget: number,
      recursive_scanning: flag,
      entries: z.array(entrySchema).nullish(),
    })
    .nullish(),
});
export type CardData = z.infer<typeof dataSchema>;

const knownSpecs = ["chara_card_v2", "chara_card_v3"] as const;

const cardSchema = z.looseObject({
  spec: z.enum(knownSpecs),
  spec_version: z.string(),
  data: dataSchema,
});
export type CharacterCard = z.infer<typeof cardSchema>;

const firstVersionTexts = ["description", "personality", "scenario", "first_mes", "mes_example"];

/** What version 2 demands beyond version 1. */
export const secondVersionDefaults = () => ({
  creator_notes: "",
  system_prompt: "",
  post_history_instructions: "",
  alternate_greetings: [] as string[],
  tags: [] as string[],
  creator: "",
  character_version: "",
  extensions: {} as Record<string, unknown>,
});

export interface ReadCard {
  /** As it was given; one of version 1 stands in the form of version 2. */
  card: CharacterCard;
  warnings: string[];
}

/** E_SCHEMA for what is no card, or one of another shape. `label` is what messages call it. */
export function readCard(value: unknown, label: string): ReadCard {
  const refuse = (what: string): AppError => new AppError("E_SCHEMA", `${label} ${what}`, { card: label });
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refuse("is no character card: a card is a JSON object");
  }
  const given = value as Record<string, unknown>;
  const { spec } = given;
  if (spec === undefined) return { card: fromFirstVersion(given, refuse), warnings: [] };
  if (!knownSpecs.some((known) => known === spec)) {
    const found = typeof spec === "string" ? JSON.stringify(spec.slice(0, 60)) : "something else";
    throw refuse(`says that its spec is ${found}; cards of ${knownSpecs.join(" and ")} can be read`);
  }
  // Other applications take a version that is missing or written as a number for the first of its kind.
  const version = typeof given["spec_version"] === "string" ? given["spec_version"] : undefined;
  const newest = spec === "chara_card_v2" ? "2.0" : "3.0";
  const card = version === undefined ? { ...given, spec_version: newest } : given;
  const { error } = cardSchema.safeParse(card);
  if (error) throw refuse(`is a card of another shape: ${describeIssues(error)}`);
  const isNewer = version !== undefined && Number(version) > Number(newest);
  const warnings = isNewer
    ? [`the card is of version ${version.slice(0, 20)}; what is newer than ${newest} is kept, but not used`]
    : [];
  return { card: card as CharacterCard, warnings };
}

function fromFirstVersion(
  given: Readonly<Record<string, unknown>>,
  refuse: (what: string) => AppError,
): CharacterCard {
  const hasText = firstVersionTexts.some((key) => typeof given[key] === "string");
  if (typeof given["name"] !== "string" || !hasText) {
    throw refuse("is no character card: it has neither a spec nor a name with a description");
  }
  const data = { ...given };
  for (const key of firstVersionTexts) data[key] ??= "";
  for (const [key, value] of Object.entries(secondVersionDefaults())) data[key] ??= value;
  const { error } = dataSchema.safeParse(data);
  if (error) throw refuse(`is a card of another shape: ${describeIssues(error)}`);
  return { spec: "chara_card_v2", spec_version: "2.0", data: data as CardData };
}
