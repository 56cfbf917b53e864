// The way of an utterance through a recogniser, with a decoder that hears tones and one that does what it is told.
import { describe, expect, test } from "bun:test";
import { concatPcm } from "../../src/audio/pcm.ts";
import { AppError } from "../../src/base/errors.ts";
import type { DecodeRequest, DecodeResult, SpeechDecoder } from "../../src/speech/speech-decoder.ts";
import { createUtteranceSession, type UtteranceOptions } from "../../src/speech/utterance-session.ts";
import { hearTones, speakTones } from "../support/fake-engines/tone-language.ts";
import { createManualClock } from "../support/manual-clock.ts";

type Decode = (request: DecodeRequest, hear: () => DecodeResult) => Promise<DecodeResult>;

function open(
  options: Partial<UtteranceOptions> = {},
  overrides: Partial<SpeechDecoder> = {},
  decode?: Decode,
) {
  const requests: DecodeRequest[] = [];
  let running = 0;
  let mostAtOnce = 0;
  let closedCount = 0;
  const session = createUtteranceSession(
    {
      maxSegmentMs: 20_000,
      keepsPrefix: true,
      ...overrides,
      async decode(request) {
        requests.push(request);
        running += 1;
        mostAtOnce = Math.max(mostAtOnce, running);
        const hear = (): DecodeResult => {
          const heard = hearTones(request.pcm).map((text) => ({ text, tokens: [] }));
          return { words: [...request.prefix, ...heard.slice(request.prefix.length)], language: "en" };
        };
        try {
          return decode ? await decode(request, hear) : hear();
        } finally {
          running -= 1;
        }
      },
    },
    {
      language: undefined,
      defaultLanguage: "en",
      partials: false,
      partialIntervalMs: 100,
      sessionId: "s",
      clock: createManualClock(),
      onClose: () => {
        closedCount += 1;
      },
      ...options,
    },
  );
  return { session, requests, mostAtOnce: () => mostAtOnce, closedCount: () => closedCount };
}
/** Lets everything that can happen now happen. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
const second = new Float32Array(16_000);
const poem = Array.from({ length: 120 }, (_, i) => `word${i}`).join(" ");

describe("long audio", () => {
  test("is cut in pauses, and no word is lost or doubled", async () => {
    const { session, requests, mostAtOnce } = open({}, { maxSegmentMs: 3000 });
    session.push(speakTones(poem));
    const { text, words = [], durationMs } = await session.finish();
    expect(text).toBe(poem);
    expect(requests.length).toBeGreaterThan(6);
    expect(Math.max(...requests.map(({ pcm }) => pcm.length))).toBeLessThanOrEqual(3000 * 16);
    expect(mostAtOnce()).toBe(1);
    const starts = words.map((word) => word.startMs);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(words.at(-1)?.endMs).toBeLessThanOrEqual(durationMs);
  });

  test("is decided while it comes, so that the end has little left to do", async () => {
    const { session, requests } = open({}, { maxSegmentMs: 3000 });
    const pcm = speakTones(poem);
    for (let i = 0; i < pcm.length; i += 8000) {
      session.push(pcm.slice(i, i + 8000));
      await settle();
    }
    const before = requests.length;
    expect((await session.finish()).text).toBe(poem);
    expect(requests.length - before).toBeLessThanOrEqual(2);
    expect(requests.slice(0, before).every((request) => request.priority === "tail")).toBe(true);
    expect(requests.at(-1)?.priority).toBe("head");
  });

  test("with partials keeps what was shown as certain over the cut", async () => {
    const { session } = open({ partials: true }, { maxSegmentMs: 3000 });
    const shown: string[] = [];
    const reading = (async () => {
      for await (const partial of session.partials) shown.push(partial.stableText);
    })();
    const pcm = speakTones(poem);
    for (let i = 0; i < pcm.length; i += 3200) {
      session.push(pcm.slice(i, i + 3200));
      await settle();
    }
    const { text } = await session.finish();
    await reading;
    expect(text).toBe(poem);
    for (const [i, stable] of shown.entries()) {
      expect(stable).toStartWith(shown[i - 1] ?? "");
      expect(text).toStartWith(stable);
    }
    expect(shown.at(-1)?.split(" ").length).toBeGreaterThan(100);
  });

  test("beyond an hour that nobody decides is refused, and the rest stays", async () => {
    const { session } = open({}, {}, () => new Promise(() => undefined));
    session.push(new Float32Array(3600 * 16_000 - 16_000));
    session.push(second);
    expect(() => session.push(second)).toThrow(expect.objectContaining({ code: "E_QUOTA" }));
  });
});

describe("looks at what comes", () => {
  test("are taken one at a time, and the newest is what is shown", async () => {
    const gates: (() => void)[] = [];
    const { session, requests } = open({ partials: true }, {}, async (_request, hear) => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return hear();
    });
    const pcm = speakTones("one two three four five six seven eight nine ten eleven twelve");
    for (let i = 0; i < pcm.length; i += 1600) session.push(pcm.slice(i, i + 1600));
    expect(requests).toHaveLength(1);
    const newest = session.partials[Symbol.asyncIterator]();
    gates.shift()?.();
    expect((await newest.next()).value.text).toStartWith("one two");
    expect(requests).toHaveLength(2);
    gates.shift()?.();
    expect((await newest.next()).value.text).toEndWith("twelve");
  });

  test("wait for enough audio", async () => {
    const { session, requests } = open({ partials: true, partialIntervalMs: 500 });
    const pcm = speakTones("one two three four five six seven eight nine ten eleven twelve");
    session.push(pcm.slice(0, 700 * 16));
    expect(requests).toHaveLength(0);
    session.push(pcm.slice(700 * 16, 900 * 16));
    expect(requests).toHaveLength(1);
    await settle();
    session.push(pcm.slice(900 * 16, 1300 * 16));
    expect(requests).toHaveLength(1);
    session.push(pcm.slice(1300 * 16, 1500 * 16));
    expect(requests).toHaveLength(2);
  });

  test("come less often where each takes long", async () => {
    const clock = createManualClock();
    const { session, requests } = open({ partials: true, clock }, {}, (_request, hear) => {
      clock.advance(200);
      return Promise.resolve(hear());
    });
    const pcm = speakTones("one two three four five six seven eight nine ten eleven twelve");
    session.push(pcm.slice(0, 800 * 16));
    await settle();
    session.push(pcm.slice(800 * 16, 1299 * 16));
    expect(requests).toHaveLength(1);
    session.push(pcm.slice(1299 * 16, 1300 * 16));
    expect(requests).toHaveLength(2);
    await settle();
  });

  test("are not taken unless partials are asked for", () => {
    const { session, requests } = open();
    session.push(speakTones(poem).slice(0, 16_000 * 10));
    expect(requests).toHaveLength(0);
  });

  test("one under way is dropped for the final, which begins from what was heard", async () => {
    const { session, requests } = open({ partials: true }, {}, (request, hear) => {
      if (requests.length !== 2) return Promise.resolve(hear());
      return new Promise((_, reject) => {
        request.signal.addEventListener("abort", () => reject(new AppError("E_INTERRUPTED", "cancelled")));
      });
    });
    const pcm = speakTones("one two three four five six seven eight nine ten eleven twelve");
    session.push(pcm.slice(0, 24_000));
    await settle();
    session.push(pcm.slice(24_000));
    expect(requests).toHaveLength(2);
    expect((await session.finish()).text).toEndWith("eleven twelve");
    expect(requests[1]?.signal.aborted).toBe(true);
    expect(requests[2]?.draft[0]?.text).toBe("one");
  });

  test("a failed one is only late", async () => {
    const { session, requests } = open({ partials: true }, {}, (_request, hear) =>
      requests.length === 1 ? Promise.reject(new AppError("E_BUSY", "queue full")) : Promise.resolve(hear()),
    );
    const pcm = speakTones("one two three four five six seven eight nine ten eleven twelve");
    session.push(pcm.slice(0, 20_000));
    await settle();
    session.push(pcm.slice(20_000));
    await settle();
    expect(requests).toHaveLength(2);
    expect((await session.finish()).text).toEndWith("twelve");
  });

  test("the last one is the answer when only silence came after it", async () => {
    const { session, requests } = open({ partials: true });
    const pcm = concatPcm([speakTones("one two three four five six"), new Float32Array(4000)]);
    session.push(pcm);
    await settle();
    session.push(new Float32Array(800));
    const { text, durationMs } = await session.finish();
    expect([text, requests.length]).toEqual(["one two three four five six", 1]);
    expect(durationMs).toBe((pcm.length + 800) / 16);
  });
});

describe("trouble", () => {
  test("an engine that dies under the final is asked once more", async () => {
    const { session, requests } = open({}, {}, (_request, hear) =>
      requests.length === 1 ? Promise.reject(new AppError("E_BUSY", "stopped")) : Promise.resolve(hear()),
    );
    session.push(speakTones("one two"));
    expect((await session.finish()).text).toBe("one two");
  });

  test("one that dies again, or cannot, says so", async () => {
    for (const [code, count] of [
      ["E_BUSY", 2],
      ["E_ARGS", 1],
    ] as const) {
      const { session, requests, closedCount } = open({}, {}, () => Promise.reject(new AppError(code, "no")));
      session.push(speakTones("one two"));
      expect(await session.finish().catch((error: AppError) => error.code)).toBe(code);
      expect([requests.length, closedCount()]).toEqual([count, 1]);
    }
  });

  test("an abort frees the utterance and ends what is under way", async () => {
    const abort = new AbortController();
    const { session, requests, closedCount } = open({ signal: abort.signal }, {}, (request) => {
      return new Promise((_, reject) => {
        request.signal.addEventListener("abort", () => reject(new AppError("E_INTERRUPTED", "cancelled")));
      });
    });
    session.push(speakTones("one two"));
    const finished = session.finish().catch((error: AppError) => error.code);
    await settle();
    abort.abort();
    expect(await finished).toBe("E_INTERRUPTED");
    expect([requests.length, closedCount()]).toEqual([1, 1]);
  });

  test("every way to end closes once", async () => {
    const finished = open();
    await finished.session.finish();
    await finished.session[Symbol.asyncDispose]();
    const dropped = open();
    await dropped.session[Symbol.asyncDispose]();
    await dropped.session[Symbol.asyncDispose]();
    expect([finished.closedCount(), dropped.closedCount()]).toEqual([1, 1]);
  });
});
