// Plays a whole session against the reducer, without clocks or engines: numbers decide what happens next, and what the
// reducer asks for is answered at random times, well or badly. Sees to it that what it is told adds up.
import { AppError } from "../../src/base/errors.ts";
import { createGaDialect } from "../../src/server/realtime/ga.ts";
import type { CastMember, SessionCommand, SessionInput } from "../../src/session/events.ts";
import { reduce } from "../../src/session/reduce.ts";
import { defaultConfig, type SessionPatch } from "../../src/session/session-config.ts";
import { createSessionState, type SessionEffect, type SessionState } from "../../src/session/state.ts";
import { judgeByAgents } from "./agents-schema.ts";
import { createFakeCharacter } from "./fake-services.ts";
import { createInvariantChecker, type ServerEvent } from "./realtime-invariants.ts";

/** One random decision: which of the things that can happen now, and two numbers for its details. */
export type Decision = readonly [which: number, a: number, b: number];

const frameSamples = 512;
const aheadMs = 1500;
const sampleRateHz = 8000;

interface Reply {
  responseId: string;
  speaks: boolean;
  atChar: number;
  openTools: string[];
}

export interface Simulation {
  readonly state: SessionState;
  readonly log: readonly string[];
  decide(decision: Decision): void;
  /** Lets everything that is under way come to its end. */
  settle(): void;
  /** Everything that does not add up. */
  findFaults(): string[];
}

