// What of a card Troupe does not use, told to the one who imports it. All of it stays in the card.
import type { CharacterCard } from "./card-schema.ts";

/** Of what is in every prompt, in UTF-16 units; a prompt of more than 256 KiB is refused when it is made. */
const maxPromptChars = 128 * 1024;
const knownMacros =
  /^(?:\/\/.*|char|user|original|comment|hidden_key|random|pick|roll|reverse|noop|trim|newline|time|date|weekday)$/i;
const knownDecorators =
  /^(?:activate|dont_activate|activate_only_after|activate_only_every|scan_depth|additional_keys|exclude_keys|position)$/;
/** Look-around and references back, which the patterns of a character's lore do not have. */
const beyondPatterns = /\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</;

/** `name` is the character's, `card` the whole card. */
export function describeLimits({ data }: CharacterCard, name: string): string[] {
  const warnings: string[] = [];
  if (Array.from(data.name.trim()).length > Array.from(name).length) {
    warnings.push(`the name is shortened to ${JSON.stringify(name)}`);
  }
  const entries = data.character_book?.entries ?? [];
  const texts = [data.description, data.personality, data.scenario, data.system_prompt, data.mes_example];
  const always = [...texts, data.post_history_instructions].map((text) => text ?? "");
  const chars = always.reduce((sum, text) => sum + text.length, 0);
  if (chars > maxPromptChars) {
    warnings.push(`its texts have ${chars} characters; a prompt of more than 256 KiB is refused`);
  }
  const spoken = [
    data.first_mes,
    ...(data.alternate_greetings ?? []),
    ...entries.map(({ content }) => content),
  ];
  list(
    "does not know the macros",
    namesIn([...always, ...spoken], /\{\{([^{}:]{1,60})[^{}]*\}\}/g, knownMacros),
  );
  list(
    "does not follow the decorators",
    namesIn(
      entries.map(({ content }) => content),
      /^@@@?(\w{1,40})/gm,
      knownDecorators,
    ),
  );
  const odd = entries.filter((entry) =>
    (entry.keys ?? []).some((key) => isPattern(key, entry.use_regex) && beyondPatterns.test(key)),
  );
  if (odd.length > 0) {
    warnings.push(`${odd.length} lore keys use look-around or references back, and will not be found`);
  }
  if ((data.group_only_greetings ?? []).length > 0) warnings.push("greetings for groups are not used");
  const assets = data["assets"];
  if (Array.isArray(assets) && assets.length > 0) {
    warnings.push(`its ${assets.length} assets (pictures, sounds) are not used`);
  }
  return warnings;

  function list(what: string, names: readonly string[]): void {
    if (names.length > 0) warnings.push(`Troupe ${what} ${names.join(", ")}`);
  }
}

function namesIn(texts: readonly (string | null | undefined)[], pattern: RegExp, known: RegExp): string[] {
  const names = new Set<string>();
  for (const text of texts) {
    for (const [, name = ""] of (text ?? "").matchAll(pattern)) {
      if (!known.test(name.trim()) && names.size < 10) names.add(name.trim());
    }
  }
  return [...names];
}

const isPattern = (key: string, usesPatterns: boolean | null | undefined): boolean =>
  usesPatterns === true || /^\/.+\/[a-z]*$/s.test(key);
