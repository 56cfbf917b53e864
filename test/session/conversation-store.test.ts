import { describe, expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type ConversationState,
  type ConversationStore,
  type ConversationThread,
  openConversationStore,
} from "../../src/session/conversation-store.ts";
import type { Item, MessageItem } from "../../src/session/items.ts";
import { failureOf } from "../support/failure-of.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const message = (id: string, role: MessageItem["role"], text: string): Item => ({
  type: "message",
  id,
  role,
  status: "completed",
  parts: [{ type: "output-text", text }],
  toolRuns: [],
});
const state = (items: Item[], memory: ConversationState["memory"] = null): ConversationState => ({
  items,
  memory,
  cast: { character: { name: "Gertrude" } },
});

const take = (store: ConversationStore, id: string, onTaken = (): void => undefined): ConversationThread =>
  store.open(id, { onTaken });

async function createFixture() {
  const held = new AsyncDisposableStack();
  const folder = held.use(await createTempFolder());
  const clock = createManualClock();
  const troubles: unknown[] = [];
  const file = join(folder.path, "deep", "conversations.sqlite");
  const open = (): ConversationStore =>
    held.use(openConversationStore({ clock, onTrouble: (error) => troubles.push(error) }, { file }));
  return { file, clock, troubles, open, folder, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

describe("a kept conversation", () => {
  const heard: Item = {
    type: "message",
    id: "b",
    role: "assistant",
    status: "incomplete",
    parts: [
      {
        type: "output-audio",
        words: [{ text: "Hello ", startMs: 0, endMs: 300 }],
        audioMs: 900,
        heardMs: 400,
      },
    ],
    toolRuns: [{ callId: "1", name: "dice", arguments: "{}", content: "4", atChar: 3 }],
  };
  const items: Item[] = [
    message("a", "user", "Hello"),
    heard,
    { type: "call", id: "c", status: "completed", callId: "1", name: "f", arguments: "{}" },
    { type: "call-output", id: "d", status: "completed", callId: "1", output: "done" },
  ];

  test("comes back as it was, from another process too", async () => {
    await using f = await createFixture();
    {
      using store = f.open();
      const thread = take(store, "tale-1");
      expect([thread.items, thread.memory]).toEqual([[], null]);
      thread.keep(state(items, { summary: "They met.", itemIds: ["a"] }));
      thread.finish();
    }
    const thread = take(f.open(), "tale-1");
    expect(thread.items).toEqual(items);
    expect(thread.memory).toEqual({ summary: "They met.", itemIds: ["a"] });
    expect((await stat(f.file)).mode & 0o777).toBe(0o600);
  });

  test("is written a moment after it changed, and only where it did", async () => {
    await using f = await createFixture();
    const store = f.open();
    const thread = take(store, "t");
    thread.keep(state(items.slice(0, 1)));
    expect(store.list()).toEqual([]);
    f.clock.advance(1000);
    expect(store.read("t").items.map(({ item }) => item.id)).toEqual(["a"]);
    const first = store.read("t").items[0]?.createdAt;
    f.clock.advance(60_000);
    thread.keep(state(items));
    f.clock.advance(1000);
    const read = store.read("t");
    expect(read.items.map(({ item }) => item.id)).toEqual(["a", "b", "c", "d"]);
    expect(read.items[0]?.createdAt).toBe(first as number);
    expect(read.items[1]?.createdAt).toBe((first as number) + 61);
    expect(read.updatedAt).toBe(read.createdAt + 61);
  });

  test("forgets what was deleted, and keeps the order of what was put between", async () => {
    await using f = await createFixture();
    const store = f.open();
    const thread = take(store, "t");
    thread.keep(state(items));
    f.clock.advance(1000);
    const changed = [items[0], message("x", "user", "between"), items[3]] as Item[];
    thread.keep(state(changed));
    thread.finish();
    expect(take(store, "t").items).toEqual(changed);
  });

  test("is as old as it was where something before it is deleted, also after it was taken up again", async () => {
    await using f = await createFixture();
    const store = f.open();
    const thread = take(store, "t");
    thread.keep(state(items));
    thread.finish();
    const [before] = store.read("t").items;
    f.clock.advance(60_000);
    const again = take(store, "t");
    const shorter = [...again.items.slice(1), message("new", "user", "!")];
    again.keep(state(shorter));
    f.clock.advance(60_000);
    again.keep(state(shorter.slice(1)));
    again.finish();
    const ages = store
      .read("t")
      .items.map(({ item, createdAt }) => [item.id, createdAt - (before?.createdAt ?? 0)]);
    expect(ages).toEqual([
      ["c", 0],
      ["d", 0],
      ["new", 60],
    ]);
  });

  test("what was still being written when the process died is incomplete", async () => {
    await using f = await createFixture();
    const store = f.open();
    const thread = take(store, "t");
    thread.keep(state([{ ...heard, status: "in-progress" }]));
    thread.finish();
    expect(store.read("t").items[0]?.item.status).toBe("incomplete");
    expect(take(store, "t").items[0]?.status).toBe("incomplete");
  });

  test("of a very long one the end is taken up again, and goes on where it was", async () => {
    await using f = await createFixture();
    const store = f.open();
    const thread = take(store, "t");
    const many = Array.from({ length: 600 }, (_, i) => message(`m${i}`, "user", `${i}`));
    thread.keep(state(many));
    thread.finish();
    const again = take(store, "t");
    const { items: resumed } = again;
    expect([resumed.length, resumed[0]?.id]).toEqual([500, "m100"]);
    again.keep(state([...resumed, message("new", "user", "!")]));
    again.finish();
    const { items: all, itemCount } = store.read("t");
    expect([itemCount, all[0]?.item.id, all.at(-1)?.item.id]).toEqual([601, "m0", "new"]);
  });

  test("a summary of what is not taken up again does not keep the next one from counting", async () => {
    await using f = await createFixture();
    const store = f.open();
    const thread = take(store, "t");
    const many = Array.from({ length: 600 }, (_, i) => message(`m${i}`, "user", `${i}`));
    const summary = "They counted.";
    thread.keep(state(many, { summary, itemIds: many.slice(0, 150).map(({ id }) => id) }));
    thread.finish();
    const { items, memory } = take(store, "t");
    expect(memory).toEqual({ summary, itemIds: items.slice(0, 50).map(({ id }) => id) });
  });

  test("belongs to who took it last, with the last words of who had it before", async () => {
    await using f = await createFixture();
    const store = f.open();
    const taken: string[] = [];
    const first = take(store, "t", () => {
      taken.push("first");
      first.keep(state(items.slice(0, 2)));
      first.finish();
    });
    first.keep(state(items.slice(0, 1)));
    const second = take(store, "t", () => taken.push("second"));
    expect([taken, second.items.map(({ id }) => id)]).toEqual([["first"], ["a", "b"]]);
    first.keep(state([]));
    f.clock.advance(1000);
    expect(store.read("t").itemCount).toBe(2);
    second.finish();
    take(store, "t");
    expect(taken).toEqual(["first"]);
  });

  test("is listed, and removed when no session has it", async () => {
    await using f = await createFixture();
    const store = f.open();
    for (const id of ["one", "two"]) {
      const thread = take(store, id);
      thread.keep(state(items.slice(0, 2)));
      f.clock.advance(5000);
      if (id === "one") thread.finish();
    }
    expect(store.list().map(({ id, character, itemCount }) => [id, character, itemCount])).toEqual([
      ["two", "Gertrude", 2],
      ["one", "Gertrude", 2],
    ]);
    expect(await failureOf(Promise.try(() => store.remove("two")))).toMatchObject({ code: "E_BUSY" });
    store.remove("one");
    expect(await failureOf(Promise.try(() => store.read("one")))).toMatchObject({ code: "E_NOT_FOUND" });
    expect(await failureOf(Promise.try(() => store.remove("one")))).toMatchObject({ code: "E_NOT_FOUND" });
    expect(take(store, "one").items).toEqual([]);
  });
});

test("what was said last is listed in one line, shortened, and passes over what nobody heard", async () => {
  await using f = await createFixture();
  using store = f.open();
  const long = `The  first\nline. ${"🎭".repeat(200)}`;
  for (const [id, said] of [
    ["none", []],
    ["unheard", ["Hello", ""]],
    ["long", [long]],
  ] as const) {
    const thread = take(store, id);
    thread.keep(
      state(said.map((text, i) => message(`${id}-${i}`, i % 2 === 0 ? "user" : "assistant", text))),
    );
    thread.finish();
  }
  expect(Object.fromEntries(store.list().map(({ id, lastWords }) => [id, lastWords]))).toEqual({
    none: null,
    unheard: "Hello",
    long: `The first line. ${"🎭".repeat(104)}…`,
  });
  expect(store.read("unheard").lastWords).toBe("Hello");
});

describe("a file that cannot be used", () => {
  test("an id that is none is E_ARGS", async () => {
    await using f = await createFixture();
    const store = f.open();
    for (const id of ["", "../x", "a b", "-a", "x".repeat(129)]) {
      expect(await failureOf(Promise.try(() => take(store, id)))).toMatchObject({ code: "E_ARGS" });
    }
  });

  test("something else under its name is E_SCHEMA, and stays as it is", async () => {
    await using f = await createFixture();
    const text = "these are my notes, and no database at all. ".repeat(100);
    await f.folder.write("deep/conversations.sqlite", text);
    expect(await failureOf(Promise.try(() => f.open()))).toMatchObject({ code: "E_SCHEMA" });
    expect(await Bun.file(f.file).text()).toBe(text);
  });

  test("a folder under its name is refused", async () => {
    await using f = await createFixture();
    await f.folder.write("deep/conversations.sqlite/x", "");
    expect((await failureOf(Promise.try(() => f.open()))).message).toContain("conversations.sqlite");
  });

  test("what cannot be written is told once, and tried again at the next change and at the end", async () => {
    await using f = await createFixture();
    const store = f.open();
    const thread = take(store, "t");
    const now = state([message("a", "user", "1")]);
    const { Database } = await import("bun:sqlite");
    {
      using locking = new Database(f.file);
      locking.run("BEGIN IMMEDIATE");
      thread.keep(now);
      f.clock.advance(1000);
      // A session tells its state many times a second.
      thread.keep(now);
      f.clock.advance(1000);
      expect(f.troubles).toMatchObject([{ code: "E_BUSY" }]);
      locking.run("ROLLBACK");
    }
    thread.finish();
    expect(store.read("t").itemCount).toBe(1);
  });

  test("one that another process is writing is not removed: E_BUSY, and nothing is lost", async () => {
    await using f = await createFixture();
    const store = f.open();
    const thread = take(store, "t");
    thread.keep(state([message("a", "user", "1")]));
    thread.finish();
    const { Database } = await import("bun:sqlite");
    using locking = new Database(f.file);
    locking.run("BEGIN IMMEDIATE");
    expect(await failureOf(Promise.try(() => store.remove("t")))).toMatchObject({ code: "E_BUSY" });
    locking.run("ROLLBACK");
    expect(store.read("t").itemCount).toBe(1);
    store.remove("t");
    expect(store.list()).toEqual([]);
  });

  test("what cannot be written is told, and written with the next change", async () => {
    await using f = await createFixture();
    const store = f.open();
    const thread = take(store, "t");
    {
      using other = f.open();
      void other;
      const { Database } = await import("bun:sqlite");
      using locking = new Database(f.file);
      locking.run("BEGIN IMMEDIATE");
      thread.keep(state([message("a", "user", "1")]));
      f.clock.advance(1000);
      expect(f.troubles).toMatchObject([{ code: "E_BUSY" }]);
      locking.run("ROLLBACK");
    }
    thread.keep(state([message("a", "user", "1"), message("b", "user", "2")]));
    f.clock.advance(1000);
    expect(store.read("t").itemCount).toBe(2);
  });
});
