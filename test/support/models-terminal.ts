// The whole program in a pseudo-terminal: what it shows, and keys for it.
import { join, resolve } from "node:path";
import { eventually } from "./eventually.ts";
import type { ModelsWorld } from "./models-world.ts";

const main = resolve(import.meta.dir, "../../src/main.ts");
const patienceMs = 30_000;

/** A shell's place: the terminal is still there when the program has ended. */
export function openModelsTerminal(world: ModelsWorld, line: string) {
  let shown = "";
  const decoder = new TextDecoder();
  const terminal = new Bun.Terminal({
    cols: 100,
    rows: 24,
    name: "xterm-256color",
    data: (_, bytes) => void (shown += decoder.decode(bytes, { stream: true })),
  });
  const child = Bun.spawn([process.execPath, "--no-env-file", main, "models", ...line.split(" ")], {
    cwd: join(world.folder.path, "work"),
    env: {
      PATH: process.env["PATH"],
      HOME: world.folder.path,
      TERM: "xterm-256color",
      HF_ENDPOINT: world.server.origin,
    },
    terminal,
  });
  return {
    child,
    press: (keys: string) => void terminal.write(keys),
    /** Waits for a text; what was shown before it is done with. */
    async shows(text: string): Promise<void> {
      await eventually(
        `"${text}" in ${JSON.stringify(shown.slice(-2000))}`,
        () => shown.includes(text),
        patienceMs,
      );
      shown = shown.slice(shown.indexOf(text) + text.length);
    },
    get shown() {
      return shown;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
      terminal.close();
    },
  };
}
