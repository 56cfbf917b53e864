// Ten minutes of everything going wrong at once, with the real engines: engines and hosts of characters are killed at random,
// sockets are cut, the language model stalls, breaks off and fails, clients interrupt and send nonsense. Afterwards the
// server must hold what it held before, no rule of a session may have been broken, and it must still answer.
//   bun scripts/chaos.ts [--minutes 10] [--clients 4] [--seed N]
// The models come from where the tests have theirs (test/support/real-models.ts).
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createLlmServer, type LlmAnswer } from "../test/support/llm-server.ts";
import { findRealModels, realModelsRoot } from "../test/support/real-models.ts";
import { pause, type Tally, talkBadly } from "./chaos/client.ts";
import type { Holdings } from "./chaos/server.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    clients: { type: "string", default: "4" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const minutes = Number(values.minutes);
const never = new AbortController().signal;

/** mulberry32: the same trouble for the same seed, as far as timing lets it. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
const random = createRandom(Number(values.seed));

function makeAnswer(): LlmAnswer {
  const mood = random();
  const text =
    "Well, let me think about that for a moment. It is a long story, and I like to tell it slowly.";
  if (mood < 0.6) return { steps: [{ text: `${text} ` }, { text: "That is all." }] };
  if (mood < 0.7) return { steps: [{ text }, { stall: true }] };
  if (mood < 0.8) return { steps: [{ text: "Well, " }, { cut: true }] };
  if (mood < 0.9) return { status: 503, body: { error: { message: "overloaded", type: "server_error" } } };
  return { steps: [{ text: `${text} `.repeat(6) }] };
}

async function findQuestion(url: string): Promise<Uint8Array> {
  const response = await fetch(`${url}/v1/audio/speech`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "kokoro",
      voice: "af_heart",
      input: "Can you tell me a story?",
      response_format: "pcm",
    }),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.bytes();
}

await findRealModels(["kokoro-82m-q8", "kokoro-voices", "moonshine-tiny", "silero-vad"]);
const home = await mkdtemp(join(tmpdir(), "troupe-chaos-"));
await using llm = await createLlmServer();
llm.models = [{ id: "chaos-1" }];

const asked: PromiseWithResolvers<Holdings>[] = [];
const started = Promise.withResolvers<string>();
const server = Bun.spawn(
  [
    process.execPath,
    "--no-env-file",
    join(import.meta.dir, "chaos/server.ts"),
    JSON.stringify({
      home,
      overrides: {
        "server.port": 0,
        "characters.dir": resolve(import.meta.dir, "../story_characters"),
        "settings.assets.cache_dir": join(realModelsRoot, "assets"),
        "storage.cache_root": join(realModelsRoot, "cache"),
        "conversations.file": join(home, "conversations.sqlite"),
        "reply.source": "openai-compatible",
        "reply.base_url": llm.baseUrl,
        "reply.model": "chaos-1",
      },
    }),
  ],
  {
    stdio: ["ignore", "inherit", "inherit"],
    ipc(message: { url?: string; holdings?: Holdings }) {
      if (message.url !== undefined) started.resolve(message.url);
      if (message.holdings) asked.shift()?.resolve(message.holdings);
    },
    onExit: (_, code) => started.reject(new Error(`the server ended with ${code}`)),
  },
);
const holdings = (): Promise<Holdings> => {
  const answer = Promise.withResolvers<Holdings>();
  asked.push(answer);
  server.send("holdings");
  return answer.promise;
};
/** Engines, and the hosts of characters. */
const listVictims = (): number[] => {
  const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").trim().split(" ");
  return children.filter(isVictim).map(Number);
};
const isVictim = (pid: string): boolean => {
  try {
    return /(?:engine|host-process)\.ts/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    return false; // it has ended meanwhile
  }
};

