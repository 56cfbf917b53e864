// The page and everything it talks with over real sockets, on stand-ins that a test can steer: it speaks and hears tones,
// and its language model follows a script. It can go away and come back at the same address.
import type { Character } from "../../src/characters/port.ts";
import { createServer } from "../../src/server/create-server.ts";
import { type Listener, listen } from "../../src/server/listen.ts";
import { createRealtime } from "../../src/server/realtime/create-realtime.ts";
import type { RealtimeOptions } from "../../src/server/realtime/port.ts";
import type { Services } from "../../src/server/services.ts";
import { createWebApp } from "../../src/web/serve-web-app.ts";
import { createFakeServices, createFakeStage, type FakeServices, type ReplyScript } from "./fake-services.ts";
import { synthesizeStream } from "../../src/session/sentence-stream.ts";
import { onOwnPort } from "./own-port.ts";
import { createToneSpeech, type ToneSpeech } from "./tone-speech.ts";

export interface PageServer extends AsyncDisposable {
  readonly url: string;
  readonly services: FakeServices;
  readonly speech: ToneSpeech;
  /** Breaks every connection and stops listening. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

export interface PageServerOptions extends Partial<RealtimeOptions> {
  characters: readonly Character[];
  script?: ReplyScript | undefined;
  apiKeys?: readonly string[];
  /** Beside, or instead of, the stand-ins. */
  services?: Partial<Services>;
}

export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const { characters, script, apiKeys = [], services: own, ...limits } = options;
  const speech = createToneSpeech();
  const services = createFakeServices({
    stage: createFakeStage(characters),
    speech: speech as unknown as FakeServices["speech"],
    access: { apiKeys, allowedOrigins: [] },
    ...own,
  });
  services.script = script;
  const webApp = await createWebApp();
  let open: { listener: Listener; stack: AsyncDisposableStack } | undefined;

  const start = async (port: number): Promise<void> => {
    await using stack = new AsyncDisposableStack();
    const realtime = stack.use(createRealtime(services, limits, { speakText: synthesizeStream }));
    const server = stack.use(createServer(services, { webApp, realtime, speakText: synthesizeStream }));
    const listener = stack.use(listen(server, { port }));
    open = { listener, stack: stack.move() };
  };
  await onOwnPort(start);
  const url = open?.listener.url ?? "";
  const port = open?.listener.port ?? 0;
  const goAway = async (): Promise<void> => {
    const { stack } = open ?? {};
    open = undefined;
    await stack?.disposeAsync();
  };

  return {
    url,
    services,
    speech,
    goAway,
    comeBack: () => start(port),
    [Symbol.asyncDispose]: goAway,
  };
}
