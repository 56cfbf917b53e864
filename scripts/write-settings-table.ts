// Writes the README's table of settings from the list that the program reads, between its two marks.
// With --check it only compares, and fails where the README is out of date.
import { resolve } from "node:path";
import { type SettingDefinition, settingDefinitions } from "../src/config/settings-schema.ts";

const readme = resolve(import.meta.dir, "../README.md");
const [begin, end] = ["<!-- settings: begin -->", "<!-- settings: end -->"];

const showDefault = ({ default: value, isSecret }: SettingDefinition): string => {
  if (isSecret === true || value === null || (Array.isArray(value) && value.length === 0)) return "–";
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
};

const rows = Object.entries(settingDefinitions as Record<string, SettingDefinition>).map(
  ([key, definition]) => {
    const variables = (definition.variables ?? []).map((name) => `\`${name}\``).join(", ");
    return `| \`${key}\` | ${variables === "" ? "–" : variables} | ${showDefault(definition)} | ${definition.description.replaceAll("|", "\\|")} |`;
  },
);
const table = [
  `| Key in \`troupe.toml\` | Variable | Default | Meaning |`,
  `|---|---|---|---|`,
  ...rows,
].join("\n");

const text = await Bun.file(readme).text();
const [from, to] = [text.indexOf(begin), text.indexOf(end)];
if (from < 0 || to < from) throw new Error(`README.md has no ${begin} … ${end}`);
const wanted = `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`;

if (wanted === text) console.log("the settings table is up to date");
else if (process.argv.includes("--check")) {
  console.error("the settings table in README.md is out of date; run: bun scripts/write-settings-table.ts");
  process.exit(1);
} else {
  await Bun.write(readme, wanted);
  console.log("README.md: settings table written");
}
