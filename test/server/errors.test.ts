import { describe, expect, test } from "bun:test";
import { AppError, errorTable, type ErrorCode } from "../../src/base/errors.ts";
import { createServer } from "../../src/server/create-server.ts";
import { createErrorResponse, isOpenAiPath } from "../../src/server/error-response.ts";
import type { HttpEvent } from "../../src/observability/http-event.ts";
import { createEventRecorder } from "../support/event-recorder.ts";
import { createFakeServices } from "../support/fake-services.ts";
import { postJson, startTestServer } from "../support/http-server.ts";

const post = (path: string, body: string, contentType = "application/json"): Request =>
  new Request(`http://localhost${path}`, { method: "POST", headers: { "content-type": contentType }, body });

describe("the form of errors", () => {
  test("every code has its status from the one table", () => {
    for (const code of Object.keys(errorTable) as ErrorCode[]) {
      const response = createErrorResponse(new AppError(code, "why"), "/v1/characters");
      expect(response.status).toBe(errorTable[code].httpStatus);
    }
  });

  test("own routes answer {success, message, error_code, data}", async () => {
    const response = await createServer(createFakeServices()).request("/v1/characters/Nobody");
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      success: false,
      message: 'no character is called "Nobody"; GET /v1/characters lists those that are on stage',
      error_code: "E_NOT_FOUND",
      data: { name: "Nobody" },
    });
  });

  test("OpenAI's routes answer {error: {message, type, param, code}} with all four keys", async () => {
    const response = await createServer(createFakeServices()).request("/v1/models/Nobody");
    expect(response.status).toBe(404);
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect(Object.keys(error).sort()).toEqual(["code", "message", "param", "type"]);
    expect(error).toMatchObject({ code: "model_not_found", param: "model", type: "invalid_request_error" });
  });

  test("unknown routes answer in the form of their neighbours", async () => {
    const server = createServer(createFakeServices());
    expect(await (await server.request("/v1/embeddings")).json()).toMatchObject({
      error: { code: "E_NOT_FOUND" },
    });
    expect(await (await server.request("/v1/hub/nope")).json()).toMatchObject({ error_code: "E_NOT_FOUND" });
    const conversation = await server.request("/v1/conversations/nope");
    expect(await conversation.json()).toMatchObject({ success: false, error_code: "E_NOT_FOUND" });
    expect(await (await server.request("/nope")).json()).toMatchObject({ error_code: "E_NOT_FOUND" });
  });

  test("what is OpenAI's and what is our own", () => {
    expect(["/v1/chat/completions", "/v1/audio/speech", "/v1/files/x"].map(isOpenAiPath)).toEqual([
      true,
      true,
      true,
    ]);
    expect(["/v1/characters", "/v1/assets/x", "/v1", "/", "/metrics"].map(isOpenAiPath)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  test("a wrong method is 405 and names the right ones", async () => {
    const response = await createServer(createFakeServices()).request("/v1/chat/completions");
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
  });

  test("E_BUSY carries Retry-After, and an upstream's rate limit becomes 429 with its own", async () => {
    const busy = createErrorResponse(new AppError("E_BUSY", "full"), "/v1/characters");
    expect([busy.status, busy.headers.get("retry-after")]).toEqual([503, "2"]);
    const details = { status: 429, retryAfterMs: 6400 };
    const rate = createErrorResponse(new AppError("E_QUOTA", "slow down", details), "/v1/chat/completions");
    expect([rate.status, rate.headers.get("retry-after")]).toEqual([429, "7"]);
    const credit = createErrorResponse(new AppError("E_QUOTA", "no credit", { status: 402 }), "/v1/x");
    expect(credit.status).toBe(507);
  });
});

describe("input that does not fit", () => {
  const messageOf = async (body: unknown) => {
    const response = await createServer(createFakeServices()).request(
      post("/v1/chat/completions", JSON.stringify(body)),
    );
    const { error } = (await response.json()) as { error: { message: string; param: string | null } };
    return { status: response.status, param: error.param, message: error.message };
  };

  test("is 400 and names the field, however deep", async () => {
    expect(await messageOf({ model: "Gertrude" })).toMatchObject({ status: 400, param: "messages" });
    const message = { role: "user", content: "hello" };
    expect(await messageOf({ model: 4, messages: [message] })).toMatchObject({ status: 400, param: "model" });
    expect(await messageOf({ model: "Gertrude", messages: [message, { role: "user" }] })).toMatchObject({
      param: "messages.1.content",
    });
    const part = { role: "system", content: [{ type: "text", text: 7 }] };
    expect(await messageOf({ model: "Gertrude", messages: [part] })).toMatchObject({
      param: "messages.0.content.0.text",
    });
    expect(
      await messageOf({ model: "Gertrude", messages: [{ role: "narrator", content: "" }] }),
    ).toMatchObject({
      param: "messages.0.role",
    });
  });

  test("fields that OpenAI knows and we do not are ignored", async () => {
    const response = await createServer(createFakeServices()).request(
      post(
        "/v1/chat/completions",
        JSON.stringify({
          model: "Gertrude",
          messages: [{ role: "user", content: "hello", name: "Ann" }],
          store: true,
          metadata: { a: "b" },
          frequency_penalty: 0.5,
          logit_bias: {},
          user: "u-1",
        }),
      ),
    );
    expect(response.status).toBe(200);
  });

  test("bodies that are no JSON, or not said to be, are 400 with the cure", async () => {
    const server = createServer(createFakeServices());
    const broken = await server.request(post("/v1/chat/completions", "{"));
    expect([broken.status, await broken.text()]).toEqual([400, expect.stringContaining("cannot be read")]);
    const plain = await server.request(post("/v1/chat/completions", "{}", "text/plain"));
    expect([plain.status, await plain.text()]).toEqual([400, expect.stringContaining("application/json")]);
  });

  test("a body over the limit is 413 in the form of its route, announced or not", async () => {
    await using server = startTestServer(createFakeServices(), { maxBodyBytes: 1000 });
    const big = { model: "Gertrude", messages: [{ role: "user", content: "x".repeat(2000) }] };
    const announced = await postJson(`${server.url}/v1/chat/completions`, big);
    expect(announced.status).toBe(413);
    expect(await announced.json()).toMatchObject({ error: { code: "E_ARGS" } });
    const chunks = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 10; i++) controller.enqueue(new TextEncoder().encode("x".repeat(500)));
        controller.close();
      },
    });
    const headers = { "content-type": "application/json" };
    const chunked = await fetch(`${server.url}/v1/characters/reload`, {
      method: "POST",
      headers,
      body: chunks,
    });
    expect(chunked.status).toBe(413);
    expect(await chunked.json()).toMatchObject({ success: false, error_code: "E_ARGS" });
    expect(server.services.replyRequests).toEqual([]);
  });
});

