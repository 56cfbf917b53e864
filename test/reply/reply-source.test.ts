import { describe, expect, test } from "bun:test";
import type { LanguageModelProvider } from "../../src/reply/language-model.ts";
import type { ReplyProviderId } from "../../src/reply/plan-reply-source.ts";
import { createReplySource, type ReplySourceOptions } from "../../src/reply/reply-source.ts";
import type { ReplySourceEvent } from "../../src/reply/source.ts";
import { createEventRecorder } from "../support/event-recorder.ts";
import { eventually } from "../support/eventually.ts";
import { createLlmServer } from "../support/llm-server.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { collect, failureOf, hello, textOf } from "./reply-model-contract.ts";

/** The providers as the composition root hands them in; what was imported is kept. */
function createSource(options: ReplySourceOptions, fetchImpl: typeof fetch = fetch) {
  const loaded: ReplyProviderId[] = [];
  const load = (id: ReplyProviderId) => async (): Promise<LanguageModelProvider> => {
    loaded.push(id);
    return (await import(`../../src/providers/llm/${id}/index.ts`)).provider;
  };
  const clock = createManualClock();
  const recorder = createEventRecorder<ReplySourceEvent>();
  const source = createReplySource(
    {
      fetch: (url, init) => fetchImpl(url, init),
      clock,
      emit: (event) => {
        if (event.type === "reply-source-change") recorder.emit(event);
      },
      local: {
        loadProvider: () => Promise.reject(new Error("no model is to run here")),
        modelsRoot: "/nowhere",
        threads: 1,
        contextTokens: 4096,
        settings: undefined,
        holdModel: () => Promise.reject(new Error("nothing is to be held")),
      },
      loaders: { "openai-compatible": load("openai-compatible"), anthropic: load("anthropic") },
    },
    { probeTimeoutMs: 30_000, ...options },
  );
  return { source, clock, loaded, recorder };
}

const chatty = [
  { id: "nomic-embed-text" },
  { id: "gpt-oss:120b-cloud" },
  { id: "llama3.2:latest" },
  { id: "qwen3" },
];

