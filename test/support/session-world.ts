// The world around one reducer, without clocks or engines: keeps what the reducer has asked for until somebody decides how
// it turns out, and sees to it that what it asks and says adds up.
import { createGaDialect } from "../../src/server/realtime/ga.ts";
import type { CastMember, SessionInput } from "../../src/session/events.ts";
import { reduce } from "../../src/session/reduce.ts";
import { countWords } from "../../src/session/spoken-words.ts";
import { defaultConfig } from "../../src/session/session-config.ts";
import { createSessionState, type SessionEffect, type SessionState } from "../../src/session/state.ts";
import { judgeByAgents } from "./agents-schema.ts";
import { createFakeCharacter } from "./fake-services.ts";
import { createInvariantChecker, type ServerEvent } from "./realtime-invariants.ts";

const frameSamples = 512;
const aheadMs = 1500;
/** Of what the character says. */
export const voiceRateHz = 8000;
/** No event may say this: it marks what engines say about responses that have ended. */
export const lateText = "TOO LATE";

export interface RunningReply {
  responseId: string;
  speaks: boolean;
  atChar: number;
  openTools: string[];
}

export interface SessionWorld {
  readonly state: SessionState;
  readonly nowMs: number;
  readonly log: string[];
  readonly cast: CastMember;
  /** Replies that the reducer has begun and not stopped. */
  readonly replies: Map<string, RunningReply>;
  readonly stopped: RunningReply[];
  /** Items whose words are awaited. */
  readonly finishing: string[];
  /** Pauses whose sound is to be judged, the newest last. */
  readonly asked: readonly { itemId: string; silenceFrom: number }[];
  /** Items that are being put in short. */
  readonly condensing: readonly string[] | undefined;
  /** The summary is there, or nothing came of it. */
  condense(hasSummary: boolean): void;
  /** The item that is being said. */
  readonly spokenItem: string | undefined;
  tell(input: SessionInput): void;
  /** Lets time pass, with the timers that fall due. */
  advance(ms: number): void;
  receive(samples: number): void;
  /** Answers for the next frame, or for one that was asked `framesAgo`. */
  judge(probability: number, framesAgo?: number): void;
  findFaults(): string[];
}

