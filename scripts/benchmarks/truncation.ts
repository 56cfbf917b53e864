// What a character remembers of an answer that was cut, against what was really heard of it: Kokoro's speech, whole voice
// sessions in real time, cut at random moments. The listener's ears are the words' own times, and Moonshine.
//   bun scripts/benchmarks/truncation.ts [--trials 20] [--seed 1] [--texts]
import { parseArgs } from "node:util";
import { concatPcm, decodeS16le } from "../../src/audio/pcm.ts";
import type { SpeechSystem } from "../../src/speech/provider.ts";
import { sayWords } from "../../test/support/fake-services.ts";
import { startRealApp } from "../../test/support/real-app.ts";
import { startRealtimeServer } from "../../test/support/realtime-server.ts";
import { spokenSentences } from "../../test/support/spoken-sentences.ts";
import { toSpokenWords } from "../../test/support/word-errors.ts";
import { createLink, speechBytes } from "./session-link.ts";
import { createStandInSpeech } from "./stand-in-engines.ts";

const { values } = parseArgs({
  options: {
    trials: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    /** What was kept and what was heard, where they differ. */
    texts: { type: "boolean", default: false },
  },
});
let state = Number(values.seed);
const random = (): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return (state >>> 8) / 2 ** 24;
};

const bytesPerMs = 48;
/** A cut comes somewhere in here after the first sound. */
const [earliestMs, latestMs] = [400, 9000];
const sentencesPerAnswer = 6;

await using real = await startRealApp();
// The voice is real; the ears only have to notice that somebody speaks.
const speech: SpeechSystem = {
  ...createStandInSpeech(),
  status: () => real.app.speech.status(),
  synthesizer: (options) => real.app.speech.synthesizer(options),
};
await using server = startRealtimeServer({ services: { speech } });

type Way = "barge-in" | "truncate";

/** Words of `kept` that are right, beyond what is true, and short of it. */
interface Score {
  words: number;
  right: number;
  tooMany: number;
  tooFew: number;
}

/** Plays what comes when it comes, and begins anew where it ran dry. */
function createPlayer() {
  const stretches: { startsAtMs: number; durationMs: number }[] = [];
  const sounds: Float32Array[] = [];
  return {
    take(pcm: Float32Array): void {
      sounds.push(pcm);
      const nowMs = performance.now();
      const last = stretches.at(-1);
      const durationMs = pcm.length / 24;
      if (last && last.startsAtMs + last.durationMs >= nowMs) last.durationMs += durationMs;
      else stretches.push({ startsAtMs: nowMs, durationMs });
    },
    playedMs: (): number =>
      stretches.reduce(
        (sum, { startsAtMs, durationMs }) => sum + Math.min(durationMs, performance.now() - startsAtMs),
        0,
      ),
    played: (ms: number): Float32Array => concatPcm(sounds).slice(0, Math.round(ms * 24)),
  };
}

type Scores = Record<"byTimes" | "byEar" | "byEarOfWholeWords", Score>;