describe("with nothing configured", () => {
  test("the first local server with a model that chats is taken, and it replies", async () => {
    await using dead = await createLlmServer();
    await using embedder = await createLlmServer();
    await using ollama = await createLlmServer();
    await using other = await createLlmServer();
    await dead[Symbol.asyncDispose]();
    embedder.models = [{ id: "nomic-embed-text" }];
    ollama.models = chatty;
    other.models = chatty;
    const probeUrls = [dead, embedder, ollama, other].map((server) => server.baseUrl);
    const { source, recorder } = createSource({ probeUrls });
    await using _ = source;
    expect(source.current()).toBeUndefined();
    expect(source.status()).toMatchObject({ isUp: false, source: "none" });

    const status = await source.probe();
    expect(status).toMatchObject({ isUp: true, model: "llama3.2:latest" });
    expect(status.detail).toContain(ollama.baseUrl);
    expect(recorder.events.map((event) => event.status.isUp)).toEqual([true]);
    expect(source.current()).toMatchObject({ id: "openai-compatible", model: "llama3.2:latest" });

    ollama.answer({ steps: [{ text: "Good evening." }] });
    expect(textOf(await collect(source.current()!.reply(hello)))).toBe("Good evening.");
    expect(ollama.requests[0]?.body.model).toBe("llama3.2:latest");
  });

  test("nothing found: no model, and the status says where it looked", async () => {
    await using dead = await createLlmServer();
    await dead[Symbol.asyncDispose]();
    const { source } = createSource({ probeUrls: [dead.baseUrl] });
    await using _ = source;
    const status = await source.probe();
    expect(status).toMatchObject({ isUp: false, source: "none" });
    expect(status.detail).toContain(dead.baseUrl);
    expect(source.current()).toBeUndefined();
  });

  test.each<[string, () => unknown]>([
    ["another program's page", () => "<html>"],
    ["another program's JSON", () => ({ hello: "world" })],
    ["an empty list", () => []],
    ["a refusal", () => 404],
    ["a redirect", () => 302],
    ["a server of this kind itself", () => [{ id: "Ada", owned_by: "troupe" }, { id: "llama" }]],
    ["one without characters", () => [{ id: "kokoro", owned_by: "troupe-speech" }]],
    ["a list without end", () => [{ id: "x".repeat(5_000_000) }]],
  ])("%s is not taken for a language model", async (_name, models) => {
    await using server = await createLlmServer();
    server.models = models as () => number;
    const { source } = createSource({ probeUrls: [server.baseUrl] });
    await using _ = source;
    expect(await source.probe()).toMatchObject({ isUp: false, source: "none" });
  });

  test("a wanted model is looked for on every server, with or without its tag", async () => {
    await using first = await createLlmServer();
    await using second = await createLlmServer();
    first.models = [{ id: "qwen3" }];
    second.models = chatty;
    const probeUrls = [first.baseUrl, second.baseUrl];
    const { source } = createSource({ probeUrls, model: "llama3.2" });
    await using _ = source;
    const status = await source.probe();
    expect(status.model).toBe("llama3.2");
    expect(status.detail).toContain(second.baseUrl);

    const { source: other } = createSource({ probeUrls, model: "absent" });
    await using __ = other;
    expect((await other.probe()).detail).toContain("has no model absent");
  });

  test("a server that comes later is found, one that goes is let go, and looks are fifteen seconds apart", async () => {
    const early = await createLlmServer();
    const port = Number(new URL(early.url).port);
    await early[Symbol.asyncDispose]();
    const { source, clock, recorder } = createSource({ probeUrls: [early.baseUrl] });
    await using _ = source;
    await source.probe();
    expect(clock.scheduledCount).toBe(1);

    const server = await createLlmServer({ port });
    server.models = chatty;
    clock.advance(14_999);
    expect(server.listCount).toBe(0);
    clock.advance(1);
    await recorder.waitFor((event) => event.status.isUp);
    expect(source.current()).toBeDefined();

    await server[Symbol.asyncDispose]();
    // The look is over, and the next one set, when the clock holds a deadline again.
    while (clock.scheduledCount === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(15_000);
    await recorder.waitFor((event) => !event.status.isUp && event !== recorder.events[0]);
    expect(source.current()).toBeUndefined();
  });

  test("a server that is busy is not gone", async () => {
    await using server = await createLlmServer();
    server.models = chatty;
    const { source } = createSource({ probeUrls: [server.baseUrl], probeTimeoutMs: 200 });
    await using _ = source;
    // A machine that is busy itself may be too late for a look or two.
    await eventually("the server to be found", async () => (await source.probe()).isUp, 30_000);
    server.models = () => new Promise(() => undefined);
    expect(await source.probe()).toMatchObject({ isUp: true, model: "llama3.2:latest" });
    expect(source.current()).toBeDefined();
  });

  test("the server in force stays when another appears before it in the order", async () => {
    await using first = await createLlmServer();
    await using second = await createLlmServer();
    second.models = chatty;
    const { source } = createSource({ probeUrls: [first.baseUrl, second.baseUrl] });
    await using _ = source;
    await source.probe();
    const model = source.current();
    first.models = chatty;
    second.models = [{ id: "new-one" }, ...chatty];
    expect((await source.probe()).detail).toContain(second.baseUrl);
    expect(source.current()).toBe(model);
    expect(source.current()?.model).toBe("llama3.2:latest");
  });

  test("offline, only servers on this machine are asked", async () => {
    const asked: string[] = [];
    const spy = ((url: string) => {
      asked.push(url);
      return Promise.reject(new Error("no"));
    }) as unknown as typeof fetch;
    const probeUrls = ["http://192.0.2.1:11434/v1", "http://127.0.0.1:9/v1"];
    const { source } = createSource({ probeUrls, isOffline: true }, spy);
    await using _ = source;
    await source.probe();
    expect(asked).toEqual(["http://127.0.0.1:9/v1/models"]);
  });
});

describe("with a server configured", () => {
  test("it is in force before it has been asked, and its provider is imported when it is needed", async () => {
    await using server = await createLlmServer({ apiKey: "sk-stage-000001" });
    const { source, loaded } = createSource({
      baseUrl: server.baseUrl,
      apiKey: "sk-stage-000001",
      model: "stage-1",
      temperature: 0.3,
    });
    await using _ = source;
    expect(source.current()?.model).toBe("stage-1");
    expect(loaded).toEqual([]);
    server.answer({ steps: [{ text: "Hi." }] });
    expect(textOf(await collect(source.current()!.reply(hello)))).toBe("Hi.");
    expect(server.requests[0]?.body).toMatchObject({ model: "stage-1", temperature: 0.3 });
    expect(loaded).toEqual(["openai-compatible"]);
  });

  test("without a model, the first of its list that chats is taken with the first reply", async () => {
    await using server = await createLlmServer();
    server.models = chatty;
    server.answer({ steps: [{ text: "Hi." }] });
    const { source } = createSource({ source: "ollama", baseUrl: server.url });
    await using _ = source;
    expect(source.current()?.model).toBe("");
    await collect(source.current()!.reply(hello));
    expect(server.requests[0]?.body.model).toBe("llama3.2:latest");
    expect(source.current()?.model).toBe("llama3.2:latest");
  });

  test("it is waited for where one that may be there is not", async () => {
    await using server = await createLlmServer();
    const answered = Promise.withResolvers<void>();
    server.models = () => answered.promise.then(() => chatty);
    const patience = { probeTimeoutMs: 1000 };
    const { source: named } = createSource({ source: "ollama", baseUrl: server.baseUrl, ...patience });
    await using _ = named;
    const waiting = named.probe();
    // Asked later, and given up sooner.
    const { source: looking } = createSource({ probeUrls: [server.baseUrl], ...patience });
    await using __ = looking;
    expect(await looking.probe()).toMatchObject({ isUp: false });
    answered.resolve();
    expect(await waiting).toMatchObject({ isUp: true, model: "llama3.2:latest" });
  }, 30_000);

  test("while it is down its replies say so, and it is back as soon as it answers", async () => {
    const early = await createLlmServer();
    const port = Number(new URL(early.url).port);
    await early[Symbol.asyncDispose]();
    const { source } = createSource({ source: "ollama", baseUrl: early.baseUrl });
    await using _ = source;
    expect(await source.probe()).toMatchObject({ isUp: false, source: "ollama" });
    const error = await failureOf(collect(source.current()!.reply(hello)));
    expect(error.code).toBe("E_NET");
    expect(error.message).toContain("Ollama");
    // The failure made it look by itself; that look is over first.
    await source.probe();

    await using server = await createLlmServer({ port });
    server.models = chatty;
    server.answer({ steps: [{ text: "Back." }] });
    expect(await source.probe()).toMatchObject({ isUp: true, source: "ollama", model: "llama3.2:latest" });
    expect(textOf(await collect(source.current()!.reply(hello)))).toBe("Back.");
  });

  test("a server without a list of models is up when the model is named", async () => {
    await using server = await createLlmServer();
    server.models = () => 404;
    const named = createSource({ baseUrl: server.baseUrl, model: "stage-1" });
    await using _ = named.source;
    expect(await named.source.probe()).toMatchObject({ isUp: true, model: "stage-1" });
    const unnamed = createSource({ baseUrl: server.baseUrl });
    await using __ = unnamed.source;
    const status = await unnamed.source.probe();
    expect(status).toMatchObject({ isUp: false });
    expect(status.detail).toContain("no model to chat with");
  });

  test("a refused key is told with the variable's name, never with the key", async () => {
    await using server = await createLlmServer({ apiKey: "sk-stage-right-1" });
    const { source } = createSource({
      baseUrl: server.baseUrl,
      apiKey: "sk-stage-wrong-1",
      apiKeyName: "MY_KEY",
      model: "m",
    });
    await using _ = source;
    const { detail } = await source.probe();
    expect(detail).toContain("check the key in MY_KEY");
    expect(detail).not.toContain("wrong");
  });

  test("Anthropic is asked in its own way", async () => {
    await using server = await createLlmServer({ apiKey: "sk-ant-000001" });
    server.models = [{ id: "stage-1" }];
    server.answer({ steps: [{ text: "Hi." }] });
    const settings = { source: "anthropic", apiKey: "sk-ant-000001", model: "stage-1" };
    const { source, loaded } = createSource({ ...settings, baseUrl: server.url });
    await using _ = source;
    expect(await source.probe()).toMatchObject({ isUp: true, source: "anthropic" });
    expect(textOf(await collect(source.current()!.reply(hello)))).toBe("Hi.");
    expect(server.requests[0]?.path).toBe("/v1/messages");
    expect(new Set(loaded)).toEqual(new Set(["anthropic"]));
  });

  test("a reply that fails makes it look at once", async () => {
    await using server = await createLlmServer();
    server.models = chatty;
    const { source, recorder } = createSource({ baseUrl: server.baseUrl });
    await using _ = source;
    await source.probe();
    server.models = () => 503;
    server.answer({ status: 503 });
    await failureOf(collect(source.current()!.reply(hello)));
    await recorder.waitFor((event) => !event.status.isUp);
    expect(source.status().detail).toContain("503");
  });

  test("what cannot work is told by the status and by every reply, and nobody is asked", async () => {
    const spy = (() => Promise.reject(new Error("asked"))) as unknown as typeof fetch;
    for (const [settings, code] of [
      [{ source: "openai", model: "m" }, "E_PERM"],
      [{ source: "openai", apiKey: "k" }, "E_ARGS"],
      [{ source: "openai", apiKey: "k", model: "m", isOffline: true }, "E_NET"],
    ] as const) {
      const { source, clock } = createSource(settings, spy);
      await using _ = source;
      expect(await source.probe()).toMatchObject({ isUp: false, source: "openai" });
      const error = await failureOf(collect(source.current()!.reply(hello)));
      expect(error.code).toBe(code);
      expect(source.status().detail).toBe(error.message);
      expect(clock.scheduledCount).toBe(0);
    }
  });

  test("settings that make no sense are refused at once", () => {
    expect(() => createSource({ source: "openia" })).toThrow("is unknown");
  });

  test("none asks nobody and has no model", async () => {
    const { source, clock } = createSource({ source: "none" });
    await using _ = source;
    expect(await source.probe()).toMatchObject({ isUp: false, source: "none" });
    expect(source.current()).toBeUndefined();
    expect(clock.scheduledCount).toBe(0);
  });
});

describe("how often it looks", () => {
  const remote = (answer: () => Response) => {
    let askedCount = 0;
    const stage = (() => {
      askedCount += 1;
      return Promise.resolve(answer());
    }) as unknown as typeof fetch;
    const made = createSource({ baseUrl: "http://box.example:8000/v1", model: "m" }, stage);
    return { ...made, asked: () => askedCount };
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test("a remote server that is up is left in peace", async () => {
    const { source, clock } = remote(() => Response.json({ data: [{ id: "m" }] }));
    await using _ = source;
    await source.probe();
    expect(clock.scheduledCount).toBe(0);
  });

  test("a remote server that stays down is asked ever more rarely", async () => {
    const { source, clock, asked } = remote(() => new Response("", { status: 500 }));
    await using _ = source;
    await source.probe();
    const waits: number[] = [];
    for (let look = 0; look < 8; look++) {
      const [before, startMs] = [asked(), clock.nowMs()];
      while (asked() === before) {
        clock.advance(1000);
        await settled();
      }
      waits.push((clock.nowMs() - startMs) / 1000);
      while (clock.scheduledCount === 0) await settled();
    }
    expect(waits).toEqual([15, 30, 60, 120, 240, 300, 300, 300]);
  });

  test("looks that overlap are one look", async () => {
    const { source, asked } = remote(() => Response.json({ data: [] }));
    await using _ = source;
    await Promise.all([source.probe(), source.probe(), source.probe()]);
    expect(asked()).toBe(1);
  });

  test("a waiting caller leaves by its signal, the look goes on", async () => {
    await using server = await createLlmServer();
    const gate = Promise.withResolvers<unknown>();
    server.models = () => gate.promise;
    const { source, recorder } = createSource({ baseUrl: server.baseUrl, model: "m" });
    await using _ = source;
    const abort = new AbortController();
    const waiting = failureOf(source.probe(abort.signal));
    abort.abort();
    expect((await waiting).code).toBe("E_INTERRUPTED");
    gate.resolve([{ id: "m" }]);
    await recorder.waitFor((event) => event.status.isUp);
  });

  test("closing ends a look under way and sets no other", async () => {
    await using server = await createLlmServer();
    server.models = () => new Promise(() => undefined);
    const { source, clock } = createSource({ baseUrl: server.baseUrl, model: "m", probeTimeoutMs: 60_000 });
    const look = failureOf(source.probe());
    while (server.listCount === 0) await settled();
    await source[Symbol.asyncDispose]();
    expect((await look).code).toBe("E_INTERRUPTED");
    expect(clock.scheduledCount).toBe(0);
    expect(await source.probe()).toMatchObject({ isUp: false });
  });
});
