// /v1/realtime on a free port of loopback, with stand-in engines that a test can steer.
import type { Clock } from "../../src/base/clock.ts";
import type { ReplyScript } from "./fake-services.ts";
import {
  createFakeCharacter,
  createFakeServices,
  createFakeStage,
  type FakeServices,
} from "./fake-services.ts";
import type { Character } from "../../src/characters/port.ts";
import { createRealtime } from "../../src/server/realtime/create-realtime.ts";
import type { Realtime, RealtimeConnection, RealtimeOptions } from "../../src/server/realtime/port.ts";
import type { Services } from "../../src/server/services.ts";
import { createCondenser } from "../../src/session/condenser.ts";
import { synthesizeStream } from "../../src/session/sentence-stream.ts";
import { eventually } from "./eventually.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { createToneSpeech, type ToneSpeech } from "./tone-speech.ts";

export interface RealtimeServer extends AsyncDisposable {
  /** `ws://127.0.0.1:PORT/v1/realtime`, or wss. */
  readonly url: string;
  readonly services: FakeServices;
  readonly speech: ToneSpeech;
  readonly realtime: Realtime;
}

export interface RealtimeServerOptions extends RealtimeOptions {
  characters?: readonly Character[];
  script?: ReplyScript | undefined;
  services?: Partial<Services>;
  tls?: { cert: string; key: string };
  clock?: Clock;
}

export function startRealtimeServer(options: RealtimeServerOptions = {}): RealtimeServer {
  const { characters, script, tls, clock, ...limits } = options;
  const speech = createToneSpeech();
  const cast = characters ?? [createFakeCharacter("Gertrude"), createFakeCharacter("Quiz Host")];
  const services = createFakeServices({
    stage: createFakeStage(cast),
    speech: speech as unknown as FakeServices["speech"],
    ...options.services,
  });
  if ("script" in options) services.script = script;
  const realtime = createRealtime(services, limits, {
    speakText: synthesizeStream,
    condense: createCondenser(services),
    clock,
  });
  const server = Bun.serve<RealtimeConnection>({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls && { tls }),
    fetch: (request, socket) => realtime.upgrade(request, socket),
    websocket: realtime.websocket,
  });
  return {
    url: `${tls ? "wss" : "ws"}://127.0.0.1:${server.port}/v1/realtime`,
    services,
    speech,
    realtime,
    async [Symbol.asyncDispose]() {
      await realtime[Symbol.asyncDispose]();
      await server.stop(true);
    },
  };
}

export interface HeldServer extends RealtimeServer {
  readonly clock: ManualClock;
  /** Lets time pass in small steps until `holds`. */
  passUntil(what: string, holds: () => boolean): Promise<void>;
}

/** How much of it the listener has heard is a matter of the test's clock alone, however long the machine takes. */
export function startHeldServer(options: Omit<RealtimeServerOptions, "clock"> = {}): HeldServer {
  const clock = createManualClock();
  // Where time leaps, all pings would be due before the first is answered.
  const server = startRealtimeServer({ ...options, clock, pingMs: 3_600_000 });
  return {
    ...server,
    clock,
    async passUntil(what, holds) {
      await eventually(what, () => {
        clock.advance(100);
        return holds();
      });
    },
  };
}
