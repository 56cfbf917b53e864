// The HTTP surface as one function: the steps that every request goes through, then the routes.
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Clock } from "../base/clock.ts";
import { AppError, isAbortError } from "../base/errors.ts";
import type { SpeakText } from "../session/reply-run.ts";
import { isAllowedHost } from "./access.ts";
import { registerCommonParts } from "./api-description.ts";
import { createSpeechParts } from "./audio/speech-parts.ts";
import { createErrorResponse, toAppError } from "./error-response.ts";
import { createAccessGuard, createCors, createHostGuard } from "./guard.ts";
import { HttpError } from "./http-error.ts";
import { type CallerLimits, createLimiter } from "./limits.ts";
import { createLiveState } from "./live-state.ts";
import { createMethodCheck } from "./method-check.ts";
import type { Realtime, RealtimeConnection } from "./realtime/port.ts";
import { createLifeRegistry } from "./request-life.ts";
import { createRouter, type AppEnv } from "./router.ts";
import { createAssetRoutes } from "./routes/assets.ts";
import { createSpeechRoutes } from "./routes/audio-speech.ts";
import { createTranscriptionRoutes } from "./routes/audio-transcriptions.ts";
import { createVoiceRoutes } from "./routes/audio-voices.ts";
import { createCaptionedSpeechRoutes } from "./routes/captioned-speech.ts";
import { createCharacterRoutes } from "./routes/characters.ts";
import { createChatRoutes } from "./routes/chat-completions.ts";
import { createConversationRoutes } from "./routes/conversations.ts";
import { registerDocs } from "./routes/docs.ts";
import { createEventRoutes } from "./routes/events.ts";
import { createHealthRoutes } from "./routes/health.ts";
import { createHubDiskRoutes } from "./routes/hub-disk.ts";
import { createHubReadRoutes } from "./routes/hub-read.ts";
import { createMetricsRoutes } from "./routes/metrics.ts";
import { createHubWriteRoutes } from "./routes/hub-write.ts";
import { createModelRoutes } from "./routes/models.ts";
import { createPhonemeRoutes } from "./routes/phonemes.ts";
import { createProviderRoutes } from "./routes/providers.ts";
import { createRealtimeSecretRoutes } from "./routes/realtime-secrets.ts";
import type { Services } from "./services.ts";
import { createRequestTracker } from "./track-requests.ts";

export interface ServerOptions {
  /** Bytes of a JSON body; default 4 MiB. */
  maxBodyBytes?: number | undefined;
  /** Bytes of an upload to /v1/audio/transcriptions; default 25 MiB, as OpenAI's. */
  maxAudioBytes?: number | undefined;
  limits?: CallerLimits | undefined;
  /** The page and its files: answers GET of what no route knows, or gives undefined. */
  webApp?: ((request: Request) => Response | undefined | Promise<Response | undefined>) | undefined;
  realtime?: Realtime | undefined;
  /** Makes text speakable and begins with its first clause, for /v1/audio/speech; as the voice sessions use it. */
  speakText?: SpeakText | undefined;
  clock?: Clock | undefined;
}

export interface HttpServer extends AsyncDisposable {
  /** For tests: a request without a socket. */
  request(input: string | Request, init?: RequestInit): Promise<Response>;
  /** For `Bun.serve`; undefined when the request has become a voice session. */
  fetch(
    request: Request,
    server: Bun.Server<RealtimeConnection>,
  ): Promise<Response | undefined> | Response | undefined;
  readonly websocket: Bun.WebSocketHandler<RealtimeConnection>;
  readonly apiKeys: readonly string[];
  readonly activeRequests: number;
  /** Takes no more work, lets what runs end for up to `graceMs`, then stops it. */
  drain(graceMs: number): Promise<void>;
}

const defaultMaxBodyBytes = 4 * 2 ** 20;
/** OpenAI's limit of an upload, and room for the form around it. */
const defaultMaxAudioBytes = 25 * 2 ** 20 + 65_536;
const audioPath = "/v1/audio/transcriptions";