export function createSessionWorld(): SessionWorld {
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
    limits: { aheadMs, stuckMs: 4000, neglectMs: 60_000, historyTokens: 60 },
    config: {
      ...defaultConfig,
      outputFormat: { encoding: "pcmu", sampleRateHz: voiceRateHz },
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
  const replies = new Map<string, RunningReply>();
  const stopped: RunningReply[] = [];
  const finishing: string[] = [];
  const asked: { itemId: string; silenceFrom: number }[] = [];
  const begun = new Set<string>();
  let utterance: { itemId: string; fromSample: number; toSample: number } | undefined;
  let listenSample: number | null = null;
  let receivedSample = 0;
  let committedSample = 0;
  let condensing: readonly string[] | undefined;
  let hasEnded = false;
  /** Of the transcript that came last. */
  let wordsHeard = 0;
  /** First moment and amount of what was sent of each item. */
  const sound = new Map<string, { firstAtMs: number; sentMs: number }>();

  const wrong = (message: string): void => void faults.push(`${log.at(-1)}: ${message}`);

  const tell = (input: SessionInput): void => {
    const inputs = [input];
    for (let next = inputs.shift(); next; next = inputs.shift()) {
      if (next.type === "transcript") wordsHeard = countWords(next.text);
      const before = state;
      const frozen = JSON.stringify(before.items);
      const { state: after, effects } = reduce(state, next, nowMs);
      if (JSON.stringify(before.items) !== frozen) wrong("changed the state before it in place");
      state = after;
      for (const effect of effects) {
        if (effect.type === "continue") inputs.push({ type: "timer", name: "pace" });
        else take(effect);
      }
      checkMemory();
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

  /** What the summary stands for is there, and what was deleted is in none. */
  const checkMemory = (): void => {
    const ids = new Set(state.items.map(({ id }) => id));
    if (state.memory?.itemIds.some((id) => !ids.has(id)) === true) wrong("remembers what was deleted");
  };

  /** An interruption was taken back. */
  const checkResumption = (say: string): void => {
    if (say.trim() === "") wrong("goes on with nothing");
    if (wordsHeard > 0) wrong("goes on as if nothing had been said");
    if (state.input.isTurnOpen) wrong("goes on over the user's words");
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
      case "judge-pause":
        if (utterance?.itemId !== effect.itemId) wrong("judges another utterance");
        if (effect.toSample > receivedSample) wrong("judges what has not come");
        asked.push({ itemId: effect.itemId, silenceFrom: effect.silenceFrom });
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
      case "condense": {
        if (condensing) wrong("two summaries at once");
        if (state.response) wrong("a summary in the middle of a response");
        const last = state.items.findLast((item) => item.type === "message" && item.role === "user");
        if (last && effect.itemIds.includes(last.id)) wrong("puts the last turn in short");
        condensing = effect.itemIds;
        return;
      }
      case "start-reply":
        if (begun.has(effect.responseId)) wrong("a reply begins twice");
        begun.add(effect.responseId);
        if (effect.plan.say !== undefined) checkResumption(effect.plan.say);
        replies.set(effect.responseId, {
          responseId: effect.responseId,
          speaks: effect.plan.speech !== null,
          atChar: 0,
          openTools: [],
        });
        return;
      case "adopt-reply":
        if (!begun.has(effect.responseId)) wrong("takes over a reply that never began");
        if (stopped.some(({ responseId }) => responseId === effect.responseId))
          wrong("takes over a stopped reply");
        return;
      case "stop-reply": {
        // It may still say something before it notices.
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
    if (JSON.stringify(event).includes(lateText)) wrong("speaks of a response that has ended");
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
      known.sentMs += Uint8Array.fromBase64(String(event["delta"])).length / (voiceRateHz / 1000);
      sound.set(itemId, known);
      if (known.sentMs > nowMs - known.firstAtMs + aheadMs + 1) wrong("too far ahead of the listener");
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

  const judge = (probability: number, framesAgo = 0): void => {
    if (listenSample === null) return;
    const fromSample = Math.max(0, listenSample - framesAgo * frameSamples);
    if (fromSample + frameSamples > receivedSample) return;
    if (framesAgo === 0) listenSample += frameSamples;
    tell({
      type: "voice-frame",
      frame: {
        fromSample,
        toSample: fromSample + frameSamples,
        probability,
        levelDb: -20 - (fromSample % 7) * 8,
      },
    });
  };

  tell({ type: "open" });
  return {
    get state() {
      return state;
    },
    get nowMs() {
      return nowMs;
    },
    get condensing() {
      return condensing;
    },
    condense(hasSummary) {
      const itemIds = condensing;
      if (!itemIds) return;
      condensing = undefined;
      tell({ type: "condensed", memory: hasSummary ? { summary: "They met.", itemIds } : null });
    },
    get spokenItem() {
      return utterance?.itemId;
    },
    log,
    cast,
    replies,
    stopped,
    finishing,
    asked,
    tell,
    advance,
    receive(samples) {
      receivedSample += samples;
      tell({ type: "audio-received", toSample: receivedSample });
    },
    judge,
    findFaults() {
      const isCut = state.isClosed;
      if (!isCut && state.response) faults.push("a response never ended");
      if (!isCut && state.input.pending.length > 0) faults.push("a transcript is awaited for ever");
      if (hasEnded !== state.isClosed) faults.push("closed without letting go");
      const wanted = [state.response?.id, state.earlyReply?.responseId];
      if ([...replies.keys()].some((id) => !wanted.includes(id))) faults.push("a reply runs for no response");
      const shown = checker.order.join();
      const kept = state.items.map(({ id }) => id).join();
      if (shown !== kept) faults.push(`the client believes ${shown}, the session has ${kept}`);
      return [...faults, ...checker.finish({ isCut })];
    },
  };
}
