// Lines such as "@@scan_depth 4" at the head of a lore entry: rules for it, taken off its text.

const KNOWN =
  /^(?:activate|dont_activate|activate_only_(?:after|every)|scan_depth|additional_keys|exclude_keys|position)$/;

export interface DecoratedText {
  content: string;
  /** The first of each name that is known. */
  rules: ReadonlyMap<string, string>;
}

export function readDecorators(text: string): DecoratedText {
  const lines = text.trimStart().split("\n");
  const rules = new Map<string, string>();
  let isAnswered = true;
  let at = 0;
  for (; lines[at]?.startsWith("@@"); at++) {
    const [, isFallback, name = "", value = ""] = /^@@(@?)(\w*)(.*)$/.exec(lines[at]?.trim() ?? "") ?? [];
    // "@@@" stands in for the decorator above it, if that one is not known.
    if (isFallback && isAnswered) continue;
    isAnswered = KNOWN.test(name);
    if (isAnswered && !rules.has(name)) rules.set(name, value.trim());
  }
  return { content: lines.slice(at).join("\n").trim(), rules };
}
