// Makes one self-contained file from small ones: the prompt logic of generated characters is written, checked and tested
// as ordinary modules, and copied whole into each character.

/** The text of a part: its head comment, then its imports of other parts (from any folder), then code. */
const headComment = /^(?:\/\/.*\n)+\n*/;
const partImport = /^import\s[^;]*?\sfrom "\.{1,2}\/(?:[\w.-]+\/)*([\w-]+\.ts)";\n+/gm;
/** The one class that a character exports; everything else becomes the file's own. */
const ownExport =
  /^export (?!class PromptGenerator\b)(?=(?:async |abstract )?(?:const|function|class|interface|type)\b)/gm;

/**
 * The code of `entry` (a key of `parts`, such as "smalltalk.ts") with that of the parts which it imports before it, each
 * once. Imports of packages are not known here: parts import only each other.
 */
export function joinParts(entry: string, parts: Readonly<Record<string, string>>): string {
  const joined: string[] = [];
  const seen = new Set<string>();
  const add = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const text = parts[name];
    if (text === undefined) throw new Error(`there is no part ${name}`);
    const code = text.replace(headComment, "");
    for (const [, imported = ""] of code.matchAll(partImport)) add(imported);
    joined.push(code.replace(partImport, "").replace(ownExport, "").trim());
  };
  add(entry);
  return `${joined.filter((code) => code !== "").join("\n\n")}\n`;
}
