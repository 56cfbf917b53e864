// /v1/realtime: who may come in, which character they meet, and the sockets of those inside.
import { type Clock, systemClock } from "../../base/clock.ts";
import type { AnyEvent } from "../../base/events.ts";
import type { Character } from "../../characters/port.ts";
import { createCasting } from "../../session/casting.ts";
import type { Condense } from "../../session/condenser.ts";
import type { ConversationThread } from "../../session/conversation-store.ts";
import type { SpeakText } from "../../session/reply-run.ts";
import { defaultConfig, mergeConfig, type SessionConfig } from "../../session/session-config.ts";
import type { AudioTurnDetector, TurnDetector } from "../../speech/ports.ts";
import { openVoiceSession } from "../../session/voice-session.ts";
import { selectOpenAiVoice } from "../audio/openai-voices.ts";
import { createErrorResponse } from "../error-response.ts";
import { HttpError } from "../http-error.ts";
import type { Services } from "../services.ts";
import { createBetaDialect, speaksBeta } from "./beta.ts";
import { createClientSecrets } from "./client-secrets.ts";
import { createDoorCheck, listProtocols } from "./door-check.ts";
import type { Dialect } from "./dialect.ts";
import { createGaDialect } from "./ga.ts";
import { issueSecret } from "./issue-secret.ts";
import type { Realtime, RealtimeOptions } from "./port.ts";
import { createRecorder } from "./recorder.ts";
import { selectCharacter } from "./select-character.ts";
import { createConnection, type VoiceConnection } from "./socket.ts";
import { createUndecidedConnection } from "./undecided.ts";
import { createUnmuteDialect, unmuteAheadMs, unmuteConfig } from "./unmute.ts";
import { isUnmuteMessage } from "./unmute-schema.ts";

export interface RealtimeParts {
  clock?: Clock | undefined;
  speakText: SpeakText;
  turnDetector?: TurnDetector | undefined;
  audioTurnDetector?: AudioTurnDetector | undefined;
  condense?: Condense | undefined;
  mayReplyEarly?: ((character: Character) => boolean) | undefined;
}

type SpokenDialect = "ga" | "beta" | "undecided";
type DialectLimits = { aheadMs?: number };

const path = "/v1/realtime";
/** Bun's own watch, should ours fail (socket.ts); 8 s is the least it takes. */
const idleTimeoutSeconds = 20;
const retryAfterSeconds = 5;