async function trial(way: Way): Promise<Scores> {
  const first = Math.floor(random() * spokenSentences.length);
  const text = Array.from(
    { length: sentencesPerAnswer },
    (_, i) => spokenSentences[(first + i * 7) % spokenSentences.length],
  ).join(" ");
  server.services.script = sayWords(text);
  const link = await createLink(server.url);
  const player = createPlayer();
  const words: { text: string; end_ms: number }[] = [];
  let itemId = "";
  link.on("response.output_audio.delta", ({ delta, item_id: id }) => {
    itemId = String(id);
    player.take(decodeS16le(Uint8Array.fromBase64(String(delta))));
  });
  link.on("troupe.words", (event) => void words.push(...(event["words"] as typeof words)));
  link.send({
    type: "session.update",
    session: {
      type: "realtime",
      audio: { input: { turn_detection: { type: "server_vad", create_response: false } } },
      troupe: { words: true, interruption: { min_speech_ms: 0 } },
    },
  });
  const begun = link.next("response.output_audio.delta");
  link.send({ type: "response.create" });
  await begun;
  await Bun.sleep(earliestMs + random() * (latestMs - earliestMs));

  let heardMs: number;
  if (way === "barge-in") {
    const noticed = link.next("input_audio_buffer.speech_started");
    let isNoticed = false;
    void noticed.then(() => (isNoticed = true));
    while (!isNoticed) {
      link.socket.send(speechBytes(40));
      await Promise.race([noticed, Bun.sleep(40)]);
    }
    heardMs = player.playedMs();
  } else {
    const ended = link.next("response.done");
    link.send({ type: "response.cancel" });
    heardMs = Math.floor(player.playedMs());
    await ended;
    const truncated = link.next("conversation.item.truncated");
    link.send({
      type: "conversation.item.truncate",
      item_id: itemId,
      content_index: 0,
      audio_end_ms: heardMs,
    });
    await truncated;
  }
  const retrieved = link.next("conversation.item.retrieved");
  link.send({ type: "conversation.item.retrieve", item_id: itemId });
  const { content } = (await retrieved)["item"] as { content: { transcript?: string }[] };
  const kept = content[0]?.transcript ?? "";
  link.socket.close();

  const played = words.filter(({ end_ms: endMs }) => endMs <= heardMs);
  const wholeMs = played.at(-1)?.end_ms ?? 0;
  const heard = await real.hear(player.played(heardMs));
  if (values.texts && heard !== kept)
    console.log(`${heardMs.toFixed(0)} ms kept:  ${kept}\n         heard: ${heard}`);
  return {
    byTimes: compare(played.map((word) => word.text).join(""), kept),
    byEar: compare(heard, kept),
    byEarOfWholeWords: compare(wholeMs > 0 ? await real.hear(player.played(wholeMs)) : "", kept),
  };
}

/** The longest row of words that stand in both, in order, is right. */
function compare(truth: string, kept: string): Score {
  const [a, b] = [toSpokenWords(truth), toSpokenWords(kept)];
  let row = Array.from({ length: b.length + 1 }, () => 0);
  for (const word of a) {
    const above = row;
    row = [0];
    for (const [i, other] of b.entries()) {
      const longest = Math.max(above[i + 1] ?? 0, row[i] ?? 0);
      row.push(word === other ? Math.max(longest, (above[i] ?? 0) + 1) : longest);
    }
  }
  const right = row.at(-1) ?? 0;
  return { words: a.length, right, tooMany: b.length - right, tooFew: a.length - right };
}

console.log(`seed ${values.seed}, ${values.trials} trials of each kind, ${bytesPerMs / 2} kHz\n`);
console.log("| cut by | words known by | trials | exact | words true | kept right | too many | too few |");
console.log("|---|---|--:|--:|--:|--:|--:|--:|");
for (const way of ["barge-in", "truncate"] as const) {
  const scores: Scores[] = [];
  for (let i = 0; i < Number(values.trials); i++) scores.push(await trial(way));
  for (const [ear, name] of [
    ["byTimes", "Kokoro's durations"],
    ["byEarOfWholeWords", "Moonshine, without the word that was cut"],
    ["byEar", "Moonshine"],
  ] as const) {
    const all = scores.map((score) => score[ear]);
    const sum = (pick: (score: Score) => number): number => all.reduce((total, one) => total + pick(one), 0);
    const exact = all.filter(({ tooMany, tooFew }) => tooMany + tooFew === 0).length;
    const cells = [all.length, exact, sum((s) => s.words), sum((s) => s.right)];
    cells.push(
      sum((s) => s.tooMany),
      sum((s) => s.tooFew),
    );
    console.log(`| ${way} | ${name} | ${cells.join(" | ")} |`);
  }
}
process.exit(0);
