// The macros of character cards: {{char}}, {{user}}, {{random:a,b}}, {{pick:a,b}}, {{roll:2d6}}, {{reverse:abc}},
// {{// a comment}} and a few more. One that is not known stays as it is.
import { seeded } from "./seeded.ts";

export interface MacroValues {
  char: string;
  user: string;
  now: Date;
  random: () => number;
  /** What {{original}} stands for, the first time. */
  original?: string | undefined;
}

/** Longer ones are text that happens to stand in braces. */
const MAX_MACRO_CHARS = 4000;

/** From the inside out, each macro once: what one stands for is not filled again. */
export function fillMacros(text: string, values: MacroValues): string {
  if (!/\{\{|</.test(text)) return text;
  const picks = new Map<string, number>();
  let { original } = values;
  const valueOf = (macro: string): string | undefined => {
    if (macro.length > MAX_MACRO_CHARS) return undefined;
    if (macro.trimStart().startsWith("//")) return "";
    const [, name = "", colons = "", rest = ""] = /^([^:]*)(::?)?([\s\S]*)$/.exec(macro) ?? [];
    switch (name.trim().toLowerCase()) {
      case "char":
        return values.char;
      case "user":
        return values.user;
      case "original": {
        const once = original === undefined ? "" : fillMacros(original, { ...values, original: undefined });
        original = undefined;
        return once;
      }
      case "random":
        return chooseFrom(colons + rest, values.random);
      case "pick": {
        // The same pick in the same place each time the prompt is made.
        const count = (picks.get(rest) ?? 0) + 1;
        picks.set(rest, count);
        return chooseFrom(colons + rest, seeded(`${values.char} ${count} ${rest}`));
      }
      case "roll":
        return roll(rest.replace(/\s/g, ""), values.random);
      case "reverse":
        return Array.from(rest).reverse().join("");
      case "comment":
      case "hidden_key":
      case "noop":
      case "trim":
        return "";
      case "newline":
        return "\n";
      case "time":
        return values.now.toLocaleTimeString("en", { hour: "numeric", minute: "2-digit" });
      case "date":
        return values.now.toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" });
      case "weekday":
        return values.now.toLocaleDateString("en", { weekday: "long" });
      default:
        return undefined;
    }
  };
  // What stands before each brace that is open, the innermost last.
  const open = [""];
  const older = text.replace(/<(?:bot|char)>/gi, "{{char}}").replace(/<user>/gi, "{{user}}");
  for (const token of older.split(/(\{\{|\}\})/)) {
    let piece = token;
    if (token === "{{") {
      open.push("");
      continue;
    }
    if (token === "}}" && open.length > 1) {
      const macro = open.pop() ?? "";
      piece = valueOf(macro) ?? `{{${macro}}}`;
    }
    open.push((open.pop() ?? "") + piece);
  }
  return open.join("{{");
}

/** Between commas (one that belongs to the text is written \,), or between pairs of colons. */
function chooseFrom(list: string, random: () => number): string {
  const items = list.replace(/^::?/, "");
  const all = list.startsWith("::") ? items.split("::") : items.split(/(?<!\\),/);
  const choices = all.length === 1 ? items.split(/(?<!\\),/) : all;
  return (choices[Math.floor(random() * choices.length)] ?? "").replaceAll("\\,", ",").trim();
}

/** "6", "d6", "2d6" and "2d6+1"; undefined for what is no die. */
function roll(dice: string, random: () => number): string | undefined {
  const [, count = "1", sides, extra = "0"] = /^(?:(\d{1,2})?d)?(\d{1,6})([+-]\d{1,6})?$/i.exec(dice) ?? [];
  if (!Number(sides)) return undefined;
  let sum = Number(extra);
  for (let die = 0; die < Number(count); die++) sum += 1 + Math.floor(random() * Number(sides));
  return String(sum);
}
