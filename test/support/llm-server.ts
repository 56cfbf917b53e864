// A language-model server on loopback that speaks two dialects as their services do: chat completions (OpenAI and the many
// that follow it) at /v1/chat/completions, and Anthropic's messages at /v1/messages. What it answers is scripted by the
// test in terms common to both; what it is asked is checked as the real ones check it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { encodeAnthropic, findAnthropicFault } from "./llm-server-anthropic.ts";
import { encodeChat, findChatFault } from "./llm-server-chat.ts";
import { onOwnPort } from "./own-port.ts";

export type LlmStep =
  | { text: string }
  | { thinking: string }
  /** Sent in as many deltas as `pieces` (default: three). Calls that follow each other are parallel calls. */
  | { call: { id: string; name: string; arguments: string; pieces?: readonly string[] } }
  /** Nothing is sent until it settles. */
  | { wait: Promise<unknown> }
  /** A keep-alive: an SSE comment, or Anthropic's `ping` event. */
  | { ping: true }
  /** An error event in the midst of the stream. */
  | { error: { type: string; message: string } }
  /** These bytes as they are. */
  | { raw: string }
  /** Nothing more, and the connection stays open. */
  | { stall: true }
  /** The connection is torn. */
  | { cut: true };

export interface LlmAnswer {
  steps?: readonly LlmStep[];
  /** Default: `tool-calls` when there was a call, else `stop`. Null: the stream ends without any finish. */
  finish?: "stop" | "length" | "tool-calls" | "content-filter" | null;
  /** Default 11 and 7. Null: not told. */
  usage?: { input: number; output: number } | null;
  /** An answer that is no stream: this status and body. */
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface LlmRequest {
  path: string;
  headers: IncomingMessage["headers"];
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into it as they please
  body: any;
  /** Resolves when the client has closed the connection before the answer was complete. */
  readonly dropped: Promise<void>;
  readonly isDropped: boolean;
}

export interface LlmServer extends AsyncDisposable {
  readonly url: string;
  /** With `/v1`. */
  readonly baseUrl: string;
  readonly requests: readonly LlmRequest[];
  /** What `GET /v1/models` lists; a function is asked each time and may answer with a status. */
  models: readonly { id: string; owned_by?: string }[] | (() => number | Promise<unknown>);
  /** How often `GET /v1/models` was asked. */
  readonly listCount: number;
  /** Answers for the requests to come, in order. A request without one gets status 500. */
  answer(...answers: readonly LlmAnswer[]): void;
  /** The request of this index (from 0), past or future. */
  waitForRequest(index: number): Promise<LlmRequest>;
}

export interface LlmServerOptions {
  /** Any other key is refused with 401. */
  apiKey?: string;
  /** Default: one that stays free when the server goes. */
  port?: number;
}

export interface Dialect {
  contentType: string;
  findFault(body: unknown, headers: IncomingMessage["headers"]): string | undefined;
  /** The SSE text of each step, and what closes the answer. */
  encode(answer: LlmAnswer): { start: string; step(step: LlmStep): string[]; end(): string };
  encodeError(type: string, message: string): unknown;
}

const dialects: Record<string, Dialect> = {
  "/v1/chat/completions": {
    contentType: "text/event-stream; charset=utf-8",
    findFault: findChatFault,
    encode: encodeChat,
    encodeError: (type, message) => ({ error: { message, type, param: null, code: type } }),
  },
  "/v1/messages": {
    contentType: "text/event-stream; charset=utf-8",
    findFault: findAnthropicFault,
    encode: encodeAnthropic,
    encodeError: (type, message) => ({ type: "error", error: { type, message } }),
  },
};

export async function createLlmServer(options: LlmServerOptions = {}): Promise<LlmServer> {
  const requests: LlmRequest[] = [];
  const answers: LlmAnswer[] = [];
  const waiters = new Map<number, (request: LlmRequest) => void>();
  let listCount = 0;

  const sendJson = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

  const refusesKey = (request: IncomingMessage): boolean => {
    const { authorization, "x-api-key": key } = request.headers;
    return (
      options.apiKey !== undefined && key !== options.apiKey && authorization !== `Bearer ${options.apiKey}`
    );
  };

  async function list(response: ServerResponse): Promise<void> {
    listCount += 1;
    const models = typeof server.models === "function" ? await server.models() : server.models;
    if (typeof models === "number") return sendJson(response, models, { error: { message: "no list" } });
    if (!Array.isArray(models)) return sendJson(response, 200, models);
    const data = models.map((model: object) => ({
      object: "model",
      created: 1,
      owned_by: "library",
      ...model,
    }));
    sendJson(response, 200, { object: "list", data });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("?")[0] as string;
    const dialect = dialects[path];
    const body: unknown = await readJson(request);
    if (refusesKey(request)) {
      const sent = String(request.headers.authorization ?? request.headers["x-api-key"]);
      const message = `Incorrect API key provided: ${sent}`;
      return sendJson(
        response,
        401,
        dialects["/v1/chat/completions"]?.encodeError("authentication_error", message),
      );
    }
    if (path === "/v1/models" && request.method === "GET") return await list(response);
    if (!dialect || request.method !== "POST") return sendJson(response, 404, "404 page not found");

    const dropped = Promise.withResolvers<void>();
    let isDropped = false;
    const recorded: LlmRequest = {
      path,
      headers: request.headers,
      body,
      dropped: dropped.promise,
      get isDropped() {
        return isDropped;
      },
    };
    response.on("close", () => {
      if (response.writableEnded) return;
      isDropped = true;
      dropped.resolve();
    });
    requests.push(recorded);
    waiters.get(requests.length - 1)?.(recorded);

    const answer = answers.shift();
    const fault = dialect.findFault(body, request.headers);
    if (fault) return sendJson(response, 400, dialect.encodeError("invalid_request_error", fault));
    if (!answer) return sendJson(response, 500, dialect.encodeError("server_error", "nothing is scripted"));
    if (answer.status !== undefined)
      return sendJson(response, answer.status, answer.body ?? "", answer.headers);
    response.writeHead(200, { "content-type": dialect.contentType, ...answer.headers });
    response.flushHeaders();
    await play(response, dialect.encode(answer), answer.steps ?? []);
  }

  const http = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      http.once("error", reject);
      http.listen(port, "127.0.0.1", () => {
        http.off("error", reject);
        resolve();
      });
    });
  await (options.port === undefined ? onOwnPort(listen) : listen(options.port));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  const server: LlmServer = {
    url,
    baseUrl: `${url}/v1`,
    requests,
    models: [],
    get listCount() {
      return listCount;
    },
    answer: (...more) => void answers.push(...more),
    waitForRequest(index) {
      const past = requests[index];
      if (past) return Promise.resolve(past);
      return new Promise((resolve) => waiters.set(index, resolve));
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

async function play(
  response: ServerResponse,
  encoder: ReturnType<Dialect["encode"]>,
  steps: readonly LlmStep[],
): Promise<void> {
  // Each piece in a write of its own, so that it is a packet of its own.
  const write = (text: string): Promise<void> =>
    new Promise((resolve) => {
      if (text === "" || response.destroyed) resolve();
      else response.write(text, () => resolve());
    });
  await write(encoder.start);
  for (const step of steps) {
    if ("wait" in step) await step.wait;
    else if ("stall" in step) return;
    else if ("cut" in step) {
      response.destroy();
      return;
    } else for (const text of encoder.step(step)) await write(text);
    if ("error" in step) {
      response.end();
      return;
    }
  }
  await write(encoder.end());
  response.end();
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? undefined : JSON.parse(text);
}
