// Runs a program of a stock client in Bun, or in Node, and reads what it prints. For Node only its types are taken off; the
// packages are those of node_modules, untouched.
import { mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ServerEvent } from "../realtime-invariants.ts";

export type Runtime = "bun" | "node";

export interface StockClientRun {
  /** In order: the server's events, and the program's own lines. */
  readonly lines: readonly ServerEvent[];
  /** Resolves with the first line that has the type; rejects when the program ends without it. */
  waitFor(type: string): Promise<ServerEvent>;
  /** Tells the program to go on. */
  nudge(): void;
  /** What it said on stderr. */
  readonly ended: Promise<{ exitCode: number; trouble: string }>;
}

export interface StockClientOptions {
  runtime: Runtime;
  /** A file of this folder. */
  program: string;
  args: readonly string[];
  /** For what Node wants on disk. */
  folder: string;
  authorityFile: string;
}

const root = resolve(import.meta.dir, "../../..");

export async function runStockClient(options: StockClientOptions): Promise<StockClientRun> {
  const { runtime, program, args, folder, authorityFile } = options;
  const source = join(import.meta.dir, program);
  const command =
    runtime === "bun" ? [process.execPath, "--no-env-file", source] : await prepareForNode(source, folder);
  const child = Bun.spawn([...command, ...args], {
    env: { PATH: process.env["PATH"] ?? "", NODE_EXTRA_CA_CERTS: authorityFile },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 90_000,
  });
  const lines: ServerEvent[] = [];
  const wakers = new Set<() => void>();
  const wake = (): void => {
    for (const look of wakers) look();
  };
  const read = async (): Promise<void> => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) lines.push(JSON.parse(part) as ServerEvent);
      wake();
    }
  };
  let isOver = false;
  const ended = Promise.all([read(), new Response(child.stderr).text(), child.exited]).then(
    ([, trouble, exitCode]) => {
      isOver = true;
      wake();
      return { exitCode, trouble };
    },
  );
  return {
    lines,
    ended,
    nudge() {
      void child.stdin.write("on\n");
      void child.stdin.flush();
    },
    waitFor(type) {
      return new Promise((done, fail) => {
        const look = (): void => {
          const found = lines.find((line) => line.type === type);
          if (!found && !isOver) return;
          wakers.delete(look);
          if (found) done(found);
          else {
            const seen = lines.map((line) => line.type).join(", ");
            void ended.then(({ trouble }) => fail(new Error(`no ${type}; seen: ${seen}; ${trouble}`)));
          }
        };
        wakers.add(look);
        look();
      });
    },
  };
}

async function prepareForNode(source: string, folder: string): Promise<string[]> {
  const node = Bun.which("node");
  if (node === null) throw new Error("the tests of stock clients need Node, 20.10 or later, on the PATH");
  const text = new Bun.Transpiler({ loader: "ts", target: "node" }).transformSync(
    await Bun.file(source).text(),
  );
  const bare = join(folder, "client.mjs");
  await mkdir(folder, { recursive: true });
  await Bun.write(bare, text);
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  // Node 22 has the browsers' WebSocket without being asked, and Node 20 not.
  return [node, "--experimental-websocket", bare];
}
