// An editor with one file open, speaking to the project's own TypeScript by the language server protocol: what it
// underlines and what it offers is what an author sees.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

export interface Underlined {
  /** The text above the line. */
  text: string;
  message: string;
}

export interface Editor extends AsyncDisposable {
  /** Both of a file with this text, which need not be on disk. */
  underline(text: string): Promise<Underlined[]>;
  /** Labels at the first `|` of the text, which is taken out. */
  complete(text: string): Promise<string[]>;
}

const root = resolve(import.meta.dir, "../..");
const deadlineMs = 60_000;

interface Position {
  line: number;
  character: number;
}
interface Message {
  id?: number;
  method?: string;
  params?: { items?: unknown[] };
  result?: unknown;
  error?: { message: string };
}

/** `path`: of the file, relative to the project. */
export function openEditor(path: string): Editor {
  const server = Bun.spawn([process.execPath, "node_modules/typescript/bin/tsc", "--lsp", "--stdio"], {
    cwd: root,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  const uri = pathToFileURL(resolve(root, path)).href;
  const waiting = new Map<number, (message: Message) => void>();
  let lastId = 0;
  let version = 0;

  const send = (message: Message & { params?: unknown }): void => {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    void server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    void server.stdin.flush();
  };
  const request = async <T>(method: string, params: unknown): Promise<T> => {
    const id = ++lastId;
    const answer = new Promise<Message>((settle, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${method}`)), deadlineMs);
      waiting.set(id, (message) => {
        clearTimeout(timer);
        settle(message);
      });
    });
    send({ id, method, params } as Message);
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result as T;
  };
  const take = (message: Message): void => {
    if (message.method === undefined) waiting.get(message.id ?? 0)?.(message);
    // What the server asks of an editor (its settings, mostly) has no answer here.
    else if (message.id !== undefined)
      send({ id: message.id, result: (message.params?.items ?? []).map(() => null) });
  };
  const read = async (): Promise<void> => {
    let held = Buffer.alloc(0);
    for await (const chunk of server.stdout) {
      held = Buffer.concat([held, chunk]);
      for (;;) {
        const headEnd = held.indexOf("\r\n\r\n");
        const size = Number(
          /Content-Length: (\d+)/.exec(held.toString("utf8", 0, Math.max(0, headEnd)))?.[1],
        );
        if (headEnd < 0 || held.length < headEnd + 4 + size) break;
        take(JSON.parse(held.toString("utf8", headEnd + 4, headEnd + 4 + size)) as Message);
        held = held.subarray(headEnd + 4 + size);
      }
    }
  };
  void read();
  const capabilities = { textDocument: { diagnostic: {}, completion: { completionItem: {} } } };
  const opened = request("initialize", {
    processId: process.pid,
    rootUri: pathToFileURL(root).href,
    workspaceFolders: null,
    capabilities,
  }).then(() => send({ method: "initialized", params: {} }));

  const show = async (text: string): Promise<void> => {
    await opened;
    const textDocument = { uri, languageId: "typescript", version: ++version, text };
    if (version > 1) send({ method: "textDocument/didClose", params: { textDocument: { uri } } } as Message);
    send({ method: "textDocument/didOpen", params: { textDocument } } as Message);
  };

  return {
    async underline(text) {
      await show(text);
      const lines = text.split("\n");
      const { items } = await request<{
        items: { range: { start: Position; end: Position }; message: string }[];
      }>("textDocument/diagnostic", { textDocument: { uri } });
      return items.map(({ range: { start, end }, message }) => ({
        text: lines[start.line]?.slice(start.character, end.character) ?? "",
        message,
      }));
    },
    async complete(text) {
      const [before = "", after = ""] = text.split("|", 2);
      await show(before + after);
      const line = before.split("\n").length - 1;
      const character = before.length - before.lastIndexOf("\n") - 1;
      const params = { textDocument: { uri }, position: { line, character } };
      const { items } = await request<{ items: { label: string }[] }>("textDocument/completion", params);
      return items.map(({ label }) => label);
    },
    async [Symbol.asyncDispose]() {
      server.kill();
      await server.exited;
    },
  };
}
