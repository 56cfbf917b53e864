// The package @openai/agents-realtime, unmodified: it talks by sound and text, calls tools, interrupts and is interrupted.
import { describe, expect, test } from "bun:test";
import {
  OpenAIRealtimeWebSocket,
  RealtimeAgent,
  type RealtimeItem,
  RealtimeSession,
  tool,
} from "@openai/agents-realtime";
import { z } from "zod";
import { concatPcm, decodeS16le, encodeS16le } from "../../../src/audio/pcm.ts";
import { resample } from "../../../src/audio/resample.ts";
import { hearTones, speakTones } from "../../support/fake-engines/tone-language.ts";
import { createFakeCharacter, sayWords } from "../../support/fake-services.ts";
import { findBreaches } from "../../support/event-log.ts";
import type { ServerEvent } from "../../support/realtime-invariants.ts";
import { type RealtimeServer, startHeldServer, startRealtimeServer } from "../../support/realtime-server.ts";

interface Agent extends AsyncDisposable {
  session: RealtimeSession;
  events: ServerEvent[];
  errors: unknown[];
  /** Rejects after 20 s. */
  waitFor(accept: () => boolean): Promise<void>;
  say(text: string): void;
  heardWords(): string;
  ofType(type: string): ServerEvent[];
  /** History as `role: words`. */
  history(): string[];
}

async function connectAgent(
  server: RealtimeServer,
  options: { agent?: RealtimeAgent; model?: string; config?: Record<string, unknown> } = {},
): Promise<Agent> {
  const agent = options.agent ?? new RealtimeAgent({ name: "client", instructions: "" });
  const transport = new OpenAIRealtimeWebSocket({
    url: `${server.url}?model=${options.model ?? "Gertrude"}`,
  });
  const session = new RealtimeSession(agent, {
    transport,
    ...(options.model !== undefined && { model: options.model }),
    ...(options.config && { config: options.config }),
  });
  const events: ServerEvent[] = [];
  const errors: unknown[] = [];
  const sound: Float32Array[] = [];
  const wakers = new Set<() => void>();
  session.on("transport_event", (event) => {
    // What the session itself makes of events is told here, too; only the server's have an id of its own.
    if ("event_id" in event) events.push(event as unknown as ServerEvent);
    for (const wake of wakers) wake();
  });
  session.on("audio", ({ data }) => sound.push(decodeS16le(new Uint8Array(data))));
  session.on("history_updated", () => {
    for (const wake of wakers) wake();
  });
  session.on("error", (error) => errors.push(error));
  await session.connect({ apiKey: "any" });

  return {
    session,
    events,
    errors,
    waitFor(accept) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (!accept()) return;
          clearTimeout(timer);
          wakers.delete(look);
          resolve();
        };
        const timer = setTimeout(() => {
          wakers.delete(look);
          reject(new Error(`it did not happen; seen: ${events.map(({ type }) => type).join(", ")}`));
        }, 20_000);
        wakers.add(look);
        look();
      });
    },
    say(text) {
      const pcm = concatPcm([speakTones(text), new Float32Array(16_000)]);
      const bytes = encodeS16le(resample(pcm, { fromHz: 16_000, toHz: 24_000 }));
      for (let at = 0; at < bytes.length; at += 4800) session.sendAudio(bytes.slice(at, at + 4800).buffer);
    },
    heardWords: () => hearTones(resample(concatPcm(sound), { fromHz: 24_000, toHz: 16_000 })).join(" "),
    ofType: (type) => events.filter((event) => event.type === type),
    history: () => session.history.map(describeItem),
    async [Symbol.asyncDispose]() {
      session.close();
    },
  };
}

function describeItem(item: RealtimeItem): string {
  if (item.type !== "message") return item.type;
  const words = item.content.map((part) =>
    "text" in part ? part.text : "transcript" in part ? part.transcript : "",
  );
  return `${item.role}: ${words.join(" ")}`;
}

const count = (agent: Agent, type: string): number => agent.ofType(type).length;

/** Breaches of the rules, and events that the package took for something it does not know. */
function findFaults({ events }: Agent): string[] {
  return findBreaches(events, { isCut: true });
}

