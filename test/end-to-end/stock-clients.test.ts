// Stock clients as they are, in Bun and in Node, over TLS with a certificate of an authority that they are told to trust:
// sound in, sound out, interruption, truncation, tools of both kinds, a lost connection.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { concatPcm, decodeS16le, encodeS16le } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import { hearTones, speakTones } from "../support/fake-engines/tone-language.ts";
import { createFakeCharacter, type ReplyScript, sayWords } from "../support/fake-services.ts";
import { findBetaBreaches, findBreaches } from "../support/event-log.ts";
import type { ServerEvent } from "../support/realtime-invariants.ts";
import { startRealtimeServer } from "../support/realtime-server.ts";
import { createIssuedCertificate } from "../support/self-signed-certificate.ts";
import { startBreakableProxy } from "../support/stock-clients/breakable-proxy.ts";
import { type Runtime, runStockClient } from "../support/stock-clients/run-stock-client.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const story = "Once upon a time there lived a queen who had three sons and one daughter and a dog. ".repeat(
  6,
);

/** Answers by what was said last. */
const answer: ReplyScript = async function* (request) {
  const last = request.messages.at(-1);
  if (last?.role === "tool") return yield* sayWords("The light is on.")(request);
  switch (last?.content) {
    case "hello there":
      return yield* sayWords("Good evening, dear guest.")(request);
    case "Tell me a story":
      return yield* sayWords(story)(request);
    case "stop now":
      return yield* sayWords("Of course.")(request);
    case "Are you back":
      return yield* sayWords("Welcome back.")(request);
  }
  const dice = request.tools?.find(({ name }) => name === "dice");
  yield { type: "tool-call", callId: "s1", name: "dice", arguments: "{}" };
  const content = JSON.stringify(await dice?.execute?.({}, { signal: new AbortController().signal }));
  yield { type: "tool-result", callId: "s1", name: "dice", outcome: "ok", content, durationMs: 1 };
  yield { type: "text-delta", text: "A six." };
  yield { type: "tool-call", callId: "c1", name: "lights", arguments: '{"on":true}' };
  yield { type: "finish", reason: "tool-calls", usage: { inputTokens: 1, outputTokens: 1 } };
};

const pcmOf = (text: string): Uint8Array =>
  encodeS16le(
    resample(concatPcm([speakTones(text), new Float32Array(14_000)]), { fromHz: 16_000, toHz: 24_000 }),
  );

interface Told {
  lines: readonly ServerEvent[];
  /** Of the session before the connection was lost, and of that after it. */
  sessions: ServerEvent[][];
  rolls: number;
}

/** Lets a program talk through all of it, and cuts its connection where it asks for that. */
async function talk(
  runtime: Runtime,
  program: string,
  argsFor: (address: string) => string[],
  needsNudge: boolean,
): Promise<Told> {
  await using folder = await createTempFolder();
  const { server: tls, authority } = await createIssuedCertificate();
  const authorityFile = await folder.write("authority.pem", authority);
  const files = await Promise.all([
    folder.write("hello.pcm", pcmOf("hello there")),
    folder.write("stop.pcm", pcmOf("stop now")),
  ]);
  let rolls = 0;
  const gertrude = createFakeCharacter("Gertrude", {
    tools: [{ name: "dice", description: "Rolls", parameters: { type: "object" }, timeoutMs: 500 }],
    callTool: async () => {
      rolls++;
      return 6;
    },
  });
  const access = { apiKeys: ["stock-key"], allowedOrigins: [] };
  await using server = startRealtimeServer({
    tls,
    script: answer,
    aheadMs: 1000,
    characters: [gertrude],
    services: { access },
  });
  await using proxy = await startBreakableProxy(Number(new URL(server.url).port));
  const client = await runStockClient({
    runtime,
    program,
    args: [...argsFor(`127.0.0.1:${proxy.port}`), ...files],
    folder: join(folder.path, "node"),
    authorityFile,
  });
  await client.waitFor("client.cut-me");
  proxy.cut();
  if (needsNudge) client.nudge();
  await client.waitFor("client.finished");
  expect(await client.ended).toMatchObject({ exitCode: 0 });
  const { lines } = client;
  expect(ofType(lines, "client.runtime")).toMatchObject([{ runtime }]);
  const events = lines.filter(({ type }) => !type.startsWith("client."));
  const second = events.findLastIndex(({ type }) => type === "session.created");
  return { lines, sessions: [events.slice(0, second), events.slice(second)], rolls };
}

