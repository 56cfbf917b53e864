// Plays a whole session: numbers decide what happens next, and how well the engines do (session-world.ts).
import { AppError } from "../../src/base/errors.ts";
import type { SessionCommand } from "../../src/session/events.ts";
import type { SessionPatch } from "../../src/session/session-config.ts";
import { createFakeCharacter } from "./fake-services.ts";
import { createSessionWorld, lateText, type RunningReply, voiceRateHz } from "./session-world.ts";

/** One random decision: which of the things that can happen now, and two numbers for its details. */
export type Decision = readonly [which: number, a: number, b: number];

export interface Simulation {
  readonly log: readonly string[];
  decide(decision: Decision): void;
  /** Lets everything that is under way come to its end. */
  settle(): void;
  /** Everything that does not add up. */
  findFaults(): string[];
}

export function createSimulation(): Simulation {
  const world = createSessionWorld();
  const { log, cast, replies, stopped, finishing, tell, advance, judge } = world;
  let messageNumber = 0;

  const command = (command: SessionCommand): void =>
    tell({ type: "command", command, eventId: `client_${log.length}` });

  const pickItem = (n: number): string =>
    world.state.items[n % (world.state.items.length + 1)]?.id ?? "item_nobody";

  const settleUtterance = (n: number, b: number): void => {
    const [itemId] = finishing.splice(n % finishing.length, 1);
    if (itemId === undefined) return;
    if (b % 5 === 0) {
      const error = new AppError("E_BUSY", "the recogniser stopped");
      return tell({ type: "transcript-failed", itemId, error });
    }
    const text = ["", "", "Mm-hm.", "hello there", "hello there"][b % 5] ?? "";
    tell({ type: "transcript", itemId, text, audioMs: 500 });
  };

  const speakOn = (reply: RunningReply, a: number, b: number, first = "Well, "): void => {
    const { responseId } = reply;
    const words = [first, "hello ", "there. ", "Ah. "].slice(0, 1 + (b % 4));
    const text = words.join("");
    reply.atChar += text.length;
    if (!reply.speaks) return tell({ type: "reply-text", responseId, text });
    if (a % 2 === 0)
      tell({ type: "reply-written", responseId, text: `${text}And more. `, isWhole: a % 3 === 0 });
    const eachMs = 50 + (a % 400);
    const pcm = new Float32Array((words.length * eachMs * voiceRateHz) / 1000);
    const times = words.map((word, i) => ({
      text: word.trim(),
      startMs: i * eachMs,
      endMs: (i + 1) * eachMs,
    }));
    tell({
      type: "speech",
      responseId,
      pcm,
      sampleRateHz: voiceRateHz,
      text,
      words: b % 3 === 0 ? undefined : times,
    });
  };

  const endReply = (reply: RunningReply, b: number): void => {
    const { responseId } = reply;
    replies.delete(responseId);
    if (b % 4 === 0) {
      return tell({ type: "reply-failed", responseId, error: new AppError("E_NET", "upstream went away") });
    }
    const reason = (["stop", "length", "stop", "tool-calls"] as const)[b % 4] ?? "stop";
    tell({ type: "reply-end", responseId, reason, usage: { inputTokens: 3, outputTokens: 4 } });
  };

  const useTool = (reply: RunningReply, b: number): void => {
    const { responseId, atChar } = reply;
    const callId = `call_${log.length}`;
    const open = reply.openTools.pop();
    if (open !== undefined) {
      tell({ type: "tool-end", responseId, callId: open, outcome: "ok", content: "6", durationMs: 3 });
    } else if (b % 3 === 0) {
      tell({ type: "client-call", responseId, callId, name: "lights", arguments: '{"on":true}' });
    } else {
      reply.openTools.push(callId);
      tell({ type: "tool-start", responseId, callId, name: "dice", arguments: "{}", atChar });
    }
  };

  const patches: SessionPatch[] = [
    { turnDetection: null },
    { turnDetection: { type: "server-vad" } },
    { turnDetection: { type: "semantic-vad", eagerness: "high" } },
    { turnDetection: { type: "server-vad", interruptResponse: false, idleTimeoutMs: 2000 } },
    { turnDetection: { createResponse: false } },
    { outputModality: "text" },
    { outputModality: "audio" },
    { transcription: null },
    { transcription: { model: "tiny" } },
    { instructions: "Be brief.", voice: "am_michael" },
    { greeting: true },
    { interruption: { minSpeechMs: 0 } },
    { interruption: { minSpeechMs: 600, resumeMs: 0 } },
    { interruption: { minWords: 2, minSpeechMs: 900, resumeMs: 3000 } },
    { greeting: false },
  ];

  const actions: [name: string, weight: number, act: (a: number, b: number) => void][] = [
    ["time", 12, (a) => advance(a % 900)],
    [
      "audio",
      8,
      (a) => {
        world.receive(160 + (a % 16_000));
      },
    ],
    [
      "frames",
      14,
      (a, b) => {
        for (let i = 0; i < 1 + (a % 30); i++) judge(b % 2 === 0 ? 0.02 : 0.95);
      },
    ],
    ["frame", 3, (_, b) => judge((b % 100) / 100)],
    ["stale", 1, (a, b) => judge((b % 100) / 100, 1 + (a % 8))],
    ["transcript", 6, settleUtterance],
    [
      "partial",
      4,
      (a) => {
        const itemId = world.spokenItem ?? finishing[0] ?? "item_nobody";
        const stableText = a % 2 === 0 ? "hello" : "";
        const text = ["hm", "hello th", "hello there", "hello there"][a % 4] ?? "";
        const partial = { stableText, text };
        tell({ type: "partial-transcript", itemId, partial, endChance: 0.9, mayReplyEarly: a % 5 !== 0 });
      },
    ],
    [
      "judge-pause",
      4,
      (a, b) => {
        const pause = world.asked[Math.max(0, world.asked.length - 1 - (b % 3))];
        if (pause) tell({ type: "pause-judged", ...pause, endChance: (a % 5) / 4 });
      },
    ],
    ["speak", 16, (a, b) => [...replies.values()].slice(0, 1).forEach((reply) => speakOn(reply, a, b))],
    ["end", 6, (_, b) => [...replies.values()].slice(0, 1).forEach((reply) => endReply(reply, b))],
    ["tool", 4, (_, b) => [...replies.values()].slice(0, 1).forEach((reply) => useTool(reply, b))],
    [
      "late",
      3,
      (a, b) => {
        const reply = stopped[a % (stopped.length || 1)];
        if (!reply) return;
        const { responseId } = reply;
        const usage = { inputTokens: 0, outputTokens: 0 };
        if (b % 3 === 0) tell({ type: "reply-text", responseId, text: lateText });
        else if (b % 3 === 1) speakOn({ ...reply, speaks: true }, 1000, b, lateText);
        else tell({ type: "reply-end", responseId, reason: "stop", usage });
      },
    ],
    [
      "respond",
      5,
      (_, b) => command({ type: "create-response", wish: b % 4 === 0 ? { conversation: "none" } : {} }),
    ],
    [
      "cancel",
      3,
      (_, b) => command({ type: "cancel-response", responseId: b % 4 === 0 ? "resp_nobody" : undefined }),
    ],
    ["commit", 3, () => command({ type: "commit-input" })],
    ["clear", 2, () => command({ type: "clear-input" })],
    [
      "truncate",
      3,
      (a, b) =>
        command({ type: "truncate-item", itemId: pickItem(a), contentIndex: 0, audioEndMs: b % 3000 }),
    ],
    ["retrieve", 2, (a) => command({ type: "retrieve-item", itemId: pickItem(a) })],
    ["delete", 2, (a) => command({ type: "delete-item", itemId: pickItem(a) })],
    [
      "say",
      4,
      (a, b) => {
        messageNumber++;
        const id = b % 6 === 0 ? pickItem(a) : `item_mine${messageNumber}`;
        const audio = b % 5 === 0 ? new Uint8Array(4800) : undefined;
        const part = audio
          ? ({ type: "input-audio", transcript: null } as const)
          : ({ type: "input-text", text: "good evening" } as const);
        const after = a % 4 === 0 ? "root" : a % 4 === 1 ? pickItem(b) : undefined;
        const item = {
          type: "message",
          id,
          role: "user",
          status: "completed",
          parts: [part],
          toolRuns: [],
        } as const;
        command({ type: "create-item", item, after, audio });
      },
    ],
    ["condense", 3, (a) => world.condense(a % 4 !== 0)],
    ["update", 4, (a) => command({ type: "update-session", patch: patches[a % patches.length] ?? {} })],
    ["socket", 3, (a) => tell({ type: "socket", isWritable: a % 3 !== 0 })],
    [
      "edit",
      2,
      (a) => {
        const edited = createFakeCharacter("Gertrude", { generation: 2 + a });
        tell({ type: "cast-changed", cast: { ...cast, character: edited } });
      },
    ],
    [
      "close",
      0.15,
      (a) => tell({ type: "close", reason: (["client", "shutdown", "failed"] as const)[a % 3] ?? "client" }),
    ],
  ];
  const totalWeight = actions.reduce((sum, [, weight]) => sum + weight, 0);

  return {
    log,
    findFaults: world.findFaults,
    decide([which, a, b]) {
      let rest = ((which % 10_007) / 10_007) * totalWeight;
      for (const [name, weight, act] of actions) {
        rest -= weight;
        if (rest > 0) continue;
        log.push(`${name} ${a} ${b} at ${world.nowMs}`);
        act(a, b);
        return;
      }
    },
    settle() {
      log.push("settle");
      tell({ type: "socket", isWritable: true });
      tell({ type: "command", command: { type: "update-session", patch: { turnDetection: null } } });
      for (let round = 0; round < 50 && !world.state.isClosed; round++) {
        while (finishing.length > 0) settleUtterance(0, 2);
        for (const reply of replies.values()) endReply(reply, 2);
        advance(1000);
        if (!world.state.response && finishing.length === 0) break;
      }
    },
  };
}