describe("bugs", () => {
  test("answer 500 without their text, and are told to observability with it", async () => {
    const services = createFakeServices();
    const recorder = createEventRecorder<HttpEvent>();
    services.events.subscribe((event) => recorder.emit(event as HttpEvent));
    services.assets.list = () => Promise.reject(new TypeError("secret path /home/me"));
    const response = await createServer(services).request("/v1/assets");
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      success: false,
      message: "an internal error; the log has the details",
      error_code: "E_INTERNAL",
      data: null,
    });
    const [failure] = recorder.ofType("http-request-fail");
    expect(failure?.error).toBeInstanceOf(TypeError);
    expect(failure?.route).toBe("/v1/assets");
    expect(failure?.requestId).toBe(response.headers.get("x-request-id") ?? "");
  });

  test("expected failures are no bugs", async () => {
    const services = createFakeServices();
    const recorder = createEventRecorder<HttpEvent>();
    services.events.subscribe((event) => recorder.emit(event as HttpEvent));
    services.assets.list = () => Promise.reject(new AppError("E_DISK", "the disk is full"));
    expect((await createServer(services).request("/v1/assets")).status).toBe(507);
    expect(recorder.ofType("http-request-fail")).toEqual([]);
    expect(recorder.ofType("http-request-end")[0]).toMatchObject({
      route: "/v1/assets",
      status: 507,
      errorCode: "E_DISK",
    });
  });
});
