// What servers answer when they refuse, fail, fall silent or break off, and what comes of it; both dialects alike.
import { describe, expect, test } from "bun:test";
import { provider as anthropic } from "../../../src/providers/llm/anthropic/index.ts";
import { provider as openAiCompatible } from "../../../src/providers/llm/openai-compatible/index.ts";
import type { AppError } from "../../../src/base/errors.ts";
import type { LanguageModelOptions } from "../../../src/reply/language-model.ts";
import type { LlmAnswer } from "../../support/llm-server.ts";
import { collect, failureOf, hello } from "../../reply/reply-model-contract.ts";
import { createUpstream } from "./upstream-subject.ts";

const secret = "sk-stage-4f9c2a7e81d0";

for (const provider of [openAiCompatible, anthropic]) {
  const failure = async (
    answer: LlmAnswer,
    options: Partial<LanguageModelOptions> = {},
  ): Promise<AppError> => {
    await using upstream = await createUpstream(provider, { apiKey: secret });
    upstream.server.answer(answer);
    return await failureOf(collect(upstream.with(options).reply(hello)));
  };
  const body = (message: string, type = "invalid_request_error") => ({
    type: "error",
    error: { type, message, param: null, code: null },
  });

  describe(`${provider.id}: failures`, () => {
    test("a refused key is E_PERM, names its variable and tells nothing of the key", async () => {
      await using upstream = await createUpstream(provider, { apiKey: secret });
      const wrong = "sk-stage-wrong-00000001";
      const error = await failureOf(collect(upstream.with({ apiKey: wrong }).reply(hello)));
      expect(error.code).toBe("E_PERM");
      expect(error.message).toContain("check the key in STAGE_API_KEY");
      const everything = JSON.stringify([
        error.message,
        error.details,
        error.stack,
        Bun.inspect(error.cause),
      ]);
      expect(everything).not.toContain(wrong);
      expect(everything).not.toContain("Hello?");
    });

    test("a half masked key in the server's words is taken out, too", async () => {
      const error = await failure({ status: 403, body: body(`the key sk-st***a7e8 of ${secret} is barred`) });
      expect(error.code).toBe("E_PERM");
      expect(error.message).toContain("the key [key] of [key] is barred");
    });

    test("a missing key is E_PERM and says which variable to set", async () => {
      await using upstream = await createUpstream(provider, { apiKey: secret });
      const error = await failureOf(collect(upstream.with({ apiKey: undefined }).reply(hello)));
      expect(error.code).toBe("E_PERM");
      expect(error.message).toContain("set STAGE_API_KEY");
    });

    test("an unknown model is E_NOT_FOUND and named", async () => {
      const error = await failure({
        status: 404,
        body: body("model 'stage-1' not found", "not_found_error"),
      });
      expect(error.code).toBe("E_NOT_FOUND");
      expect(error.message).toContain("stage-1");
    });

    test.each([
      [{ "retry-after": "7" }, 7000],
      [{ "retry-after-ms": "250", "retry-after": "1" }, 250],
      [{}, undefined],
    ] as const)(
      "a rate limit with %j is E_QUOTA and tells when to try again",
      async (headers, retryAfterMs) => {
        const error = await failure({ status: 429, headers, body: body("slow down", "rate_limit_error") });
        expect(error.code).toBe("E_QUOTA");
        expect(error.details?.["status"]).toBe(429);
        expect(error.details?.["retryAfterMs"]).toBe(retryAfterMs);
      },
    );

    test("a retry-after that is a date is counted from now", async () => {
      const date = new Date(Date.now() + 60_000).toUTCString();
      const error = await failure({ status: 429, headers: { "retry-after": date }, body: body("slow down") });
      const retryAfterMs = error.details?.["retryAfterMs"] as number;
      expect(retryAfterMs).toBeGreaterThan(50_000);
      expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    });

    test("an account without credit is E_QUOTA", async () => {
      expect((await failure({ status: 402, body: body("pay first") })).code).toBe("E_QUOTA");
      const error = await failure({ status: 429, body: body("no quota", "insufficient_quota") });
      expect(error.message).toContain("no credit");
    });

    test.each([
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
      "the request exceeds the available context size, try increasing it",
      "prompt is too long: 210000 tokens > 200000 maximum",
    ])("a conversation that is too long is E_ARGS: %s", async (message) => {
      const error = await failure({ status: 400, body: body(message) });
      expect(error.code).toBe("E_ARGS");
      expect(error.message).toContain("too long for stage-1");
    });

    test("another refusal is E_ARGS in the server's words, cut short", async () => {
      const error = await failure({
        status: 400,
        body: body(`temperature: out of range ${"x".repeat(5000)}`),
      });
      expect(error.code).toBe("E_ARGS");
      expect(error.message).toContain("temperature: out of range");
      expect(error.message.length).toBeLessThan(500);
    });

    test.each([500, 502, 503, 529])("status %i is E_NET", async (status) => {
      const error = await failure({ status, body: "<html>bad gateway</html>" });
      expect(error.code).toBe("E_NET");
      expect(error.details?.["status"]).toBe(status);
    });

    test("an error event in the stream is told by its kind", async () => {
      const say = (type: string) => ({ steps: [{ text: "a" }, { error: { type, message: "oh" } }] });
      expect((await failure(say("rate_limit_error"))).code).toBe("E_QUOTA");
      expect((await failure(say("overloaded_error"))).code).toBe("E_NET");
      expect(
        (await failure({ steps: [{ error: { type: "overloaded_error", message: "busy" } }] })).code,
      ).toBe("E_NET");
    });

    test.each<[string, LlmAnswer]>([
      ["a torn connection", { steps: [{ text: "a" }, { cut: true }] }],
      ["a stream without a finish", { steps: [{ text: "a" }], finish: null }],
      ["a stream without anything", { steps: [], finish: null }],
      ["a chunk that is no JSON", { steps: [{ text: "a" }, { raw: "data: {oops\n\n" }] }],
      [
        "a page where a stream should be",
        { status: 200, headers: { "content-type": "text/html" }, body: "<p>" },
      ],
    ])("%s is E_NET", async (_, answer) => {
      expect((await failure(answer)).code).toBe("E_NET");
    });

    test("a server that falls silent is E_NET after the deadline, and its connection is closed", async () => {
      await using upstream = await createUpstream(provider);
      upstream.server.answer({ steps: [{ text: "a" }, { stall: true }] });
      const replies = upstream.model.reply(hello)[Symbol.asyncIterator]();
      await replies.next();
      const pending = failureOf(replies.next());
      while (upstream.clock.scheduledCount === 0) await new Promise((resolve) => setImmediate(resolve));
      upstream.clock.advance(60_000);
      const error = await pending;
      expect(error.code).toBe("E_NET");
      expect(error.message).toContain("sent nothing for 60 s");
      await upstream.server.requests[0]?.dropped;
      expect(upstream.clock.scheduledCount).toBe(0);
    });

    test("a server that is not there is E_NET with its address", async () => {
      await using upstream = await createUpstream(provider);
      await upstream.server[Symbol.asyncDispose]();
      const error = await failureOf(collect(upstream.model.reply(hello)));
      expect(error.code).toBe("E_NET");
      expect(error.message).toContain(upstream.server.baseUrl);
    });

    test("a redirect is not followed: the key goes to the configured host alone", async () => {
      await using other = await createUpstream(provider);
      const path = provider.id === "anthropic" ? "/messages" : "/chat/completions";
      const location = `${other.server.baseUrl}${path}`;
      const error = await failure({ status: 307, headers: { location } });
      expect(error.code).toBe("E_NET");
      expect(error.message).toContain("put the final address in base_url");
      expect(other.server.requests).toEqual([]);
    });
  });
}