function heardWords(events: readonly ServerEvent[], type: string): string {
  const bytes = events.filter((event) => event.type === type).map(({ delta }) => String(delta));
  const pcm = concatPcm(bytes.map((delta) => decodeS16le(Uint8Array.fromBase64(delta))));
  return hearTones(resample(pcm, { fromHz: 24_000, toHz: 16_000 })).join(" ");
}

const ofType = (events: readonly ServerEvent[], type: string): ServerEvent[] =>
  events.filter((event) => event.type === type);

/** What all of them must have been told, whatever it is called. */
function expectWholeTalk({ lines, sessions, rolls }: Told, names: { sound: string }): void {
  const [first = [], second = []] = sessions;
  expect(ofType(lines, "client.error")).toEqual([]);
  const transcripts = ofType(first, "conversation.item.input_audio_transcription.completed");
  expect(transcripts.map(({ transcript }) => transcript)).toEqual(["hello there", "stop now"]);
  const responses = ofType(first, "response.done").map(({ response }) => response);
  expect(responses).toMatchObject([
    { status: "completed" },
    { status: "cancelled", status_details: { reason: "turn_detected" } },
    { status: "completed" },
    { status: "completed", output: [{ type: "message" }, { type: "function_call", name: "lights" }] },
    { status: "completed" },
  ]);
  const said = heardWords(first, names.sound);
  expect(said).toStartWith("good evening dear guest once upon a");
  expect(said).toEndWith("of course a six the light is on");
  expect(rolls).toBe(1);
  expect(ofType(lines, "client.called")).toMatchObject([{ arguments: '{"on":true}' }]);
  expect(ofType(second, "response.done")).toMatchObject([{ response: { status: "completed" } }]);
  expect(heardWords(second, names.sound)).toBe("welcome back");
}

describe.each(["bun", "node"] as const)("in %s", (runtime) => {
  describe.each(["ws", "websocket"] as const)("the package openai over its class for %s", (kind) => {
    test("talks, is interrupted, truncates, calls, and comes back", async () => {
      const told = await talk(
        runtime,
        "talk-openai.ts",
        (address) => [`ga-${kind}`, `https://${address}/v1`, "Gertrude"],
        false,
      );
      expectWholeTalk(told, { sound: "response.output_audio.delta" });
      const [first = [], second = []] = told.sessions;
      const [retrieved] = ofType(first, "conversation.item.retrieved");
      expect(retrieved?.["item"]).toMatchObject({
        content: [{ type: "output_audio", transcript: "Once upon" }],
      });
      for (const events of [first, second]) {
        expect(findBreaches(events, { isCut: true })).toEqual([]);
      }
    }, 100_000);

    test("does the same in the beta", async () => {
      const told = await talk(
        runtime,
        "talk-openai.ts",
        (address) => [`beta-${kind}`, `https://${address}/v1`, "Gertrude"],
        true,
      );
      expectWholeTalk(told, { sound: "response.audio.delta" });
      expect(told.sessions.flatMap(findBetaBreaches)).toEqual([]);
      const [retrieved] = ofType(told.sessions[0] ?? [], "conversation.item.retrieved");
      expect(retrieved?.["item"]).toMatchObject({ content: [{ type: "audio", transcript: "Once upon" }] });
    }, 100_000);
  });

  test("the package @openai/agents-realtime talks, is interrupted, calls, and comes back", async () => {
    const told = await talk(
      runtime,
      "talk-agents.ts",
      (address) => [`wss://${address}/v1/realtime`, "Gertrude"],
      true,
    );
    expectWholeTalk(told, { sound: "response.output_audio.delta" });
    expect(ofType(told.lines, "client.audio-interrupted")).toHaveLength(1);
    expect(ofType(told.lines, "client.audio").length).toBeGreaterThan(10);
    for (const events of told.sessions) {
      expect(findBreaches(events, { isCut: true })).toEqual([]);
    }
  }, 100_000);
});
