// Where the time goes between the end of a user's turn and the first sound of the answer, with the real detector,
// recogniser and synthesizer; the reply model is a stand-in that waits as long as it is told before its first token, and
// between tokens. And what it would be without each of the things that are done early: the same sessions, one thing less.
import { createRealtime } from "../../src/server/realtime/create-realtime.ts";
import type { RealtimeConnection } from "../../src/server/realtime/port.ts";
import { encodeS16le } from "../../src/audio/pcm.ts";
import type { AnyEvent } from "../../src/base/events.ts";
import { loadTurnDetector } from "../../src/provider-catalogue.ts";
import { createMayReplyEarly } from "../../src/session/character-reply.ts";
import type { SpeakText } from "../../src/session/reply-run.ts";
import { synthesizeStream } from "../../src/session/sentence-stream.ts";
import type { FirstAudioEvent } from "../../src/session/stage-times.ts";
import type { SpeechRecognizer, SynthesisChunk } from "../../src/speech/ports.ts";
import type { SpeechSystem } from "../../src/speech/provider.ts";
import { createSentenceSplitter } from "../../src/text/sentence-splitter.ts";
import { createFakeServices } from "../../test/support/fake-services.ts";
import { createLlmServer, type LlmAnswer } from "../../test/support/llm-server.ts";
import { type RealApp, startRealApp } from "../../test/support/real-app.ts";
import { createLink } from "./session-link.ts";

export interface StageOptions {
  /** Answers of each kind. */
  rounds: number;
  firstTokenMs: number;
  tokenMs: number;
}

const questions = [
  "What is the weather like today?",
  "Could you tell me where the nearest station is?",
  "I would like a cup of coffee with a little milk.",
  "What time does the museum open on Sunday?",
];
const answer =
  "Well, let me think about that. There are at least three good answers to what you have just asked, and the first of them is short. The second takes a little longer to explain.";
const chunkMs = 40;
const bytesPerMs = 48;
const deadlineMs = 90_000;

interface Kind {
  name: string;
  isEarly: boolean;
  speakText: SpeakText;
  recognizer: (own: SpeechRecognizer) => SpeechRecognizer;
}
const asItIs = <T>(thing: T): T => thing;
const plain = { isEarly: false, speakText: synthesizeStream, recognizer: asItIs };
const kinds: Kind[] = [
  { ...plain, name: "as shipped", isEarly: true },
  { ...plain, name: "no early replies" },
  { ...plain, name: "– and recognised at the end", recognizer: recognizeAtEnd },
  { ...plain, name: "– and spoken when all is written and made", speakText: speakWhole },
  { ...plain, name: "– and each clause made after the one before was heard", speakText: speakInTurn },
];

interface Round {
  stages: FirstAudioEvent;
  /** For how long the listener had nothing to play before the end of the answer. */
  dryMs: number;
  requests: number;
  /** The reply model was asked before the turn was over. */
  isAskedEarly: boolean;
}

/** Prints a table. */
export async function measureStages(options: StageOptions): Promise<void> {
  await using llm = await createLlmServer();
  llm.models = [{ id: "stand-in" }];
  await using real = await startRealApp({
    settings: { "reply.source": "openai-compatible", "reply.base_url": llm.baseUrl },
  });
  await real.app.replies.probe();
  const spoken = await Promise.all(questions.map((text) => real.speak(text, { silenceMs: 0 })));
  const reply = scriptAnswer(options);

  console.log(
    `first token after ${options.firstTokenMs} ms, then one each ${options.tokenMs} ms; ${options.rounds} answers of each kind; ms, median / p99\n`,
  );
  console.log(
    "| | end of turn → first sound | detector | recogniser | reply | synthesizer | own | listener ran dry | begun early | requests for each answer |",
  );
  console.log("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
  // The first answers of all warm the engines.
  for (const [index, kind] of [kinds[0], ...kinds].entries()) {
    if (!kind) continue;
    const rounds: Round[] = [];
    const count = index === 0 ? 1 : options.rounds;
    await using server = await serve(real, kind);
    for (let i = 0; i < count; i++) {
      const before = llm.requests.length;
      llm.answer(reply, reply, reply);
      let isAskedEarly = false;
      const question = spoken[i % spoken.length] ?? new Float32Array();
      const asked = await ask(server, question, () => (isAskedEarly = llm.requests.length > before));
      rounds.push({ ...asked, isAskedEarly, requests: llm.requests.length - before });
    }
    if (index > 0) console.log(describe(kind.name, rounds));
  }
}

type Server = Awaited<ReturnType<typeof serve>>;
async function serve(real: RealApp, kind: Kind) {
  const own = real.app.speech;
  const speech: SpeechSystem = {
    ...own,
    recognizer: async (request) => kind.recognizer(await own.recognizer(request)),
  };
  const services = createFakeServices({
    speech,
    replies: real.app.replies,
    replyAsCharacter: real.app.replyAsCharacter,
  });
  const realtime = createRealtime(
    services,
    {},
    {
      speakText: kind.speakText,
      turnDetector: await loadTurnDetector(),
      ...(kind.isEarly && { mayReplyEarly: createMayReplyEarly({ replies: real.app.replies }) }),
    },
  );
  const server = Bun.serve<RealtimeConnection>({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, socket) => realtime.upgrade(request, socket),
    websocket: realtime.websocket,
  });
  return {
    url: `ws://127.0.0.1:${server.port}/v1/realtime?model=Gertrude`,
    events: services.events,
    async [Symbol.asyncDispose]() {
      await realtime[Symbol.asyncDispose]();
      await server.stop(true);
    },
  };
}