export function createSimulation(): Simulation {
  const character = createFakeCharacter("Gertrude");
  const cast: CastMember = {
    character,
    voice: { provider: "kokoro", voice: "af_heart", speed: 1, status: "ready" },
    prompt: "You are Gertrude.",
  };
  let nowMs = 1000;
  let state = createSessionState({
    id: "sess_test",
    cast,
    limits: { aheadMs, stuckMs: 4000, neglectMs: 60_000 },
    config: {
      ...defaultConfig,
      outputFormat: { encoding: "pcmu", sampleRateHz },
      extensions: { words: true, tools: true, characterChanges: true, partials: true },
    },
    atMs: nowMs,
    now: 0,
  });
  const dialect = createGaDialect(state.id);
  const checker = createInvariantChecker();
  const faults: string[] = [];
  const log: string[] = [];
  const timers = new Map<string, number>();
  const replies = new Map<string, Reply>();
  const stopped: Reply[] = [];
  const finishing: string[] = [];
  const begun = new Set<string>();
  let utterance: { itemId: string; fromSample: number; toSample: number } | undefined;
  let listenSample: number | null = null;
  let receivedSample = 0;
  let committedSample = 0;
  let hasEnded = false;
  let messageNumber = 0;
  /** First moment and amount of what was sent of each item. */
  const sound = new Map<string, { firstAtMs: number; sentMs: number }>();

  const wrong = (message: string): void => void faults.push(`${log.at(-1)}: ${message}`);

  const tell = (input: SessionInput): void => {
    const inputs = [input];
    for (let next = inputs.shift(); next; next = inputs.shift()) {
      const before = state;
      const frozen = JSON.stringify(before.items);
      const { state: after, effects } = reduce(state, next, nowMs);
      if (JSON.stringify(before.items) !== frozen) wrong("changed the state before it in place");
      state = after;
      for (const effect of effects) {
        if (effect.type === "continue") inputs.push({ type: "timer", name: "pace" });
        else take(effect);
      }
      const interrupts = state.config.turnDetection?.interruptResponse === true;
      if (interrupts && !before.input.isTurnOpen && state.input.isTurnOpen) checkForgetting();
    }
  };

  /** The user has begun to speak: of what is not heard yet nothing may be remembered. */
  const checkForgetting = (): void => {
    for (const item of state.items) {
      const part = item.type === "message" ? item.parts[0] : undefined;
      const known = sound.get(item.id);
      if (part?.type !== "output-audio" || !known || part.heardMs !== null) continue;
      if (known.firstAtMs + known.sentMs > nowMs + 1) wrong(`${item.id} counts as heard to its end`);
    }
  };

  const take = (effect: SessionEffect): void => {
    if (hasEnded) wrong(`${effect.type} after the end`);
    switch (effect.type) {
      case "send":
        for (const message of dialect.encode(effect.output)) hear(JSON.parse(message) as ServerEvent);
        return;
      case "open-utterance":
        if (utterance) wrong("two utterances at once");
        if (effect.fromSample < committedSample) wrong("an utterance takes what was committed before");
        utterance = { itemId: effect.itemId, fromSample: effect.fromSample, toSample: effect.fromSample };
        return;
      case "extend-utterance":
        if (!utterance) return wrong("nothing to extend");
        if (effect.toSample < utterance.toSample) wrong("an utterance grows backwards");
        if (effect.toSample > receivedSample) wrong("an utterance takes what has not come");
        utterance.toSample = effect.toSample;
        return;
      case "finish-utterance":
        if (utterance?.itemId !== effect.itemId) return wrong("finishes another utterance");
        if (effect.toSample < utterance.toSample) wrong("an utterance loses what it had");
        finishing.push(effect.itemId);
        committedSample = effect.toSample;
        utterance = undefined;
        return;
      case "drop-utterance":
        utterance = undefined;
        return;
      case "recognise-item":
        finishing.push(effect.itemId);
        return;
      case "forget-audio":
        if (utterance && effect.beforeSample > utterance.fromSample) wrong("forgets what is being said");
        return;
      case "listen-from":
        if (effect.sample !== null && effect.sample < committedSample) wrong("listens to what was committed");
        listenSample = effect.sample;
        return;
      case "start-reply":
        if (begun.has(effect.responseId)) wrong("a reply begins twice");
        begun.add(effect.responseId);
        replies.set(effect.responseId, {
          responseId: effect.responseId,
          speaks: effect.plan.speech !== null,
          atChar: 0,
          openTools: [],
        });
        return;
      case "stop-reply": {
        const reply = replies.get(effect.responseId);
        if (reply) stopped.push(reply);
        replies.delete(effect.responseId);
        return;
      }
      case "set-timer":
        timers.set(effect.name, effect.atMs);
        return;
      case "clear-timer":
        timers.delete(effect.name);
        return;
      case "end":
        hasEnded = true;
        timers.clear();
        return;
      case "report":
      case "continue":
    }
  };

  const hear = (event: ServerEvent): void => {
    log.push(`  → ${event.type}`);
    checker.push(event);
    const judged = judgeByAgents(event);
    if (judged !== undefined) wrong(judged);
    const itemId = String(event["item_id"]);
    if (event.type === "conversation.item.truncated") {
      const known = sound.get(itemId);
      const elapsedMs = known ? nowMs - known.firstAtMs : 0;
      const isOwnIdea = log.findLast((line) => !line.startsWith(" "))?.startsWith("truncate") !== true;
      if (isOwnIdea && Number(event["audio_end_ms"]) > elapsedMs + 1) wrong("nobody can have heard so much");
      // Its listener has dropped what was ahead.
      sound.delete(itemId);
    }
    if (event.type === "response.output_audio.delta") {
      if (!state.isWritable) wrong("sound for a socket that takes none");
      const known = sound.get(itemId) ?? { firstAtMs: nowMs, sentMs: 0 };
      known.sentMs += Uint8Array.fromBase64(String(event["delta"])).length / (sampleRateHz / 1000);
      sound.set(itemId, known);
      if (known.sentMs > nowMs - known.firstAtMs + aheadMs + 201) wrong("too far ahead of the listener");
    }
  };

  const advance = (ms: number): void => {
    const endMs = nowMs + ms;
    for (;;) {
      const due = [...timers].filter(([, atMs]) => atMs <= endMs).sort((x, y) => x[1] - y[1])[0];
      if (!due) break;
      timers.delete(due[0]);
      nowMs = Math.max(nowMs, due[1]);
      log.push(`timer ${due[0]}`);
      tell({ type: "timer", name: due[0] as "pace" });
    }
    nowMs = endMs;
  };

  const judge = (probability: number): void => {
    if (listenSample === null || listenSample + frameSamples > receivedSample) return;
    const frame = { fromSample: listenSample, toSample: listenSample + frameSamples, probability };
    listenSample += frameSamples;
    tell({ type: "voice-frame", frame });
  };

  const command = (command: SessionCommand): void =>
    tell({ type: "command", command, eventId: `client_${log.length}` });

  const pickItem = (n: number): string => state.items[n % (state.items.length + 1)]?.id ?? "item_nobody";

  const settleUtterance = (n: number, b: number): void => {
    const [itemId] = finishing.splice(n % finishing.length, 1);
    if (itemId === undefined) return;
    if (b % 5 === 0) {
      const error = new AppError("E_BUSY", "the recogniser stopped");
      return tell({ type: "transcript-failed", itemId, error });
    }
    tell({ type: "transcript", itemId, text: b % 5 === 1 ? "" : "hello there", audioMs: 500 });
  };

  const speakOn = (reply: Reply, a: number, b: number): void => {
    const { responseId } = reply;
    const words = ["Well, ", "hello ", "there. ", "Ah. "].slice(0, 1 + (b % 4));
    const text = words.join("");
    reply.atChar += text.length;
    if (!reply.speaks) return tell({ type: "reply-text", responseId, text });
    const eachMs = 50 + (a % 400);
    const pcm = new Float32Array((words.length * eachMs * sampleRateHz) / 1000);
    const times = words.map((word, i) => ({
      text: word.trim(),
      startMs: i * eachMs,
      endMs: (i + 1) * eachMs,
    }));
    tell({ type: "speech", responseId, pcm, sampleRateHz, text, words: b % 3 === 0 ? undefined : times });
  };

  const endReply = (reply: Reply, b: number): void => {
    const { responseId } = reply;
    replies.delete(responseId);
    if (b % 4 === 0) {
      return tell({ type: "reply-failed", responseId, error: new AppError("E_NET", "upstream went away") });
    }
    const reason = (["stop", "length", "stop", "tool-calls"] as const)[b % 4] ?? "stop";
    tell({ type: "reply-end", responseId, reason, usage: { inputTokens: 3, outputTokens: 4 } });
  };

  const useTool = (reply: Reply, b: number): void => {
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
    { turnDetection: { type: "server-vad", interruptResponse: false, idleTimeoutMs: 2000 } },
    { turnDetection: { createResponse: false } },
    { outputModality: "text" },
    { outputModality: "audio" },
    { transcription: null },
    { transcription: { model: "tiny" } },
    { instructions: "Be brief.", voice: "am_michael" },
  ];

  const actions: [name: string, weight: number, act: (a: number, b: number) => void][] = [
    ["time", 12, (a) => advance(a % 900)],
    [
      "audio",
      8,
      (a) => {
        receivedSample += 160 + (a % 16_000);
        tell({ type: "audio-received", toSample: receivedSample });
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
    [
      "stale",
      1,
      (a, b) => {
        const fromSample = Math.max(0, (listenSample ?? 0) - frameSamples * (1 + (a % 8)));
        const frame = { fromSample, toSample: fromSample + frameSamples, probability: (b % 100) / 100 };
        tell({ type: "voice-frame", frame });
      },
    ],
    ["transcript", 6, settleUtterance],
    [
      "partial",
      2,
      (a) => {
        const itemId = utterance?.itemId ?? finishing[0] ?? "item_nobody";
        const stableText = a % 2 === 0 ? "hello" : "";
        tell({ type: "partial-transcript", itemId, partial: { stableText, text: "hello th" } });
      },
    ],
    ["speak", 16, (a, b) => [...replies.values()].slice(0, 1).forEach((reply) => speakOn(reply, a, b))],
    ["end", 6, (_, b) => [...replies.values()].slice(0, 1).forEach((reply) => endReply(reply, b))],
    ["tool", 4, (_, b) => [...replies.values()].slice(0, 1).forEach((reply) => useTool(reply, b))],
    [
      "late",
      2,
      (a, b) => {
        const reply = stopped[a % (stopped.length || 1)];
        if (!reply) return;
        if (b % 2 === 0) speakOn({ ...reply }, a, b);
        else
          tell({
            type: "reply-end",
            responseId: reply.responseId,
            reason: "stop",
            usage: { inputTokens: 0, outputTokens: 0 },
          });
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

  tell({ type: "open" });

  return {
    get state() {
      return state;
    },
    log,
    decide([which, a, b]) {
      let rest = ((which % 10_007) / 10_007) * totalWeight;
      for (const [name, weight, act] of actions) {
        rest -= weight;
        if (rest > 0) continue;
        log.push(`${name} ${a} ${b} at ${nowMs}`);
        act(a, b);
        return;
      }
    },
    settle() {
      log.push("settle");
      tell({ type: "socket", isWritable: true });
      tell({ type: "command", command: { type: "update-session", patch: { turnDetection: null } } });
      for (let round = 0; round < 50 && !state.isClosed; round++) {
        while (finishing.length > 0) settleUtterance(0, 2);
        for (const reply of replies.values()) endReply(reply, 2);
        advance(1000);
        if (!state.response && finishing.length === 0) break;
      }
    },
    findFaults() {
      const isCut = state.isClosed;
      if (!isCut && state.response) faults.push("a response never ended");
      if (!isCut && state.input.pending.length > 0) faults.push("a transcript is awaited for ever");
      if (hasEnded !== state.isClosed) faults.push("closed without letting go");
      if (replies.size > (state.response ? 1 : 0)) faults.push("a reply runs for no response");
      const shown = checker.order.join();
      const kept = state.items.map(({ id }) => id).join();
      if (shown !== kept) faults.push(`the client believes ${shown}, the session has ${kept}`);
      return [...faults, ...checker.finish({ isCut })];
    },
  };
}
