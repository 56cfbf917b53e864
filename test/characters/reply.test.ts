// A character's own reply: streamed as it comes, held back by its reader, stopped with it.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { characterText, openTestStage, type TestStage } from "../support/character-files.ts";

/** Its time is ample, unless it is to run out. */
const openReply = (members: string, replyTimeoutMs = 20_000): Promise<TestStage> =>
  openTestStage({ "a.ts": characterText({ members }) }, { replyTimeoutMs, promptTimeoutMs: 20_000 });
const replyOf = (cast: TestStage, signal?: AbortSignal): AsyncIterable<string> =>
  cast.stage.book.find("Ada")!.reply([{ role: "user", content: "hi" }], {}, { signal });
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

/** Waits for what a character writes to the file system, which is the one thing it can do unasked. */
async function untilFile(path: string): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!existsSync(path)) {
    if (performance.now() > deadlineMs) throw new Error(`${path} did not come`);
    await Bun.sleep(5);
  }
}
const mark = (name: string): string => `require("node:fs").writeFileSync(import.meta.dir + "/${name}", "");`;

describe("a reply in code", () => {
  test("comes piece by piece, not when it is done", async () => {
    await using cast = await openReply(
      `async *reply() { yield "first"; while (!require("node:fs").existsSync(import.meta.dir + "/go")) await Bun.sleep(2); yield "second"; }`,
    );
    const seen: string[] = [];
    for await (const piece of replyOf(cast)) {
      seen.push(piece);
      if (piece === "first") await cast.folder.write("go", "");
    }
    expect(seen).toEqual(["first", "second"]);
  });

  test("gets the messages, a context, and the same answer for the same seed", async () => {
    await using cast = await openReply(
      `reply(messages: any[], context: any) { return [messages.length, messages[0].content, context.messages.length, context.random(), context.now.toISOString()].join(" "); }`,
    );
    const ada = cast.stage.book.find("Ada")!;
    const messages = [{ role: "user" as const, content: "hi" }];
    const context = { now: "2026-01-02T03:04:05.000Z", seed: 5 };
    const [first] = await Array.fromAsync(ada.reply(messages, context));
    expect(first).toMatch(/^1 hi 1 0\.\d+ 2026-01-02T03:04:05\.000Z$/);
    expect(await Array.fromAsync(ada.reply(messages, context))).toEqual([first!]);
  });

  test("waits for its reader", async () => {
    await using cast = await openReply(
      `*reply() { for (let i = 0; i < 1000; i++) { if (i === 200) ${mark("too-far")} yield String(i); } }`,
    );
    let count = 0;
    for await (const _ of replyOf(cast)) {
      if (++count < 10) continue;
      // It is ahead by the windows of two channels, and no further.
      expect(existsSync(join(cast.folder.path, "too-far"))).toBe(false);
      await Bun.sleep(30);
      expect(existsSync(join(cast.folder.path, "too-far"))).toBe(false);
      break;
    }
    expect(count).toBe(10);
  });

  test("is told to stop when its reader leaves", async () => {
    await using cast = await openReply(
      `async *reply() { try { for (;;) { yield "and "; await Bun.sleep(1); } } finally { ${mark("stopped")} } }`,
    );
    for await (const _ of replyOf(cast)) break;
    await untilFile(join(cast.folder.path, "stopped"));
  });

  test("sees its signal abort, and its caller E_INTERRUPTED", async () => {
    await using cast = await openReply(
      `async *reply(_: any, { signal }: any) { signal.addEventListener("abort", () => { ${mark("aborted")} }); yield "one"; await new Promise(() => {}); }`,
    );
    const abort = new AbortController();
    const error = await (async () => {
      for await (const _ of replyOf(cast, abort.signal)) abort.abort();
    })().catch((e: unknown) => e);
    expect(codeOf(error)).toBe("E_INTERRUPTED");
    await untilFile(join(cast.folder.path, "aborted"));
  });

  test("that cannot be stopped loses its cell, not its character", async () => {
    await using cast = await openTestStage({
      "a.ts": characterText({
        top: "const born = String(Math.random());",
        prompt: "return born;",
        members: `async *reply() { yield "one"; await new Promise(() => {}); }`,
      }),
    });
    const born = await cast.promptOf("Ada");
    for await (const _ of replyOf(cast)) break;
    // The next reply is served at once, beside the one that hangs.
    for await (const piece of replyOf(cast)) {
      expect(piece).toBe("one");
      break;
    }
    const deadlineMs = performance.now() + 30_000;
    while ((await cast.promptOf("Ada")) === born) {
      if (performance.now() > deadlineMs) throw new Error("the cell with the hanging replies was kept");
      await Bun.sleep(20);
    }
    expect(cast.stage.book.find("Ada")?.status).toBe("ready");
  });

  test("that stops giving pieces fails by its deadline, without quarantine while it only waits", async () => {
    await using cast = await openReply(`async *reply() { yield "one"; await new Promise(() => {}); }`, 1000);
    const seen: string[] = [];
    const error = await (async () => {
      for await (const piece of replyOf(cast)) seen.push(piece);
    })().catch((e: unknown) => e);
    expect(seen).toEqual(["one"]);
    expect(codeOf(error)).toBe("E_CHARACTER");
    expect(cast.stage.book.find("Ada")?.status).toBe("ready");
    expect(await cast.promptOf("Ada")).toBe("I am Ada");
  });

  test("of nothing but empty pieces is ended by their number, and none of them is passed on", async () => {
    const members = `*reply() { yield ""; yield "one"; for (;;) yield ""; }`;
    await using cast = await openReply(members);
    const pieces: string[] = [];
    const failure: unknown = await (async () => {
      for await (const piece of replyOf(cast)) pieces.push(piece);
    })().catch((error: unknown) => error);
    expect(pieces).toEqual(["one"]);
    expect(codeOf(failure)).toBe("E_CHARACTER");
    expect(cast.stage.book.problems).toMatchObject([{ error_type: "BadPrompt" }]);
  });

  test("that is no text fails, and is recorded", async () => {
    for (const body of ["return 5;", "return null;", "return [1, 2];", "throw new Error('stuck');"]) {
      await using cast = await openReply(`reply() { ${body} }`);
      const error = await Array.fromAsync(replyOf(cast)).catch((e: unknown) => e);
      expect(codeOf(error)).toBe("E_CHARACTER");
      expect(cast.stage.book.problems).toMatchObject([
        { file: "a.ts", stage: "run", error_type: "BadPrompt" },
      ]);
    }
  });

  test("of many sessions at once are served side by side", async () => {
    await using cast = await openReply(
      `async *reply(messages: any[]) { for (let i = 0; i < 3; i++) { await Bun.sleep(5); yield messages[0].content + i + " "; } }`,
    );
    const ada = cast.stage.book.find("Ada")!;
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        Array.fromAsync(ada.reply([{ role: "user", content: `s${i}-` }], {})).then((pieces) =>
          pieces.join(""),
        ),
      ),
    );
    expect(replies).toEqual(Array.from({ length: 20 }, (_, i) => `s${i}-0 s${i}-1 s${i}-2 `));
  });
});
