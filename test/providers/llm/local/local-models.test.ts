// Both formats, from the file to the words, in real engine processes. The models are written here: random enough to be
// small, real enough for the libraries to load them (test/support/tiny-language.ts).
import { afterEach, describe, expect, test } from "bun:test";
import { truncate } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { ReplyTool } from "../../../../src/reply/port.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { findLlamaCppFolder } from "../../../support/llama-cpp.ts";
import { plainTemplate, weatherCall } from "../../../support/tiny-language.ts";
import {
  ask,
  finishOf,
  ggufFormat,
  type LocalSubject,
  type ModelFormat,
  onnxFormat,
  openSubject,
  replyOf,
  textOf,
} from "./local-subject.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

const weather: ReplyTool = { name: "weather", description: "Tells it.", parameters: { type: "object" } };
const libraryFolder = await findLlamaCppFolder();
const formats: ModelFormat[] =
  libraryFolder === undefined ? [onnxFormat] : [ggufFormat(libraryFolder), onnxFormat];

/** Room for a song that no machine has sung to its end by the time the test is heard. */
const vast = { shape: { contextLength: 65_536 }, contextTokens: 40_000 };
const longSong = { ...ask("Hello", "sing"), maxOutputTokens: 20_000 };

for (const format of formats) {
  const open = async (options: Parameters<typeof openSubject>[1] = {}): Promise<LocalSubject> =>
    stack.use(await openSubject(format, options));

  describe(`a ${format.name} model`, () => {
    test("answers from the prompt, in pieces, until it ends its turn, and counts its tokens", async () => {
      const { model } = await open();
      const events = await replyOf(model, ask("You are Ada.", "Who is there?"));
      expect(events.slice(0, -1)).toEqual(
        ["Ada", " is", " here", "."].map((text) => ({ type: "text-delta", text })),
      );
      const { reason, usage } = finishOf(events);
      expect([reason, usage.outputTokens]).toEqual(["stop", 4]);
      // A longer prompt is more tokens.
      const longer = finishOf(await replyOf(model, ask("You are Ada.", "Who is there, in the rain?")));
      expect(longer.usage.inputTokens).toBeGreaterThan(usage.inputTokens);
      expect(textOf(await replyOf(model, ask("You are Bob.", "Who is there?")))).toBe("Bob is here.");
    });

    test("what was read before is not mixed into another conversation", async () => {
      const { model } = await open();
      const long = "Once upon a time. ".repeat(20);
      for (const [system, name] of [
        [`${long} You are Ada. Ada!`, "Ada"],
        [`${long} You are Bob. Bob!`, "Bob"],
        [`${long} You are Ada. Ada!`, "Ada"],
        ["You are Bob.", "Bob"],
      ] as const) {
        expect(textOf(await replyOf(model, ask(system, "Hello")))).toBe(`${name} is here.`);
        expect(textOf(await replyOf(model, ask(system, "Hello", `${name} is here.`, "And?")))).toBe(
          `${name} is here.`,
        );
      }
    });

    test("the template is the model's own: another one is another prompt", async () => {
      const template = "{% for m in messages %}{{ m.content }} Bob Bob Bob{% endfor %}{{ '\\n' }}";
      const { model } = await open({ shape: { template } });
      expect(textOf(await replyOf(model, ask("You are Ada.", "Hello")))).toBe("Bob is here.");
    });

    test("characters of several tokens come whole", async () => {
      const { model } = await open();
      const events = await replyOf(model, ask("joy", "Hello"));
      expect(events.slice(0, -1)).toEqual(["🙂", "."].map((text) => ({ type: "text-delta", text })));
    });

    test("ends at the limit of tokens, and before a stop string", async () => {
      const { model } = await open();
      const song = ask("Hello", "sing");
      const cut = await replyOf(model, { ...song, maxOutputTokens: 7 });
      expect(textOf(cut)).toBe(" la".repeat(7));
      expect(finishOf(cut)).toMatchObject({ reason: "length", usage: { outputTokens: 7 } });
      const stopped = await replyOf(model, { ...ask("You are Ada.", "Hello"), stop: ["here"] });
      expect(textOf(stopped)).toBe("Ada is ");
      expect(finishOf(stopped).reason).toBe("stop");
    });

    test("with temperature, the same seed says the same", async () => {
      const { model } = await open();
      const say = async (): Promise<string> =>
        textOf(await replyOf(model, { ...ask("Ada Bob", "Hello"), temperature: 2, topP: 1, seed: 5 }));
      expect(await say()).toBe(await say());
    });

    describe("the window", () => {
      const old = Array.from({ length: 30 }, (_, i) =>
        i % 2 === 0 ? "Bob, Bob, Bob and Bob?" : "Bob is here.",
      );

      test("loses the oldest turns, never the system prompt nor the newest turn", async () => {
        const { model } = await open({ contextTokens: 2048 });
        const small = await open({ contextTokens: 256 });
        const talk = ask("You are Ada.", ...old, "Who?");
        const whole = await replyOf(model, { ...talk, maxOutputTokens: 8 });
        expect(textOf(whole)).toBe("Bob is here.");
        expect(finishOf(whole).usage.inputTokens).toBeGreaterThan(256);
        // With nearly every Bob gone, what the system prompt says of Ada weighs more.
        const many = ask(
          "You are Ada, Ada, Ada, Ada, Ada, Ada, Ada, Ada, Ada, Ada, Ada, Ada.",
          ...old,
          "Who?",
        );
        const fitted = await replyOf(small.model, { ...many, maxOutputTokens: 128 });
        expect(textOf(fitted)).toBe("Ada is here.");
        expect(finishOf(fitted).usage.inputTokens).toBeLessThanOrEqual(128);
        const newest = ask("You are Ada.", ...old, "sing");
        expect(textOf(await replyOf(small.model, { ...newest, maxOutputTokens: 3 }))).toBe(" la la la");
      });

      test("is no larger than the model's own, and answers end with it", async () => {
        const { model, recorder } = await open({ shape: { contextLength: 256 }, contextTokens: 4096 });
        await model.start();
        expect(recorder.ofType("engine-load-end")[0]?.detail).toContain("256 tokens");
        const song = await replyOf(model, { ...ask("Hello", "sing"), maxOutputTokens: 5000 });
        const { reason, usage } = finishOf(song);
        expect(reason).toBe("length");
        expect(usage.inputTokens + usage.outputTokens).toBe(256);
      });

      test("a system prompt and question that cannot fit are E_ARGS with the cure", async () => {
        const { model } = await open({ contextTokens: 256 });
        const error = await failureOf(replyOf(model, ask("Ada ".repeat(300), "Hello")));
        expect(error).toMatchObject({ code: "E_ARGS" });
        expect(error.message).toContain("reply.context_tokens");
        expect(textOf(await replyOf(model, ask("Ada", "Hello")))).toBe("Ada is here.");
      });
    });

    describe("tools", () => {
      test("are called where the template knows them, and their results are heard", async () => {
        const { model } = await open();
        const question = { ...ask("You are Ada.", "Will it rain?"), tools: [weather] };
        const events = await replyOf(model, question);
        expect(events).toMatchObject([
          { type: "tool-call", name: "weather", arguments: '{"city":"Oslo"}' },
          { type: "finish", reason: "tool-calls" },
        ]);
        const [call] = events;
        if (call?.type !== "tool-call") throw new Error("unreachable");
        const { type: _, ...asked } = call;
        const answer = await replyOf(model, {
          ...question,
          messages: [
            ...question.messages,
            { role: "assistant", content: "", toolCalls: [asked] },
            { role: "tool", callId: asked.callId, name: "weather", content: "sunny" },
          ],
        });
        expect(textOf(answer)).toBe("sunny is here.");
      });

      test("none is called when none may be, and one that must be is", async () => {
        const { model } = await open();
        const request = { ...ask("You are Ada.", "Will it rain?"), tools: [weather] };
        expect(textOf(await replyOf(model, { ...request, toolChoice: "none" }))).toContain(weatherCall);
        const forced = await replyOf(model, {
          ...ask("You are Ada.", "Hello"),
          tools: [weather],
          toolChoice: { name: "weather" },
        });
        expect(forced[0]).toMatchObject({ type: "tool-call", name: "weather" });
        expect(finishOf(forced).reason).toBe("tool-calls");
      });

      test("are passed over where it does not, and cannot be demanded", async () => {
        const { model, recorder } = await open({ shape: { template: plainTemplate } });
        const request = { ...ask("You are Ada.", "Hello"), tools: [weather] };
        expect(textOf(await replyOf(model, request))).toBe("Ada is here.");
        expect(recorder.ofType("engine-load-end")[0]?.detail).toContain("without tools");
        const error = await failureOf(replyOf(model, { ...request, toolChoice: "required" }));
        expect(error).toMatchObject({ code: "E_ARGS" });
        expect(error.message).toContain("knows no tools");
      });
    });

    describe("cancelling", () => {
      /** Starts a song without end and hears its first words. */
      const beginSong = async (model: LocalSubject["model"], signal?: AbortSignal) => {
        const song = model.streamRound({ ...longSong, signal });
        const events = song[Symbol.asyncIterator]();
        for (let i = 0; i < 5; i++) expect((await events.next()).value).toMatchObject({ text: " la" });
        return events;
      };

      test("ends the reply at once, and the engine soon serves the next", async () => {
        const { model, recorder } = await open(vast);
        const startMs = performance.now();
        await replyOf(model, { ...ask("Hello", "sing"), maxOutputTokens: 500 });
        const verseMs = performance.now() - startMs;
        const abort = new AbortController();
        const events = await beginSong(model, abort.signal);
        const pending = failureOf(
          (async () => {
            for (;;) if ((await events.next()).done) return;
          })(),
        );
        const cancelledAtMs = performance.now();
        abort.abort();
        expect(await pending).toMatchObject({ code: "E_INTERRUPTED" });
        // The engine has not been heard to stop: of its jobs only the verse has ended.
        expect(recorder.ofType("engine-job-end")).toHaveLength(1);
        expect(textOf(await replyOf(model, ask("You are Ada.", "Hello")))).toBe("Ada is here.");
        // Sung to its end, the song would have taken forty verses.
        expect(performance.now() - cancelledAtMs).toBeLessThan(Math.max(3000, 20 * verseMs));
        const ends = recorder.ofType("engine-job-end");
        expect(ends.map(({ outcome }) => outcome)).toEqual(["ok", "cancelled", "ok"]);
        expect(recorder.ofType("engine-exit")).toEqual([]);
      });

      test("leaving the loop does the same", async () => {
        const { model, recorder } = await open(vast);
        const events = await beginSong(model);
        await events.return?.(undefined);
        await recorder.waitFor((event) => event.type === "engine-job-end" && event.outcome === "cancelled");
      });
    });

    describe("the engine's process", () => {
      test("replies queue in their order; one more than may wait is E_BUSY", async () => {
        const { model } = await open({ settings: { queue_limit: 2 } });
        await model.start();
        const order: string[] = [];
        const say = (name: string): Promise<unknown> =>
          replyOf(model, { ...ask(`You are ${name}.`, "Hello"), maxOutputTokens: 1 }).then((events) =>
            order.push(textOf(events)),
          );
        const song = replyOf(model, { ...ask("Hello", "sing"), maxOutputTokens: 200 });
        const first = say("Ada");
        const second = say("Bob");
        const third = await failureOf(say("nobody"));
        expect(third).toMatchObject({ code: "E_BUSY" });
        await Promise.all([song, first, second]);
        expect(order).toEqual(["Ada", "Bob"]);
      });

      test("a crash ends its reply as failed, and the next one has another process", async () => {
        const subject = await open(vast);
        const { model, recorder } = subject;
        const song = model.streamRound(longSong);
        const events = song[Symbol.asyncIterator]();
        await events.next();
        const pid = subject.pid as number;
        process.kill(pid, "SIGKILL");
        const error = await failureOf(
          (async () => {
            for (;;) if ((await events.next()).done) return;
          })(),
        );
        expect(error).toMatchObject({ code: "E_BUSY" });
        expect(error.message).toContain("SIGKILL");
        const next = recorder.waitFor((event) => event.type === "engine-load-end" && subject.pid !== pid);
        expect(textOf(await replyOf(model, ask("You are Ada.", "Hello")))).toBe("Ada is here.");
        await next;
        // What is not loading is waiting: the successor starts at once.
        const [, again] = recorder.ofType("engine-load-end");
        expect(again?.durationMs).toBeLessThan(30_000);
        expect(recorder.ofType("engine-exit")).toHaveLength(1);
      });

      test("a hang ends its reply, says what helps, and harms nobody who waits", async () => {
        const subject = await open({ ...vast, settings: { silence_seconds: 6 } });
        const { model, recorder } = subject;
        const song = model.streamRound(longSong);
        const events = song[Symbol.asyncIterator]();
        await events.next();
        const pid = subject.pid as number;
        process.kill(pid, "SIGSTOP");
        const next = replyOf(model, ask("You are Ada.", "Hello"));
        const error = await failureOf(
          (async () => {
            for (;;) if ((await events.next()).done) return;
          })(),
        );
        expect(error).toMatchObject({ code: "E_BUSY" });
        expect(error.message).toContain("silence_seconds");
        expect(textOf(await next)).toBe("Ada is here.");
        expect(subject.pid).not.toBe(pid);
        expect(recorder.ofType("engine-exit")).toMatchObject([{ reason: "SIGKILL" }]);
      }, 60_000);

      test("is loaded once for all who ask, unloaded when idle, and back when asked", async () => {
        const subject = await open({ settings: { idle_unload_minutes: 0.002 } });
        const { model, recorder } = subject;
        const both = [1, 2].map(() => replyOf(model, ask("You are Ada.", "Hello")));
        await Promise.all([model.start(), ...both]);
        expect(recorder.ofType("engine-load-start")).toHaveLength(1);
        await recorder.waitFor((event) => event.type === "engine-unload");
        expect([model.state, subject.pid]).toEqual(["unloaded", undefined]);
        expect(textOf(await replyOf(model, ask("You are Ada.", "Hello")))).toBe("Ada is here.");
      });

      test("is gone when the model is disposed, and so is the hold on its files", async () => {
        const subject = await open();
        await subject.model.start();
        const pid = subject.pid as number;
        expect(await subject.isInUse()).toBe(true);
        await subject.model[Symbol.asyncDispose]();
        expect(await subject.isInUse()).toBe(false);
        expect(() => process.kill(pid, 0)).toThrow();
        const error = await failureOf(replyOf(subject.model, ask("Ada", "Hello")));
        expect(error).toMatchObject({ code: "E_BUSY" });
      });
    });

    describe("models that are none", () => {
      test("one without a template was not made to talk: E_SCHEMA", async () => {
        const { model } = await open({ shape: { template: null } });
        const error = await failureOf(model.start());
        expect(error).toMatchObject({ code: "E_SCHEMA" });
        expect(error.message).toContain("instruct");
        expect(model.state).toBe("failed");
      });

      test("one whose template cannot be read: E_SCHEMA", async () => {
        const { model } = await open({ shape: { template: "{% if %}" } });
        const error = await failureOf(replyOf(model, ask("Ada", "Hello")));
        expect(error).toMatchObject({ code: "E_SCHEMA" });
        expect(error.message).toContain("template");
      });

      test("a file that was cut off: E_SCHEMA with the command that tells what is damaged", async () => {
        const { model, root } = await open();
        const file =
          format.name === "GGUF"
            ? "llama-cpp/acme/tiny/tiny-F32.gguf"
            : "transformers/acme/tiny/onnx/model_quantized.onnx";
        const path = join(root.path, file);
        await truncate(path, Math.floor(Bun.file(path).size / 2));
        const error = await failureOf(model.start());
        expect(error).toMatchObject({ code: "E_SCHEMA" });
        expect(error.message).toContain("troupe models verify");
      });
    });

    test("another model than the one that runs is E_NOT_FOUND, with what to change", async () => {
      const { model } = await open();
      const error = await failureOf(replyOf(model, { ...ask("Ada", "Hello"), model: "gpt-oss" }));
      expect(error).toMatchObject({ code: "E_NOT_FOUND" });
      expect(error.message).toContain("METADATA.model");
      expect(textOf(await replyOf(model, { ...ask("Ada", "Hello"), model: "acme/tiny" }))).toBe(
        "Ada is here.",
      );
    });
  });
}

