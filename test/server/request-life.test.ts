import { describe, expect, test } from "bun:test";
import { createLifeRegistry } from "../../src/server/request-life.ts";

const client = () => new AbortController();

describe("a request's life", () => {
  test("aborts when the client goes", () => {
    const leaving = client();
    const life = createLifeRegistry().open("1", leaving.signal);
    expect(life.signal.aborted).toBe(false);
    leaving.abort();
    expect(life.signal.reason).toMatchObject({ code: "E_INTERRUPTED" });
  });

  test("is aborted from the start when the client has gone already", () => {
    expect(createLifeRegistry().open("1", AbortSignal.abort()).signal.aborted).toBe(true);
  });

  test("ends once, and tells all who asked, even those who ask too late", () => {
    const lives = createLifeRegistry();
    const life = lives.open("1", client().signal);
    const calls: string[] = [];
    life.onEnd(() => calls.push("a"));
    life.onEnd(() => calls.push("b"));
    life.end();
    life.end();
    life.onEnd(() => calls.push("late"));
    expect(calls).toEqual(["a", "b", "late"]);
    expect(life.signal.aborted).toBe(true);
    expect(lives.activeCount).toBe(0);
  });
});

describe("drain", () => {
  test("waits for what runs, and does not abort it", async () => {
    const lives = createLifeRegistry();
    const life = lives.open("1", client().signal);
    let isDrained = false;
    const draining = lives.drain(60_000).then(() => (isDrained = true));
    await Bun.sleep(0);
    expect({ isDrained, aborted: life.signal.aborted }).toEqual({ isDrained: false, aborted: false });
    life.end();
    await draining;
    expect(isDrained).toBe(true);
  });

  test("stops what has no end of its own at once, and lets it say goodbye", async () => {
    const lives = createLifeRegistry();
    const feed = lives.open("1", client().signal);
    feed.markEndless();
    feed.signal.addEventListener("abort", () => feed.end());
    await lives.drain(60_000);
    expect(lives.activeCount).toBe(0);
  });

  test("stops what is left when the patience is over", async () => {
    const lives = createLifeRegistry();
    const life = lives.open("1", client().signal);
    await lives.drain(1);
    expect(life.signal.reason).toMatchObject({ code: "E_INTERRUPTED", message: "the server is stopping" });
  });
});