describe("a stock agents-realtime session", () => {
  test("talks by sound: it is heard, hears the answer, and knows what was said", async () => {
    await using server = startRealtimeServer({ script: sayWords("Good evening, dear guest. Sit down.") });
    await using agent = await connectAgent(server);
    agent.say("hello there");
    await agent.waitFor(() => count(agent, "response.done") === 1);
    await agent.waitFor(() => agent.history().includes("user: hello there"));
    expect(agent.heardWords()).toBe("good evening dear guest sit down");
    expect(agent.history()).toEqual(["user: hello there", "assistant: Good evening, dear guest. Sit down."]);
    expect(server.services.replyRequests[0]?.messages).toEqual([
      { role: "system", content: "You are Gertrude." },
      { role: "user", content: "hello there" },
    ]);
    expect(agent.errors).toEqual([]);
    expect(findFaults(agent)).toEqual([]);
  });

  test("writes, and is answered by sound", async () => {
    await using server = startRealtimeServer({ script: sayWords("Yes, I am.") });
    await using agent = await connectAgent(server);
    agent.session.sendMessage("Are you there?");
    await agent.waitFor(() => count(agent, "response.done") === 1);
    expect(agent.history()).toEqual(["user: Are you there?", "assistant: Yes, I am."]);
    expect(agent.heardWords()).toBe("yes i am");
    expect(findFaults(agent)).toEqual([]);
  });

  test("and is answered in text, when that is what it wants", async () => {
    await using server = startRealtimeServer({ script: sayWords("Yes, I am.") });
    await using agent = await connectAgent(server, { config: { outputModalities: ["text"] } });
    agent.session.sendMessage("Are you there?");
    await agent.waitFor(() => count(agent, "response.done") === 1);
    expect(agent.history()).toEqual(["user: Are you there?", "assistant: Yes, I am."]);
    expect(agent.heardWords()).toBe("");
    expect(findFaults(agent)).toEqual([]);
  });

  test("speaks up while the character talks, and goes on with what was heard", async () => {
    // Of so long a one no client has half when it is interrupted.
    const story =
      "Once upon a time there lived a queen who had three sons and one daughter and a dog. ".repeat(4);
    let isFirst = true;
    await using server = startHeldServer({
      aheadMs: 800,
      script: (request) => {
        const words = isFirst ? story : "Of course.";
        isFirst = false;
        return sayWords(words)(request);
      },
    });
    await using agent = await connectAgent(server);
    let interruptions = 0;
    agent.session.on("audio_interrupted", () => interruptions++);
    agent.session.sendMessage("Tell me a story");
    await agent.waitFor(() => count(agent, "response.output_audio.delta") >= 4);
    server.clock.advance(700);
    agent.say("stop");
    await agent.waitFor(() => count(agent, "response.done") === 2);
    expect(interruptions).toBe(1);
    const [cancelled, answered] = agent.ofType("response.done").map(({ response }) => response);
    expect(cancelled).toMatchObject({ status: "cancelled", status_details: { reason: "turn_detected" } });
    expect(answered).toMatchObject({ status: "completed" });
    const told = server.services.replyRequests[1]?.messages.slice(1) ?? [];
    expect(told.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(told.at(-1)?.content).toBe("stop");
    const heard = told[1]?.content ?? "";
    expect(story.startsWith(heard)).toBe(true);
    expect(heard.length).toBeLessThan(story.length / 2);
    expect(agent.errors).toEqual([]);
    expect(findFaults(agent)).toEqual([]);
  });

  test("interrupts of its own accord", async () => {
    await using server = startHeldServer({
      aheadMs: 600,
      script: sayWords("Once upon a time there lived a queen who had three sons."),
    });
    await using agent = await connectAgent(server);
    agent.session.sendMessage("Tell me a story");
    await agent.waitFor(() => count(agent, "response.output_audio.delta") >= 3);
    agent.session.interrupt();
    await agent.waitFor(() => count(agent, "conversation.item.truncated") >= 1);
    await agent.waitFor(() => count(agent, "response.done") === 1);
    expect(agent.ofType("response.done")[0]?.["response"]).toMatchObject({
      status: "cancelled",
      status_details: { reason: "client_cancelled" },
    });
    await agent.waitFor(() => count(agent, "conversation.item.retrieved") >= 1);
    expect(findFaults(agent)).toEqual([]);
  });

  test("runs its own tools, and the character's run on the server", async () => {
    const rolled: string[] = [];
    const character = createFakeCharacter("Gertrude", {
      tools: [{ name: "dice", description: "Rolls", parameters: { type: "object" }, timeoutMs: 500 }],
      async callTool(name) {
        rolled.push(name);
        return 6;
      },
    });
    let round = 0;
    await using server = startRealtimeServer({
      characters: [character],
      script: async function* (request) {
        round++;
        if (round === 2) return yield* sayWords("The light is on.")(request);
        const dice = request.tools?.find(({ name }) => name === "dice");
        yield { type: "tool-call", callId: "s1", name: "dice", arguments: "{}" };
        const content = JSON.stringify(await dice?.execute?.({}, { signal: new AbortController().signal }));
        yield { type: "tool-result", callId: "s1", name: "dice", outcome: "ok", content, durationMs: 1 };
        yield { type: "text-delta", text: "A six. I put on the light." };
        yield { type: "tool-call", callId: "c1", name: "lights", arguments: '{"on":true}' };
        yield { type: "finish", reason: "tool-calls", usage: { inputTokens: 1, outputTokens: 1 } };
      },
    });
    const switched: boolean[] = [];
    const lights = tool({
      name: "lights",
      description: "Switches the light",
      parameters: z.object({ on: z.boolean() }),
      async execute({ on }) {
        switched.push(on);
        return "done";
      },
    });
    await using agent = await connectAgent(server, {
      agent: new RealtimeAgent({ name: "client", instructions: "", tools: [lights] }),
    });
    agent.session.sendMessage("Roll, then light");
    await agent.waitFor(() => count(agent, "response.done") === 2);
    expect(rolled).toEqual(["dice"]);
    expect(switched).toEqual([true]);
    expect(agent.heardWords()).toBe("a six i put on the light the light is on");
    expect(server.services.replyRequests[1]?.messages.slice(1)).toEqual([
      { role: "user", content: "Roll, then light" },
      { role: "assistant", content: "", toolCalls: [{ callId: "s1", name: "dice", arguments: "{}" }] },
      { role: "tool", callId: "s1", name: "dice", content: "6" },
      {
        role: "assistant",
        content: "A six. I put on the light.",
        toolCalls: [{ callId: "c1", name: "lights", arguments: '{"on":true}' }],
      },
      { role: "tool", callId: "c1", name: "lights", content: "done" },
    ]);
    expect(agent.errors).toEqual([]);
    expect(findFaults(agent)).toEqual([]);
  });

  test("rewrites the history, and the character believes it", async () => {
    await using server = startRealtimeServer({ script: sayWords("Yes.") });
    await using agent = await connectAgent(server, { config: { outputModalities: ["text"] } });
    agent.session.sendMessage("One");
    await agent.waitFor(() => count(agent, "response.done") === 1);
    agent.session.updateHistory((history) =>
      history.filter((item) => item.type !== "message" || item.role !== "assistant"),
    );
    await agent.waitFor(() => count(agent, "conversation.item.deleted") === 1);
    agent.session.sendMessage("Two");
    await agent.waitFor(() => count(agent, "response.done") === 2);
    expect(server.services.replyRequests[1]?.messages.slice(1)).toEqual([
      { role: "user", content: "One" },
      { role: "user", content: "Two" },
    ]);
    expect(findFaults(agent)).toEqual([]);
  });

  test("brings instructions of its own, which replace the character's", async () => {
    await using server = startRealtimeServer();
    await using agent = await connectAgent(server, {
      agent: new RealtimeAgent({ name: "client", instructions: "Speak like a pirate." }),
    });
    agent.session.sendMessage("Hello");
    await agent.waitFor(() => count(agent, "response.done") === 1);
    expect(server.services.replyRequests[0]?.messages[0]).toEqual({
      role: "system",
      content: "Speak like a pirate.",
    });
  });

  test("names its character as the model", async () => {
    await using server = startRealtimeServer();
    await using agent = await connectAgent(server, { model: "Quiz Host" });
    agent.session.sendMessage("Hello");
    await agent.waitFor(() => count(agent, "response.done") === 1);
    expect(server.services.replyRequests[0]?.messages[0]?.content).toBe("You are Quiz Host.");
    expect(agent.errors).toEqual([]);
  });
});
