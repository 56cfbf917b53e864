// The screen of the browser as lines of text, none wider than the terminal and no more than it has rows.
import type { BrowsedModel, BrowseState, Choice } from "./browse-state.ts";
import { listVisible } from "./browse-state.ts";
import { formatBytes, formatCount, formatQuantity, formatTable, plainText } from "../output.ts";

export interface ScreenSize {
  rows: number;
  columns: number;
}

export interface BrowseTitle {
  /** "ada", or `"whisper"`. */
  what: string;
}

export function renderBrowse(state: BrowseState, size: ScreenSize, title: BrowseTitle): string[] {
  const lines =
    state.stage === "list" || state.stage === "loading"
      ? renderList(state, size, title)
      : renderModel(state, size);
  // Of a screen that is too small the last line stays: it is the question, or says which keys there are.
  const kept = lines.length <= size.rows ? lines : [...lines.slice(0, size.rows - 1), lines.at(-1) ?? ""];
  return kept.map((line) => Bun.sliceAnsi(line, 0, size.columns - 1, "…"));
}

function renderList(state: BrowseState, { rows }: ScreenSize, { what }: BrowseTitle): string[] {
  const visible = listVisible(state);
  const table = formatTable(
    ["#", "MODEL", "DOWNLOADS", "LIKES", "MODIFIED", "LIBRARY", "LICENCE"],
    visible.map((model, i) => [
      String(i + 1),
      model.modelId,
      formatCount(model.downloads),
      formatCount(model.likes),
      model.lastModified?.slice(0, 10) ?? "",
      model.libraryName ?? "",
      `${model.license ?? ""}${model.gated === false ? "" : " (gated)"}`,
    ]),
  ).split("\n");
  const [header = "", ...body] = table;
  const count =
    visible.length === state.models.length
      ? formatQuantity(visible.length, "model")
      : `${visible.length} of ${formatQuantity(state.models.length, "model")}`;
  const filter =
    state.isFiltering || state.filter !== ""
      ? `   filter: ${state.filter}${state.isFiltering ? "▏" : ""}`
      : "";
  const chosen = visible[state.cursor]?.modelId ?? "";
  const foot =
    state.stage === "loading"
      ? `asking for ${chosen}…   Esc back   q leave`
      : "↑ ↓ or number: choose   Enter: open   /: filter   q: leave";
  const top = [`${what}: ${count}${filter}`, "", `  ${header}`];
  const bottom = ["", state.problem ?? "", foot];
  const room = Math.max(1, rows - top.length - bottom.length);
  return [...top, ...slideWindow(body, state.cursor, room), ...bottom].map(plainText);
}

function renderModel(state: BrowseState, { rows }: ScreenSize): string[] {
  const { model } = state;
  const choice = model?.choices[state.choice];
  if (!model || !choice) return [];
  const top = [...describeModel(model), ""];
  const names = model.choices.map((entry, i) => `${i + 1}  ${entry.name}`);
  const width = Math.max(...names.map((name) => Bun.stringWidth(name)));
  const choices = model.choices.map((entry, i) => {
    const name = names[i] ?? "";
    const padded = name + " ".repeat(width - Bun.stringWidth(name));
    return `${padded}  ${formatBytes(entry.sizeBytes).padStart(8)}  ${describeFit(entry)}`.trimEnd();
  });
  const bottom =
    state.stage === "confirm"
      ? [
          "",
          ...choice.warnings.map((warning) => `! ${warning}`),
          `Download ${choice.name} of ${model.model.modelId}: ${formatQuantity(choice.files.length, "file")}, ${formatBytes(choice.sizeBytes)}? [y/N]`,
        ]
      : ["", "↑ ↓ or number: choose   Enter: download   Esc: back   q: leave"];
  const room = Math.max(2, rows - top.length - bottom.length);
  const shownChoices = slideWindow(choices, state.choice, Math.max(1, Math.min(choices.length, room - 1)));
  const files = choice.files.map(
    ({ path, sizeBytes }) => `    ${formatBytes(sizeBytes).padStart(8)}  ${path}`,
  );
  const fileRoom = Math.max(0, room - shownChoices.length - 1);
  const shownFiles =
    files.length <= fileRoom
      ? files
      : [
          ...files.slice(0, Math.max(0, fileRoom - 1)),
          `    … and ${files.length - Math.max(0, fileRoom - 1)} more files`,
        ];
  return [...top, ...shownChoices, "", ...shownFiles.slice(0, fileRoom), ...bottom].map(plainText);
}

function describeModel({ model, header, installation, warnings }: BrowsedModel): string[] {
  const facts = [
    `${formatQuantity(model.files.length, "file")}, ${formatBytes(model.totalSizeBytes)}`,
    `licence ${model.license ?? "not given"}`,
    ...(model.gated === false ? [] : [`gated (${model.gated})`]),
    ...(header?.parameters === null || header?.parameters === undefined
      ? []
      : [`${formatCount(header.parameters)} parameters`]),
    ...(header?.contextLength === null || header?.contextLength === undefined
      ? []
      : [`context ${header.contextLength.toLocaleString("en")}`]),
  ];
  return [
    model.modelId,
    facts.join(", "),
    ...(installation ? [`installed in ${installation.path}`] : []),
    ...warnings.map((warning) => `! ${warning}`),
  ];
}

function describeFit({ fit, isRecommended }: Choice): string {
  if (isRecommended) return fit === "ok" ? "← fits this machine best" : "← runs here, tightly";
  return { ok: "fits", warn: "tight here", no: "too large for this machine" }[fit];
}

/** The rows around the one under the cursor, which is marked. */
function slideWindow(lines: readonly string[], cursor: number, room: number): string[] {
  const from = Math.max(0, Math.min(cursor - Math.floor(room / 2), lines.length - room));
  return lines.slice(from, from + room).map((line, i) => `${from + i === cursor ? "❯" : " "} ${line}`);
}