/** Speaks in real time, is silent until the answer comes, and listens to its end. */
async function ask(
  { url, events }: Server,
  question: Float32Array,
  onTurnEnd: () => void,
): Promise<Pick<Round, "stages" | "dryMs">> {
  const told = Promise.withResolvers<FirstAudioEvent>();
  using _subscription = events.subscribe((event: AnyEvent) => {
    if (event.type === "voice-first-audio") told.resolve(event as AnyEvent & FirstAudioEvent);
  });
  const link = await createLink(url);
  let isAnswering = false;
  let playedUntilMs = Number.POSITIVE_INFINITY;
  let dryMs = 0;
  link.on("response.output_audio.delta", ({ delta }) => {
    const nowMs = performance.now();
    const durationMs = (String(delta).length * 3) / 4 / bytesPerMs;
    dryMs += Math.max(0, nowMs - playedUntilMs);
    playedUntilMs = (isAnswering ? Math.max(nowMs, playedUntilMs) : nowMs) + durationMs;
    isAnswering = true;
  });
  link.on("input_audio_buffer.speech_stopped", onTurnEnd);
  const done = link.next("response.done");
  const late = Promise.withResolvers<never>();
  using _late = setDeadline(() => {
    late.reject(new Error("no answer came in time"));
    link.socket.close();
  });
  const sound = encodeS16le(question);
  const startMs = performance.now();
  for (let at = 0; !isAnswering && link.socket.readyState === WebSocket.OPEN; at++) {
    const bytes = new Uint8Array(chunkMs * bytesPerMs);
    bytes.set(sound.subarray(at * bytes.length, (at + 1) * bytes.length));
    link.socket.send(bytes);
    await Bun.sleep(Math.max(0, startMs + (at + 1) * chunkMs - performance.now()));
  }
  const [stages] = await Promise.race([Promise.all([told.promise, done]), late.promise]);
  link.socket.close();
  return { stages, dryMs };
}

function setDeadline(onLate: () => void): Disposable {
  const timer = setTimeout(onLate, deadlineMs);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Waits begin when their turn comes, not when they are written down. */
function scriptAnswer({ firstTokenMs, tokenMs }: StageOptions): LlmAnswer {
  const wait = (ms: number) => ({
    // oxlint-disable-next-line unicorn/no-thenable -- awaited once for each answer that is given
    wait: { then: (resolve: () => void) => void setTimeout(resolve, ms) } as unknown as Promise<void>,
  });
  const tokens = answer.match(/\s?\S+/g) ?? [];
  return {
    steps: tokens.flatMap((text, i) => [wait(i === 0 ? firstTokenMs : tokenMs), { text }]),
  };
}

function recognizeAtEnd(own: SpeechRecognizer): SpeechRecognizer {
  return {
    ...own,
    open(options = {}) {
      const pushed: Float32Array[] = [];
      return {
        push: (pcm) => void pushed.push(pcm.slice()),
        partials: (async function* () {})(),
        async finish() {
          await using session = own.open({ ...options, partials: false });
          for (const pcm of pushed) session.push(pcm);
          return await session.finish();
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    },
  };
}

async function* speakWhole(...[deltas, options]: Parameters<SpeakText>): AsyncGenerator<SynthesisChunk> {
  let text = "";
  for await (const delta of deltas) text += delta;
  const chunks: SynthesisChunk[] = [];
  const whole = (async function* () {
    yield await Promise.resolve(text);
  })();
  for await (const chunk of synthesizeStream(whole, options)) chunks.push(chunk);
  yield* chunks;
}

async function* speakInTurn(...[deltas, options]: Parameters<SpeakText>): AsyncGenerator<SynthesisChunk> {
  const { synthesizer, ...how } = options;
  const splitter = createSentenceSplitter();
  const speak = async function* (pieces: readonly string[]): AsyncGenerator<SynthesisChunk> {
    for (const piece of pieces) {
      for await (const chunk of synthesizer.synthesize(piece, how)) {
        yield chunk;
        await Bun.sleep((chunk.pcm.length * 1000) / chunk.sampleRateHz);
      }
    }
  };
  for await (const delta of deltas) yield* speak([...splitter.push(delta)]);
  yield* speak([...splitter.finish()]);
}

export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

function describe(name: string, rounds: readonly Round[]): string {
  const both = (pick: (round: Round) => number | null): string => {
    const numbers = rounds.flatMap((round) => pick(round) ?? []);
    if (numbers.length === 0) return "–";
    return [0.5, 0.99].map((share) => quantile(numbers, share).toFixed(0)).join(" / ");
  };
  const cells = [
    both(({ stages }) => stages.totalMs),
    both(({ stages }) => stages.detectorMs),
    both(({ stages }) => stages.recognizerMs),
    both(({ stages }) => stages.replyMs),
    both(({ stages }) => stages.synthesizerMs),
    both(({ stages }) => stages.ownMs),
    both(({ dryMs }) => dryMs),
    `${rounds.filter(({ isAskedEarly }) => isAskedEarly).length} of ${rounds.length}`,
    (rounds.reduce((sum, { requests }) => sum + requests, 0) / rounds.length).toFixed(1),
  ];
  return `| ${name} | ${cells.join(" | ")} |`;
}