export function createRealtime(services: Services, options: RealtimeOptions, parts: RealtimeParts): Realtime {
  const clock = parts.clock ?? systemClock;
  const { speakText, turnDetector, audioTurnDetector, condense, mayReplyEarly } = parts;
  const { stage, speech, replyAsCharacter, access, userName } = services;
  const maxSessions = options.maxSessions ?? 256;
  const connections = new Set<VoiceConnection>();
  /** Of sessions that have ended, on their way to the disk. */
  const recordings = new Set<Promise<void>>();
  const shared = { stage, speech, clock, userName, aliasVoice: selectOpenAiVoice };
  const casting = createCasting(shared);
  const secrets = createClientSecrets({ clock });
  const checkDoor = createDoorCheck(access, secrets);
  let openingCount = 0;
  let isDraining = false;

  const refuseWhenFull = (): void => {
    if (!isDraining && connections.size + openingCount < maxSessions) return;
    services.events.emit({ type: "voice-session-refuse" });
    const why = isDraining ? "the server is stopping" : `all ${maxSessions} voice sessions are taken`;
    throw new HttpError("E_BUSY", `${why}; try again in a moment`, { retryAfterSeconds });
  };

  const takeUp = (id: string | null, onTaken: () => void): ConversationThread | undefined => {
    if (id === null) return undefined;
    if (services.conversations) return services.conversations.open(id, { onTaken });
    throw new HttpError("E_ARGS", "conversations are not kept here; set conversations.file to take one up", {
      param: "conversation",
    });
  };

  const connect = async (
    character: Character,
    config: SessionConfig,
    spoken: SpokenDialect,
    conversationId: string | null,
  ): Promise<VoiceConnection> => {
    const cast = await casting.cast(character);
    const id = `sess_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
    const report = (error: unknown): void => {
      const shown = error instanceof Error ? error : new Error(String(error));
      services.events.emit({ type: "voice-session-fault", sessionId: id, error: shown } as AnyEvent);
    };
    const unmute = spoken === "undecided" ? await createUnmuteDialect(id, () => stage.book) : undefined;
    let connected: VoiceConnection | undefined;
    // Last, for whoever takes a conversation up has to let go of it.
    const conversation = takeUp(conversationId, () => {
      if (connected?.session) connected.session.end("replaced");
      else connected?.hangUp();
    });
    const watch = {
      onOpen: (connection: VoiceConnection): void => void connections.add(connection),
      onClose: (connection: VoiceConnection): void => {
        conversation?.finish();
        connections.delete(connection);
        const written = connection.finishRecording();
        recordings.add(written);
        void written.finally(() => recordings.delete(written));
      },
    };
    const begin = (dialect: Dialect, settings: SessionConfig, own: DialectLimits, watched: typeof watch) =>
      createConnection({
        dialect,
        clock,
        pingMs: options.pingMs,
        recorder: options.recording && createRecorder({ clock, onTrouble: report }, options.recording),
        openSession: (channel) =>
          openVoiceSession(
            {
              ...shared,
              replyAsCharacter,
              speakText,
              turnDetector,
              audioTurnDetector,
              condense,
              mayReplyEarly,
              conversation,
              emit: services.events.emit,
              ...channel,
            },
            {
              id,
              cast,
              config: settings,
              limits: {
                ...(options.aheadMs !== undefined && { aheadMs: options.aheadMs }),
                ...(options.maxSessionMs !== undefined && { maxSessionMs: options.maxSessionMs }),
                ...(options.idleMs !== undefined && { neglectMs: options.idleMs }),
                ...(options.stuckMs !== undefined && { stuckMs: options.stuckMs }),
                ...(options.historyTokens !== undefined && { historyTokens: options.historyTokens }),
                // Last: what a dialect's clients can take is no matter of taste.
                ...own,
              },
              maxInputMs: options.maxInputMs,
              maxTokens: options.maxSessionTokens,
              characterChanges: options.characterChanges,
            },
          ),
        onBug: report,
        ...watched,
      });
    if (!unmute) {
      const dialect = (spoken === "beta" ? createBetaDialect : createGaDialect)(id, conversation?.id);
      return (connected = begin(dialect, config, {}, watch));
    }
    const unwatched: typeof watch = { onOpen: () => undefined, onClose: () => undefined };
    connected = createUndecidedConnection({
      clock,
      decide(first) {
        if (typeof first === "string" && isUnmuteMessage(first)) {
          return begin(unmute, unmuteConfig, { aheadMs: unmuteAheadMs }, unwatched);
        }
        return begin(createGaDialect(id, conversation?.id), config, {}, unwatched);
      },
      onOpen: watch.onOpen,
      onClose(connection) {
        unmute[Symbol.dispose]?.();
        watch.onClose(connection);
      },
    });
    return connected;
  };

  const endAll = async (timeoutMs: number): Promise<void> => {
    isDraining = true;
    const ended = [...connections].map(async (connection) => {
      const { session } = connection;
      if (!session) {
        connection.hangUp();
        return;
      }
      const late = Promise.withResolvers<void>();
      using _deadline = clock.schedule(late.resolve, timeoutMs);
      if (timeoutMs > 0) await Promise.race([session.waitUntilIdle(), late.promise]);
      session.end("shutdown");
      await session[Symbol.asyncDispose]();
      await connection.finishRecording();
    });
    await Promise.all([...ended, ...recordings]);
  };

  return {
    async upgrade(request, server) {
      try {
        if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
          throw new HttpError("E_ARGS", `${path} is a WebSocket; connect with ws:// or wss://`, {
            status: 426,
          });
        }
        const defaults = checkDoor(request);
        refuseWhenFull();
        const { searchParams } = new URL(request.url);
        const wanted = defaults?.characterName ?? searchParams.get("model");
        const character = selectCharacter(stage.book, wanted);
        const config = mergeConfig(defaultConfig, defaults?.patch ?? {});
        openingCount++;
        try {
          const conversationId = searchParams.get("conversation");
          const data = await connect(character, config, selectDialect(request), conversationId);
          if (server.upgrade(request, { data })) return undefined;
          data.close(1006);
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
    issueSecret: (body) => issueSecret(body, { stage, casting, secrets, clock }),
    activeSessions: () => connections.size,
    drain: (timeoutMs = 5000) => endAll(timeoutMs),
    [Symbol.asyncDispose]: () => endAll(0),
  };
}

/**
 * Clients of unmute offer OpenAI's subprotocol and nothing else: neither a key nor a model, which OpenAI's clients always
 * send. What such a client speaks is known by its first message.
 */
function selectDialect({ headers, url }: Request): SpokenDialect {
  const protocols = listProtocols(headers);
  if (speaksBeta(headers, protocols)) return "beta";
  const isBare = protocols.length === 1 && protocols[0] === "realtime" && !headers.has("authorization");
  return isBare && !new URL(url).searchParams.has("model") ? "undecided" : "ga";
}