let exitCode = 1;
try {
  const url = await started.promise;
  const question = await findQuestion(url);
  const socketUrl = `${url.replace("http", "ws")}/v1/realtime?model=Maeve`;
  const tally: Tally = {
    talks: 0,
    answers: 0,
    failedAnswers: 0,
    interruptions: 0,
    cuts: 0,
    refused: 0,
    lastFailure: "",
    breaches: [],
  };
  const load = async (durationMs: number, isCruel: boolean): Promise<number> => {
    const abort = new AbortController();
    const talks = Array.from({ length: Number(values.clients) }, (_, i) =>
      talkBadly({
        url: `${socketUrl}&conversation=chaos-${i}`,
        question,
        random,
        tally,
        signal: abort.signal,
      }),
    );
    const endMs = performance.now() + durationMs;
    let kills = 0;
    while (performance.now() < endMs) {
      while (llm.requests.length + 4 > answersGiven) {
        llm.answer(isCruel ? makeAnswer() : { steps: [{ text: "Once upon a time." }] });
        answersGiven++;
      }
      await pause(isCruel ? 2000 + random() * 8000 : 500, never);
      const victims = listVictims();
      const victim = victims[Math.floor(random() * victims.length)];
      if (!isCruel || victim === undefined) continue;
      process.kill(victim, "SIGKILL");
      kills++;
    }
    abort.abort();
    await Promise.all(talks);
    return kills;
  };
  let answersGiven = 0;

  // What a server holds for good (compiled code, pools, caches) is there after the first talks.
  await load(20_000, false);
  await pause(8000, never);
  const before = await holdings();
  const kills = await load(minutes * 60_000, true);
  // The longest that anything may take to be given up: a vanished client (5 s), a stalled model, an engine's return.
  await pause(75_000, never);
  const after = await holdings();
  const answered = tally.answers - tally.failedAnswers;
  const probe = { ...tally, answers: 0, failedAnswers: 0, breaches: [] as string[] };
  llm.answer(...Array.from({ length: 200 }, () => ({ steps: [{ text: "Still here." }] })));
  const last = new AbortController();
  const talking = talkBadly({
    url: socketUrl,
    question,
    random: () => 0.3,
    tally: probe,
    signal: last.signal,
  });
  for (let i = 0; i < 240 && probe.answers - probe.failedAnswers < 1; i++) await pause(500, never);
  last.abort();
  await talking;

  const health = await (await fetch(`${url}/v1/health`)).text();
  const { providers } = (await (await fetch(`${url}/v1/providers`)).json()) as {
    providers: { name: string; state: string; reason?: string }[];
  };
  console.log(
    health,
    providers.map(({ name, state, reason = "" }) => `${name}: ${state} ${reason}`.trim()).join("; "),
  );

  console.log(`seed ${values.seed}, ${minutes} min, ${values.clients} clients`);
  console.log(
    `${tally.talks} talks, ${answered} answers, ${tally.failedAnswers} more that the model or an engine failed, ` +
      `${tally.interruptions} interruptions, ${tally.cuts} sockets cut, ${tally.refused} refused, ${kills} processes killed`,
  );
  const rows = (Object.keys(before) as (keyof Holdings)[]).map(
    (key) => [key, before[key], after[key]] as const,
  );
  for (const [key, was, is] of rows) console.log(`${key.padEnd(14)} ${String(was).padStart(12)} → ${is}`);
  console.log(`rules broken: ${tally.breaches.length}`, tally.breaches.slice(0, 5));
  const isWell = probe.answers - probe.failedAnswers > 0;
  console.log(`answers afterwards: ${isWell ? "yes" : `no, ${JSON.stringify(probe)}`}`);
  const isBack =
    after.openFiles <= before.openFiles + 2 &&
    after.timers <= before.timers + 4 &&
    after.sockets <= before.sockets + 1 &&
    after.rssBytes <= before.rssBytes + (64 << 20);
  console.log(`holds no more than before: ${isBack ? "yes" : "no"}`);
  exitCode = isWell && isBack && tally.breaches.length === 0 ? 0 : 1;
} finally {
  server.kill();
  await server.exited;
  await rm(home, { recursive: true, force: true });
}
process.exit(exitCode);
