// The package @openai/agents-realtime in Chromium, bundled into a page as its users do, with a client secret as its key and
// a microphone that says what it is given.
import { expect, test } from "bun:test";
import { concatPcm } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import { encodeWav } from "../../src/audio/wav.ts";
import { launchBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { speakTones } from "../support/fake-engines/tone-language.ts";
import { createFakeCharacter, type ReplyScript, sayWords } from "../support/fake-services.ts";
import { findBreaches } from "../support/event-log.ts";
import type { ServerEvent } from "../support/realtime-invariants.ts";
import { startRealtimeServer } from "../support/realtime-server.ts";
import type { AgentsPage } from "../support/stock-clients/agents-page.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const deadlineMs = 60_000;
const story = "Once upon a time there lived a queen who had three sons and one daughter and a dog. ".repeat(
  15,
);
const silence = (seconds: number): Float32Array => new Float32Array(seconds * 16_000);

type Global = typeof globalThis & { agents: AgentsPage };

test("talks in Chromium: it is heard, answers, is interrupted, calls, and comes back", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createTempFolder());
  // A guest who says hello, and speaks up while the story is told. Then there is silence for longer than the test lasts. The
  // file runs from when the microphone opens: a slow browser has time until the first word, and the answer until the next.
  const speech = concatPcm([
    silence(4),
    speakTones("hello there"),
    silence(8),
    speakTones("please stop now"),
    silence(120),
  ]);
  const wav = encodeWav(resample(speech, { fromHz: 16_000, toHz: 48_000 }), 48_000);
  const microphone = `${folder.path}/microphone.wav`;
  await Bun.write(microphone, wav);

  const bundle = await Bun.build({
    entrypoints: [new URL("../support/stock-clients/agents-page.ts", import.meta.url).pathname],
    target: "browser",
    format: "esm",
  });
  const script = await bundle.outputs[0]?.text();
  const page = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) =>
      new URL(url).pathname === "/page.js"
        ? new Response(script, { headers: { "content-type": "text/javascript" } })
        : new Response(
            '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
            {
              headers: { "content-type": "text/html" },
            },
          ),
  });
  stack.defer(() => page.stop(true));
  const origin = `http://127.0.0.1:${page.port}`;

  let rolls = 0;
  let turns = 0;
  const answer: ReplyScript = async function* (request) {
    const last = request.messages.at(-1);
    if (last?.role === "tool") return yield* sayWords("The light is on.")(request);
    if (last?.content === "Are you back") return yield* sayWords("Welcome back.")(request);
    if (last?.content !== "Roll, then light") {
      return yield* sayWords(turns++ === 0 ? story : "Of course.")(request);
    }
    const dice = request.tools?.find(({ name }) => name === "dice");
    yield { type: "tool-call", callId: "s1", name: "dice", arguments: "{}" };
    const content = JSON.stringify(await dice?.execute?.({}, { signal: new AbortController().signal }));
    yield { type: "tool-result", callId: "s1", name: "dice", outcome: "ok", content, durationMs: 1 };
    yield { type: "tool-call", callId: "c1", name: "lights", arguments: '{"on":true}' };
    yield { type: "finish", reason: "tool-calls", usage: { inputTokens: 1, outputTokens: 1 } };
  };
  const gertrude = createFakeCharacter("Gertrude", {
    tools: [{ name: "dice", description: "Rolls", parameters: { type: "object" }, timeoutMs: 500 }],
    callTool: async () => {
      rolls++;
      return 6;
    },
  });
  const server = stack.use(
    startRealtimeServer({
      script: answer,
      aheadMs: 500,
      characters: [gertrude],
      services: { access: { apiKeys: ["the-operator's"], allowedOrigins: [origin] } },
    }),
  );

  const browser = stack.use(await launchBrowser({ microphone }));
  const { page: tab, problems } = await browser.open(origin);
  await tab.waitForFunction(() => "agents" in globalThis);
  const look = <T>(read: (agents: AgentsPage) => T): Promise<T> =>
    tab.evaluate<T>(`(${read.toString()})(globalThis.agents)`);
  const count = (type: string): Promise<number> =>
    tab.evaluate(
      (wanted) => (globalThis as Global).agents.events.filter((event) => event.type === wanted).length,
      type,
    );
  const connect = async (): Promise<void> => {
    const { value } = await server.realtime.issueSecret({ session: { type: "realtime", model: "Gertrude" } });
    await tab.evaluate(
      ([url, secret]) => (globalThis as Global).agents.connect(url ?? "", secret ?? ""),
      [server.url, value],
    );
  };

  await connect();
  await look((agents) => agents.listen());
  await eventually(
    "the answer to what was said",
    async () => (await count("rate_limits.updated")) >= 2,
    deadlineMs,
  );
  expect(await look((agents) => agents.interruptions)).toBe(1);
  expect(await look((agents) => agents.soundBytes)).toBeGreaterThan(48_000);
  await eventually(
    "what was heard of the story",
    () =>
      look((agents) => agents.history.length === 4 && agents.history.every((line) => !line.endsWith(": "))),
    deadlineMs,
  );
  const [hello = "", told = "", stop = "", reply] = await look((agents) => agents.history);
  expect([hello.split(":")[0], stop.split(":")[0], reply]).toEqual(["user", "user", "assistant: Of course."]);
  expect(told).toStartWith("assistant: Once upon a time");
  expect(told.length).toBeLessThan(story.length / 2);

  await look((agents) => agents.send("Roll, then light"));
  await eventually("the tools", async () => (await count("rate_limits.updated")) >= 4, deadlineMs);
  expect(await look((agents) => agents.calls)).toEqual(["lights true"]);
  expect(rolls).toBe(1);

  await look((agents) => agents.hangUp());
  await eventually("the session's end", () => server.realtime.activeSessions() === 0, deadlineMs);
  const first = (await look((agents) => agents.events.splice(0))) as ServerEvent[];
  await connect();
  await look((agents) => agents.send("Are you back"));
  await eventually(
    "an answer in the new session",
    async () => (await count("rate_limits.updated")) >= 1,
    deadlineMs,
  );
  const second = (await look((agents) => agents.events.splice(0))) as ServerEvent[];

  const statuses = [...first, ...second]
    .filter(({ type }) => type === "response.done")
    .map(({ response }) => (response as { status: string }).status);
  expect(statuses).toEqual(["cancelled", "completed", "completed", "completed", "completed"]);
  for (const events of [first, second]) {
    expect(findBreaches(events, { isCut: true })).toEqual([]);
  }
  expect(await look((agents) => agents.errors)).toEqual([]);
  expect(problems).toEqual([]);
}, 180_000);
