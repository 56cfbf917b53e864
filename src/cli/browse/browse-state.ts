// Browsing as a pure reducer: what is on the screen, and what a key makes of it. The runner does what it asks for.
import type { ModelDescription } from "../../models/describe-model.ts";
import type { HubFile, ModelSummary } from "../../models/hub/port.ts";
import type { Key } from "./keys.ts";

/** One way of taking a model: a variant of it, or all of it. */
export interface Choice {
  name: string;
  /** With what goes with it whichever variant is taken. */
  files: readonly HubFile[];
  sizeBytes: number;
  /** Exactly these names; null for everything. */
  include: readonly string[] | null;
  fit: "ok" | "warn" | "no";
  /** The one that this machine runs best. */
  isRecommended: boolean;
  warnings: readonly string[];
}

export interface BrowsedModel extends ModelDescription {
  choices: readonly Choice[];
}

export interface BrowseState {
  stage: "list" | "loading" | "model" | "confirm";
  models: readonly ModelSummary[];
  filter: string;
  /** Keys go to the filter. */
  isFiltering: boolean;
  /** In the list as it is filtered. */
  cursor: number;
  /** Digits of a row's number, as far as they have come. */
  digits: string;
  model: BrowsedModel | null;
  /** In the model's choices. */
  choice: number;
  /** What went wrong last. */
  problem: string | null;
}

export type BrowseEvent =
  | { type: "key"; key: Key }
  | { type: "described"; model: BrowsedModel }
  | { type: "failed"; message: string }
  | { type: "resized" };

export type BrowseEffect =
  | { type: "describe"; modelId: string }
  /** Of what is under way. */
  | { type: "give-up" }
  | { type: "download"; model: BrowsedModel; choice: Choice }
  | { type: "leave" }
  | { type: "interrupt" };

export interface BrowseStep {
  state: BrowseState;
  effect: BrowseEffect | null;
}

export const startBrowsing = (models: readonly ModelSummary[]): BrowseState => ({
  stage: "list",
  models,
  filter: "",
  isFiltering: false,
  cursor: 0,
  digits: "",
  model: null,
  choice: 0,
  problem: null,
});

/** Rows of the list that the filter lets through: every word of it somewhere in the name, licence or library. */
export function listVisible({ models, filter }: BrowseState): ModelSummary[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return models.filter(({ modelId, license, libraryName }) => {
    const text = `${modelId} ${license ?? ""} ${libraryName ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

const pageRows = 10;

export function reduceBrowse(state: BrowseState, event: BrowseEvent): BrowseStep {
  switch (event.type) {
    case "resized":
      return stay(state);
    case "described": {
      if (state.stage !== "loading") return stay(state);
      const { model } = event;
      const recommended = model.choices.findIndex(({ isRecommended }) => isRecommended);
      return stay({ ...state, stage: "model", model, choice: Math.max(0, recommended) });
    }
    case "failed":
      return stay(state.stage === "loading" ? { ...state, stage: "list", problem: event.message } : state);
    case "key":
      if (event.key.name === "interrupt") return { state, effect: { type: "interrupt" } };
      return pressed(event.key, { ...state, problem: null });
  }
}

const stay = (state: BrowseState): BrowseStep => ({ state, effect: null });
const leave = (state: BrowseState): BrowseStep => ({ state, effect: { type: "leave" } });

function pressed(key: Key, state: BrowseState): BrowseStep {
  switch (state.stage) {
    case "list":
      return state.isFiltering ? typedInFilter(key, state) : pressedInList(key, state);
    case "loading":
      if (isText(key, "q")) return leave(state);
      return isBack(key) ? { state: { ...state, stage: "list" }, effect: { type: "give-up" } } : stay(state);
    case "model":
      return pressedInModel(key, state);
    case "confirm":
      return pressedInConfirm(key, state);
  }
}

function typedInFilter(key: Key, state: BrowseState): BrowseStep {
  switch (key.name) {
    case "text":
      return stay({ ...state, filter: state.filter + key.text, cursor: 0 });
    case "backspace":
      return stay({ ...state, filter: [...state.filter].slice(0, -1).join(""), cursor: 0 });
    case "escape":
      return stay({ ...state, filter: "", isFiltering: false, cursor: 0 });
    case "enter":
      return stay({ ...state, isFiltering: false });
    default:
      return pressedInList(key, { ...state, isFiltering: false });
  }
}

function pressedInList(key: Key, state: BrowseState): BrowseStep {
  const visible = listVisible(state);
  if (key.name === "text") return typedInList(key.text, state, visible.length);
  switch (key.name) {
    case "enter":
    case "right": {
      const model = visible[state.cursor];
      if (!model) return stay(state);
      const { modelId } = model;
      return { state: { ...state, stage: "loading", digits: "" }, effect: { type: "describe", modelId } };
    }
    case "escape":
      return state.filter === "" ? leave(state) : stay({ ...state, filter: "", cursor: 0, digits: "" });
    default:
      return stay({ ...state, cursor: moveCursor(key, state.cursor, visible.length), digits: "" });
  }
}

function typedInList(text: string, state: BrowseState, count: number): BrowseStep {
  if (text === "q") return leave(state);
  if (text === "/") return stay({ ...state, isFiltering: true, digits: "" });
  if (/^\d$/.test(text)) {
    // A number that is too large begins anew with its last digit.
    const joined = Number(state.digits + text);
    const digits = joined >= 1 && joined <= count ? String(joined) : text;
    const number = Number(digits);
    if (number < 1 || number > count) return stay({ ...state, digits: "" });
    return stay({ ...state, digits, cursor: number - 1 });
  }
  return stay({ ...state, cursor: moveCursor(letterAsArrow(text), state.cursor, count), digits: "" });
}

function pressedInModel(key: Key, state: BrowseState): BrowseStep {
  const count = state.model?.choices.length ?? 0;
  if (isText(key, "q")) return leave(state);
  if (isBack(key)) return stay({ ...state, stage: "list", model: null });
  if (key.name === "enter" || isText(key, "d")) {
    return stay(state.model?.choices[state.choice] ? { ...state, stage: "confirm" } : state);
  }
  if (key.name === "text" && /^[1-9]$/.test(key.text)) {
    const number = Number(key.text);
    return stay(number <= count ? { ...state, choice: number - 1 } : state);
  }
  const arrow = key.name === "text" ? letterAsArrow(key.text) : key;
  return stay({ ...state, choice: moveCursor(arrow, state.choice, count) });
}

function pressedInConfirm(key: Key, state: BrowseState): BrowseStep {
  const choice = state.model?.choices[state.choice];
  if (state.model && choice && (isText(key, "y") || isText(key, "Y"))) {
    return { state, effect: { type: "download", model: state.model, choice } };
  }
  return stay({ ...state, stage: "model" });
}

const isText = (key: Key, text: string): boolean => key.name === "text" && key.text === text;
const isBack = ({ name }: Key): boolean => name === "escape" || name === "left" || name === "backspace";

const letterAsArrow = (text: string): Key =>
  text === "j" ? { name: "down" } : text === "k" ? { name: "up" } : { name: "text", text };

function moveCursor({ name }: Key, cursor: number, count: number): number {
  const moved = { up: -1, down: 1, "page-up": -pageRows, "page-down": pageRows }[name as "up"];
  const wanted = name === "home" ? 0 : name === "end" ? count - 1 : cursor + (moved ?? 0);
  return Math.max(0, Math.min(count - 1, wanted));
}
