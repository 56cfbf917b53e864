import { describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import type { AssetEvent } from "../../src/assets/port.ts";
import type { FeedEvent } from "../../src/server/live-feed.ts";
import { openLiveFeed } from "../../src/server/live-feed.ts";
import { createLiveState } from "../../src/server/live-state.ts";
import { createFakeCharacter, createFakeServices, type FakeServices } from "../support/fake-services.ts";
import { readSse, startTestServer } from "../support/http-server.ts";

function openFeed(services: FakeServices) {
  const leaving = new AbortController();
  const state = createLiveState(services.events, services.speech);
  const events = openLiveFeed(services, state, leaving.signal)[Symbol.asyncIterator]();
  const next = async (): Promise<FeedEvent> => {
    const step = await events.next();
    if (step.done === true) throw new Error("the feed has ended");
    return step.value;
  };
  return { next, events, leave: () => leaving.abort(), state };
}

const progress = (doneBytes: number, asset = "kokoro"): AssetEvent => ({
  type: "asset-progress",
  asset,
  phase: "download",
  doneBytes,
  totalBytes: 100,
  bytesPerSecond: 10.4,
});

describe("the live feed", () => {
  test("begins with everything there is to know", async () => {
    const services = createFakeServices();
    services.speech.setState("tts", { state: "loading", detail: "downloading" });
    const { next, leave, state } = openFeed(services);
    services.events.emit(progress(40));
    expect(await next()).toMatchObject({
      type: "snapshot",
      health: { ok: false, tts_up: false, stt_up: true, can_serve_text: true },
      reply: { is_up: true, source: "scripted", model: "script-1", detail: null },
      engines: [
        { part: "tts", provider: "kokoro", state: "loading", detail: "downloading" },
        { part: "asr", provider: "moonshine", state: "ready", detail: null },
        { part: "vad", provider: "silero", state: "ready", detail: null },
      ],
      assets: [
        { asset: "kokoro", phase: "download", done_bytes: 40, total_bytes: 100, bytes_per_second: 10 },
      ],
      keeps_conversations: false,
      generation: 1,
      characters: [{ name: "Gertrude" }, { name: "Quiz Host" }],
      errors: [],
    });
    expect(state.describeMissing("tts")).toBe("kokoro: downloading (on its way: kokoro, 0 of 0 MiB)");
    leave();
  });

  test("tells what a ready engine says of itself", async () => {
    const services = createFakeServices();
    const { next, leave } = openFeed(services);
    await next();
    const reason = "a faster model is being prepared";
    services.speech.setState("tts", { state: "ready", note: reason });
    services.events.emit({ type: "provider-state" });
    const { type, engines } = await next();
    expect([type, (engines as unknown[])[0]]).toEqual([
      "engine-state",
      { part: "tts", provider: "kokoro", state: "ready", detail: reason },
    ]);
    leave();
  });

  test("tells what was taken off the disk", async () => {
    const services = createFakeServices();
    const { next, leave } = openFeed(services);
    await next();
    services.events.emit({ type: "asset-remove-end", asset: "ann/m", freedBytes: 7 } as AssetEvent);
    expect(await next()).toEqual({ type: "asset-remove-end", asset: "ann/m", freed_bytes: 7 });
    leave();
  });

  test("what is on disk already is not on its way", () => {
    const services = createFakeServices();
    using state = createLiveState(services.events, services.speech);
    for (const phase of ["resolve", "recheck"] as const) {
      services.events.emit({ type: "asset-phase-start", asset: "kokoro", phase } as AssetEvent);
    }
    expect(state.assets()).toEqual([]);
    services.events.emit({ type: "asset-phase-start", asset: "kokoro", phase: "download" } as AssetEvent);
    services.events.emit({ type: "asset-phase-start", asset: "kokoro", phase: "verify" } as AssetEvent);
    expect(state.assets()).toMatchObject([{ asset: "kokoro", phase: "verify" }]);
  });

  test("tells who came, changed and left, with what failed", async () => {
    const services = createFakeServices();
    const { next, leave } = openFeed(services);
    await next();
    const [gertrude] = services.stage.book.characters;
    const changed = createFakeCharacter("Gertrude", { generation: 2, metadata: { good: false } });
    const problem = {
      file: "bad.ts",
      stage: "build" as const,
      error_type: "SyntaxError" as const,
      message: "oops",
    };
    services.stage.setCast([changed, createFakeCharacter("Newcomer")], [{ ...problem, line: 3 }]);
    expect(gertrude?.name).toBe("Gertrude");
    expect(await next()).toMatchObject({
      type: "characters-change",
      generation: 2,
      added: [{ name: "Newcomer" }],
      changed: [{ name: "Gertrude", metadata: { good: false } }],
      removed: ["Quiz Host"],
      errors: [{ file: "bad.ts", message: "oops", line: 3 }],
    });
    leave();
  });

  test("tells of a character that fails in another way than before, and of nobody who is as before", async () => {
    const services = createFakeServices();
    const problem = { file: "a.ts", stage: "build", error_type: "SyntaxError", message: "first" } as const;
    const stale = { status: "stale", error: problem } as const;
    const well = createFakeCharacter("Well");
    services.stage.setCast([createFakeCharacter("Ada", stale), well]);
    const { next, leave } = openFeed(services);
    await next();
    const other = { ...problem, message: "second" };
    services.stage.setCast([createFakeCharacter("Ada", { ...stale, error: other }), well], [other]);
    expect(await next()).toMatchObject({
      type: "characters-change",
      added: [],
      changed: [{ name: "Ada", status: "stale", error: { message: "second" } }],
      removed: [],
    });
    leave();
  });

  test("tells of engines only when something about them is new", async () => {
    const services = createFakeServices();
    const { next, leave } = openFeed(services);
    await next();
    services.events.emit({ type: "provider-state" });
    services.speech.setState("asr", { state: "loading", detail: "starting" });
    services.events.emit({ type: "engine-load-start" });
    services.events.emit({ type: "reply-source-change" });
    expect(await next()).toMatchObject({ type: "engine-state", health: { stt_up: false, ok: false } });
    expect(await next()).toMatchObject({ type: "reply-change", reply: { is_up: true } });
    leave();
  });

  test("tells of tools that ran", async () => {
    const services = createFakeServices();
    const { next, leave } = openFeed(services);
    await next();
    const call = { type: "character-tool-call", character: "Gertrude", tool: "clock", outcome: "ok" };
    services.events.emit(Object.assign(call, { durationMs: 12.3 }));
    expect(await next()).toEqual({
      type: "tool-run",
      character: "Gertrude",
      tool: "clock",
      outcome: "ok",
      duration_ms: 12,
    });
    leave();
  });

  test("gives a slow listener the newest progress only", async () => {
    const services = createFakeServices();
    const { next, leave } = openFeed(services);
    await next();
    for (let i = 1; i <= 1000; i++) services.events.emit(progress(i));
    services.events.emit(progress(7, "silero"));
    expect(await next()).toMatchObject({ asset: "kokoro", done_bytes: 1000 });
    expect(await next()).toMatchObject({ asset: "silero", done_bytes: 7 });
    leave();
  });

  test("ends for a listener that has fallen behind on what must not be lost", async () => {
    const services = createFakeServices();
    const { next, events } = openFeed(services);
    await next();
    for (let i = 0; i < 300; i++) {
      services.events.emit({ type: "asset-phase-start", asset: "a", phase: "verify" } as AssetEvent);
    }
    let count = 0;
    while ((await events.next()).done !== true) count++;
    expect(count).toBe(256);
  });

  test("lets go of its subscriptions when the listener leaves", async () => {
    const services = createFakeServices();
    const { next, events, leave } = openFeed(services);
    await next();
    const waiting = events.next();
    leave();
    expect((await waiting).done).toBe(true);
    services.stage.setCast([]);
  });
});

describe("GET /v1/events", () => {
  test("streams the feed, and lets go when the listener leaves", async () => {
    await using server = startTestServer();
    const leaving = new AbortController();
    const response = await fetch(`${server.url}/v1/events`, { signal: leaving.signal });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const types: unknown[] = [];
    const reading = (async () => {
      for await (const event of readSse(response)) {
        types.push(event["type"]);
        if (types.length === 1) server.services.stage.setCast([createFakeCharacter("Solo")]);
        else leaving.abort();
      }
    })();
    await reading.catch(() => undefined);
    expect(types).toEqual(["snapshot", "characters-change"]);
    await eventually("no request", () => server.server.activeRequests === 0);
  });

  test("a HEAD does not stay open", async () => {
    await using server = startTestServer();
    expect((await fetch(`${server.url}/v1/events`, { method: "HEAD" })).status).toBe(200);
    expect(server.server.activeRequests).toBe(0);
  });
});