export function createServer(services: Services, options: ServerOptions = {}): HttpServer {
  const { realtime } = options;
  const lives = createLifeRegistry();
  const state = createLiveState(services.events, services.speech);
  const parts = createSpeechParts(services.speech, state);
  let isStopping = false;

  const router = createRouter();
  router.use("*", createRequestTracker({ lives, emit: services.events.emit, clock: options.clock }));
  router.use("*", createHostGuard());
  router.use("*", createCors(services.access));
  router.use("*", createAccessGuard(services.access, createLimiter(options.limits, options.clock)));
  router.use("*", async function guardStopping(c, next) {
    if (isStopping && c.req.path.startsWith("/v1/") && c.req.path !== "/v1/health") {
      throw new AppError("E_BUSY", "the server is stopping");
    }
    await next();
  });
  router.use("*", limitBody(options.maxBodyBytes ?? defaultMaxBodyBytes, audioPath));
  router.use(audioPath, limitBody(options.maxAudioBytes ?? defaultMaxAudioBytes));

  registerCommonParts(router);
  router.route("/", createChatRoutes(services));
  const speaking = { ...services, parts, speakText: options.speakText };
  router.route("/", createSpeechRoutes(speaking));
  router.route("/", createCaptionedSpeechRoutes(speaking));
  router.route("/", createPhonemeRoutes(parts));
  router.route("/", createTranscriptionRoutes(parts));
  router.route("/", createVoiceRoutes(services, parts));
  router.route("/", createModelRoutes(services));
  router.route("/", createCharacterRoutes(services));
  router.route("/", createAssetRoutes(services, state));
  const { library, events } = services;
  if (library) {
    router.route("/", createHubWriteRoutes({ library, events }));
    router.route("/", createHubDiskRoutes({ ...services, library }));
  }
  router.route("/", createHubReadRoutes(services));
  router.route("/", createProviderRoutes(services));
  router.route("/", createConversationRoutes(services));
  router.route("/", createEventRoutes(services, state));
  router.route("/", createHealthRoutes(services, { isStopping: () => isStopping }));
  router.route("/", createMetricsRoutes(services));
  if (realtime) router.route("/", createRealtimeSecretRoutes(realtime));
  registerDocs(router, { version: services.version });

  const checkMethod = createMethodCheck(router);
  router.notFound(async (c) => {
    const { method, path } = c.req;
    const isRead = method === "GET" || method === "HEAD";
    if (isRead && !path.startsWith("/v1/")) {
      const page = await options.webApp?.(c.req.raw);
      if (page) return page;
    }
    const allowed = checkMethod(path);
    c.set("errorCode", allowed.length > 0 ? "E_ARGS" : "E_NOT_FOUND");
    if (allowed.length > 0) {
      const error = new HttpError("E_ARGS", `${method} is not for ${path}; it takes ${allowed.join(", ")}`, {
        status: 405,
      });
      const response = createErrorResponse(error, path);
      response.headers.set("allow", allowed.join(", "));
      return response;
    }
    const error = new AppError(
      "E_NOT_FOUND",
      `there is no ${method} ${path}; GET /docs shows what there is`,
      {
        method,
        path,
      },
    );
    return createErrorResponse(error, path);
  });
  router.onError((error, c) => {
    const known = toAppError(error);
    if (!known && !isAbortError(error)) c.var.report(error);
    c.set("errorCode", known?.code ?? "E_INTERNAL");
    return createErrorResponse(error, c.req.path);
  });

  const upgrade = async (
    request: Request,
    server: Bun.Server<RealtimeConnection>,
    door: Realtime,
  ): Promise<Response | undefined> => {
    const host = request.headers.get("host") ?? undefined;
    if (!isAllowedHost(host, server.hostname ?? "localhost")) {
      return createErrorResponse(
        new AppError("E_PERM", `this server answers on loopback only, not as ${host}`),
        "/v1/realtime",
      );
    }
    return door.upgrade(request, server);
  };

  return {
    request: async (input, init) => router.request(input, init),
    fetch(request, server) {
      if (realtime && new URL(request.url).pathname === "/v1/realtime" && request.method === "GET") {
        return upgrade(request, server, realtime);
      }
      return router.fetch(request, { server } satisfies AppEnv["Bindings"]);
    },
    websocket: realtime?.websocket ?? { message: (socket) => socket.close(1008) },
    apiKeys: services.access.apiKeys,
    get activeRequests() {
      return lives.activeCount;
    },
    async drain(graceMs) {
      isStopping = true;
      await Promise.all([lives.drain(graceMs), realtime?.drain(graceMs)]);
    },
    async [Symbol.asyncDispose]() {
      isStopping = true;
      await lives.drain(0);
      state[Symbol.dispose]();
    },
  };
}

/** 413 in the caller's form, before or while the body is read. */
function limitBody(maxBytes: number, exceptPath?: string): MiddlewareHandler<AppEnv> {
  const limit = bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      const shown = maxBytes >= 2 ** 20 ? `${Math.floor(maxBytes / 2 ** 20)} MiB` : `${maxBytes} bytes`;
      throw new HttpError("E_ARGS", `the body is larger than ${shown}`, {
        status: 413,
        details: { maxBytes },
      });
    },
  });
  return (c, next) => (c.req.path === exceptPath ? next() : limit(c, next));
}
