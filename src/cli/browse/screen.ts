// A terminal for one program's own use: keys as they are pressed, and a screen that is given back as it was.
import type { Terminal } from "../output.ts";
import { createKeyParser, type Key } from "./keys.ts";
import type { ScreenSize } from "./browse-view.ts";

export interface Screen extends Disposable {
  size(): ScreenSize;
  /** Replaces what is there. */
  draw(lines: readonly string[]): void;
}

/** The keyboard of a terminal, as node's `process.stdin` has it. */
export interface Keyboard {
  setRawMode?(isRaw: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
  on(event: "data", listener: (data: Uint8Array | string) => void): unknown;
  off(event: "data", listener: (data: Uint8Array | string) => void): unknown;
}

export interface ScreenOptions {
  keyboard: Keyboard;
  terminal: Pick<Terminal, "writeError">;
  size: () => ScreenSize;
  onKey: (key: Key) => void;
  onResize: () => void;
  /** Calls back when the size has changed, until disposed. */
  watchSize: (onChange: () => void) => Disposable;
}

/** The escape key sends what every other special key begins with; nothing more within this time is it alone. */
const escapeMs = 50;
const enter = "\u001b[?1049h\u001b[?25l";
const leave = "\u001b[?25h\u001b[?1049l";
const home = "\u001b[H";
const clearLine = "\u001b[K";
const clearBelow = "\u001b[J";

/** Disposing gives the terminal back: its lines as they were, its cursor, and keys that come by lines again. */
export function openScreen(options: ScreenOptions): Screen {
  const { keyboard, terminal, onKey } = options;
  const parser = createKeyParser();
  const decoder = new TextDecoder();
  let timer: Timer | undefined;
  const tell = (keys: readonly Key[]): void => {
    for (const key of keys) onKey(key);
  };
  const onData = (data: Uint8Array | string): void => {
    clearTimeout(timer);
    tell(parser.push(typeof data === "string" ? data : decoder.decode(data, { stream: true })));
    timer = setTimeout(() => tell(parser.flush()), escapeMs);
  };
  const watch = options.watchSize(options.onResize);
  keyboard.setRawMode?.(true);
  keyboard.on("data", onData);
  keyboard.resume();
  terminal.writeError(enter);
  let isOpen = true;
  return {
    size: options.size,
    draw(lines) {
      terminal.writeError(`${home}${lines.map((line) => `${line}${clearLine}`).join("\r\n")}${clearBelow}`);
    },
    [Symbol.dispose]() {
      if (!isOpen) return;
      isOpen = false;
      clearTimeout(timer);
      watch[Symbol.dispose]();
      keyboard.off("data", onData);
      keyboard.pause();
      keyboard.setRawMode?.(false);
      terminal.writeError(leave);
    },
  };
}

/** The process's own keyboard and the size of its terminal. */
export function openProcessScreen(
  terminal: Pick<Terminal, "writeError">,
  listeners: Pick<ScreenOptions, "onKey" | "onResize">,
): Screen {
  const { stderr, stdin } = process;
  return openScreen({
    ...listeners,
    keyboard: stdin,
    terminal,
    size: () => ({ rows: stderr.rows || 24, columns: stderr.columns || 80 }),
    watchSize(onChange) {
      stderr.on("resize", onChange);
      return { [Symbol.dispose]: () => void stderr.off("resize", onChange) };
    },
  });
}