test("an ONNX graph that cannot go on from what it knows reads every prompt anew", async () => {
  const { model } = stack.use(await openSubject(onnxFormat, { shape: { isOneByOne: true } }));
  const long = "Once upon a time. ".repeat(20);
  for (const name of ["Ada", "Bob", "Ada"]) {
    expect(textOf(await replyOf(model, ask(`${long} You are ${name}.`, "Hello")))).toBe(`${name} is here.`);
  }
});

/** A GGUF, or the folder of an ONNX export; needs no settings where node-llama-cpp can be had. */
const realModel = process.env.TROUPE_TEST_LANGUAGE_MODEL;
if (realModel === undefined) {
  console.log("no real language model was run: TROUPE_TEST_LANGUAGE_MODEL names none");
} else {
  const real: ModelFormat = { name: "real", write: () => Promise.resolve(), settings: {} };
  test("a real model knows the capital of France", async () => {
    const settings = { threads: availableParallelism(), library_folder: libraryFolder };
    const { model } = stack.use(await openSubject(real, { model: realModel, settings }));
    const events = await replyOf(model, {
      ...ask("Answer in one word.", "What is the capital of France?"),
      maxOutputTokens: 64,
    });
    expect(textOf(events)).toMatch(/Paris/);
  }, 300_000);
}
