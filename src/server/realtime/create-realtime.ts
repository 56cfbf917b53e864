// /v1/realtime: who may come in, which character they meet, and the sockets of those inside.
import { AppError } from "../../base/errors.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import type { AnyEvent } from "../../base/events.ts";
import type { Character, CharacterBook } from "../../characters/port.ts";
import { createCasting } from "../../session/casting.ts";
import type { SpeakText } from "../../session/reply-run.ts";
import { openVoiceSession } from "../../session/voice-session.ts";
import { createKeyCheck, isAllowedOrigin, parseBearer } from "../access.ts";
import { selectOpenAiVoice } from "../audio/openai-voices.ts";
import { createErrorResponse } from "../error-response.ts";
import { HttpError } from "../http-error.ts";
import type { AccessOptions, Services } from "../services.ts";
import { createGaDialect } from "./ga.ts";
import { isOpenAiModel } from "./openai-names.ts";
import type { Realtime, RealtimeConnection, RealtimeOptions } from "./port.ts";
import { createConnection, type VoiceConnection } from "./socket.ts";

export interface RealtimeParts {
  clock?: Clock | undefined;
  speakText: SpeakText;
}

const path = "/v1/realtime";
/** Bun's own watch, should ours fail (socket.ts); 8 s is the least it takes. */
const idleTimeoutSeconds = 20;
const retryAfterSeconds = 5;

export function createRealtime(services: Services, options: RealtimeOptions, parts: RealtimeParts): Realtime {
  const clock = parts.clock ?? systemClock;
  const { speakText } = parts;
  const { stage, speech, replyAsCharacter, access, userName } = services;
  const maxSessions = options.maxSessions ?? 256;
  const connections = new Set<VoiceConnection>();
  const shared = { stage, speech, clock, userName, aliasVoice: selectOpenAiVoice };
  const casting = createCasting(shared);
  const checkAccess = createAccessCheck(access);
  let openingCount = 0;
  let isDraining = false;

  const refuseWhenFull = (): void => {
    if (!isDraining && connections.size + openingCount < maxSessions) return;
    const why = isDraining ? "the server is stopping" : `all ${maxSessions} voice sessions are taken`;
    throw new HttpError("E_BUSY", `${why}; try again in a moment`, { retryAfterSeconds });
  };

  const connect = async (character: Character): Promise<RealtimeConnection> => {
    const cast = await casting.cast(character);
    const id = `sess_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
    return createConnection({
      dialect: createGaDialect(id),
      clock,
      pingMs: options.pingMs,
      openSession: (channel) =>
        openVoiceSession(
          { ...shared, replyAsCharacter, speakText, emit: services.events.emit, ...channel },
          {
            id,
            cast,
            limits: {
              ...(options.aheadMs !== undefined && { aheadMs: options.aheadMs }),
              ...(options.maxSessionMs !== undefined && { maxSessionMs: options.maxSessionMs }),
              ...(options.idleMs !== undefined && { neglectMs: options.idleMs }),
              ...(options.stuckMs !== undefined && { stuckMs: options.stuckMs }),
            },
            maxInputMs: options.maxInputMs,
            characterChanges: options.characterChanges,
          },
        ),
      onBug: (error) => {
        const shown = error instanceof Error ? error : new Error(String(error));
        services.events.emit({ type: "voice-session-fault", sessionId: id, error: shown } as AnyEvent);
      },
      onOpen: (connection) => connections.add(connection),
      onClose: (connection) => connections.delete(connection),
    });
  };

  const endAll = async (timeoutMs: number): Promise<void> => {
    isDraining = true;
    const ended = [...connections].map(async ({ session }) => {
      if (!session) return;
      const late = Promise.withResolvers<void>();
      using _deadline = clock.schedule(late.resolve, timeoutMs);
      if (timeoutMs > 0) await Promise.race([session.waitUntilIdle(), late.promise]);
      session.end("shutdown");
      await session[Symbol.asyncDispose]();
    });
    await Promise.all(ended);
  };

  return {
    async upgrade(request, server) {
      try {
        if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
          throw new HttpError("E_ARGS", `${path} is a WebSocket; connect with ws:// or wss://`, {
            status: 426,
          });
        }
        checkAccess(request);
        refuseWhenFull();
        const character = selectCharacter(stage.book, new URL(request.url).searchParams.get("model"));
        openingCount++;
        try {
          const data = await connect(character);
          if (server.upgrade(request, { data })) return undefined;
        } finally {
          openingCount--;
        }
        throw new HttpError("E_ARGS", "the WebSocket handshake is incomplete", { status: 400 });
      } catch (error) {
        return createErrorResponse(error, path);
      }
    },
    websocket: {
      maxPayloadLength: options.maxMessageBytes ?? 16 * 2 ** 20,
      backpressureLimit: options.maxBufferedBytes ?? 8 * 2 ** 20,
      idleTimeout: idleTimeoutSeconds,
      open: (socket) => socket.data.open(socket),
      message: (socket, message) => socket.data.receive(message),
      drain: (socket) => socket.data.drain(),
      pong: (socket) => socket.data.pong(),
      close: (socket, code) => socket.data.close(code),
    },
    activeSessions: () => connections.size,
    drain: (timeoutMs = 5000) => endAll(timeoutMs),
    [Symbol.asyncDispose]: () => endAll(0),
  };
}

/** Throws 401 and 403. Browsers cannot set headers on a socket: their key comes as a subprotocol. */
function createAccessCheck({ apiKeys, allowedOrigins }: AccessOptions): (request: Request) => void {
  const isKey = createKeyCheck(apiKeys);
  return ({ headers }) => {
    const origin = headers.get("origin") ?? undefined;
    if (!isAllowedOrigin(origin, headers.get("host") ?? undefined, { allowedOrigins })) {
      const message = `pages of ${origin} may not call this server; add the origin to server.allowed_origins`;
      throw new HttpError("E_PERM", message);
    }
    if (apiKeys.length === 0) return;
    const key =
      parseBearer(headers.get("authorization")) ?? keyOfProtocols(headers.get("sec-websocket-protocol"));
    if (key !== undefined && isKey(key)) return;
    const message =
      key === undefined
        ? "an API key is needed: send Authorization: Bearer KEY, or the subprotocol openai-insecure-api-key.KEY"
        : "the API key is not one of this server's";
    throw new HttpError("E_PERM", message, { status: 401, openAiCode: "invalid_api_key" });
  };
}

function keyOfProtocols(offered: string | null): string | undefined {
  const prefix = "openai-insecure-api-key.";
  const found = offered?.split(",").map((protocol) => protocol.trim());
  return found?.find((protocol) => protocol.startsWith(prefix))?.slice(prefix.length);
}

function selectCharacter(book: CharacterBook, model: string | null): Character {
  const isAnyone = model === null || model === "";
  const named = isAnyone ? undefined : book.find(model);
  if (named) return named;
  if (!isAnyone && !isOpenAiModel(model)) {
    throw new HttpError("E_NOT_FOUND", `there is no character "${model}"; GET /v1/models lists the cast`, {
      openAiCode: "model_not_found",
      param: "model",
    });
  }
  const [first] = book.characters;
  if (first) return first;
  throw new AppError("E_NOT_FOUND", "the stage is empty: put a character into story_characters");
}
