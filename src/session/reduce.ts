// The reducer of a voice session: (state, input, time) → state and effects. Pure: no clock, no randomness, no I/O. The
// invariants of a session (docs/decisions) hold here, whatever comes in whatever order; test/session shows it.
import { dropEarlyReply, holdBack, reconsiderEarlyReply } from "./early-reply.ts";
import type { EndReason, SessionInput } from "./events.ts";
import {
  onAudioReceived,
  onPartialTranscript,
  onPauseJudged,
  onSilence,
  onTranscript,
  onTranscriptFailed,
  onVoiceFrame,
} from "./input-turns.ts";
import {
  condense,
  finishResponse,
  greet,
  onClientCall,
  onReplyEnd,
  onReplyFailed,
  onReplyText,
  onReplyWritten,
  onSpeech,
  onToolEnd,
  onToolStart,
  onCondensed,
  pump,
  rememberHeard,
} from "./responses.ts";
import { obey, onCastChanged } from "./session-commands.ts";
import type { SessionEffect, SessionState } from "./state.ts";
import { busyUntilMs, type InputOf, perform, send, type Step, update, viewSession } from "./step.ts";

export interface Reduction {
  state: SessionState;
  effects: readonly SessionEffect[];
}

/** `atMs` is monotonic. A closed session answers nothing. */
export function reduce(state: SessionState, input: SessionInput, atMs: number): Reduction {
  if (state.isClosed) return { state, effects: [] };
  const step: Step = { state, atMs, effects: [], later: [] };
  if (holdBack(step, input)) return { state: step.state, effects: step.effects };
  for (let next: SessionInput | undefined = input; next; next = step.later.shift()) {
    // Whatever a response's engines still say after its end is about nothing.
    const isLate = "responseId" in next && next.responseId !== step.state.response?.id;
    if (!isLate) take(step, next);
  }
  if (step.state.earlyReply) reconsiderEarlyReply(step);
  if (state.response && !step.state.response) condense(step);
  return { state: step.state, effects: step.effects };
}

function take(step: Step, input: SessionInput): void {
  switch (input.type) {
    case "open":
      return open(step);
    case "command":
      update(step, { lastHeardAtMs: step.atMs });
      return obey(step, input.command, input.eventId);
    case "fault":
      update(step, { lastHeardAtMs: step.atMs });
      return send(step, input);
    case "audio-received":
      update(step, { lastHeardAtMs: step.atMs });
      return onAudioReceived(step, input);
    case "voice-frame":
      return onVoiceFrame(step, input);
    case "partial-transcript":
      return onPartialTranscript(step, input);
    case "pause-judged":
      return onPauseJudged(step, input);
    case "transcript":
      return onTranscript(step, input);
    case "transcript-failed":
      return onTranscriptFailed(step, input);
    case "reply-text":
      return onReplyText(step, input);
    case "reply-written":
      return onReplyWritten(step, input);
    case "speech":
      return onSpeech(step, input);
    case "client-call":
      return onClientCall(step, input);
    case "tool-start":
      return onToolStart(step, input);
    case "tool-end":
      return onToolEnd(step, input);
    case "reply-end":
      return onReplyEnd(step, input);
    case "reply-failed":
      return onReplyFailed(step, input);
    case "timer":
      return onTimer(step, input);
    case "socket":
      return onSocket(step, input);
    case "condensed":
      return onCondensed(step, input);
    case "cast-changed":
      return onCastChanged(step, input.cast);
    case "close":
      return close(step, input.reason);
  }
}

function open(step: Step): void {
  const { id, limits, config, cast, items } = step.state;
  send(step, { type: "session-created", session: viewSession(step.state) });
  // A conversation that goes on: its client is told of what it has not seen, as of anything that joins a conversation.
  for (const [index, item] of items.entries()) {
    const previousItemId = items[index - 1]?.id ?? null;
    send(step, { type: "item-added", item, previousItemId });
    send(step, { type: "item-done", item, previousItemId });
  }
  perform(step, {
    type: "report",
    event: { type: "voice-session-start", sessionId: id, character: cast.character.name },
  });
  perform(step, { type: "set-timer", name: "expiry", atMs: step.atMs + limits.maxSessionMs });
  perform(step, { type: "set-timer", name: "neglect", atMs: step.atMs + limits.neglectMs });
  if (config.turnDetection !== null) perform(step, { type: "listen-from", sample: 0 });
  greet(step);
}

function onTimer(step: Step, { name }: InputOf<"timer">): void {
  const { limits, lastHeardAtMs, isWritable, response } = step.state;
  switch (name) {
    case "pace":
      return pump(step);
    case "silence":
      return onSilence(step);
    case "expiry":
      return close(step, "expired");
    case "neglect": {
      // Who listens need not say anything.
      const listenedUntilMs = response ? step.atMs : busyUntilMs(step.state);
      const atMs = Math.max(lastHeardAtMs, listenedUntilMs) + limits.neglectMs;
      if (atMs > step.atMs) perform(step, { type: "set-timer", name, atMs });
      else close(step, "idle");
      return;
    }
    case "stuck":
      if (!isWritable) close(step, "stuck");
      return;
  }
}

function onSocket(step: Step, { isWritable }: InputOf<"socket">): void {
  if (isWritable === step.state.isWritable) return;
  update(step, { isWritable });
  if (isWritable) {
    perform(step, { type: "clear-timer", name: "stuck" });
    pump(step);
  } else {
    perform(step, { type: "set-timer", name: "stuck", atMs: step.atMs + step.state.limits.stuckMs });
  }
}

const farewells: Partial<Record<EndReason, { code: string; message: string }>> = {
  expired: { code: "session_expired", message: "the session has reached its greatest age; open a new one" },
  spent: { code: "session_token_limit", message: "the session has used all its tokens; open a new one" },
  idle: { code: "session_expired", message: "nothing was heard for so long that the session was closed" },
  stuck: {
    code: "client_too_slow",
    message: "the client took nothing for so long that the session was closed",
  },
  shutdown: { code: "server_shutdown", message: "the server is stopping; open a new session in a moment" },
  replaced: {
    code: "conversation_replaced",
    message: "the conversation goes on in another session; this one is closed",
  },
  failed: { code: "internal_error", message: "the session met an internal error; the log has the details" },
};

/** Faults after which a session ends. */
export const farewellCodes: ReadonlySet<string> = new Set(Object.values(farewells).map(({ code }) => code));

function close(step: Step, reason: EndReason): void {
  update(step, { isClosed: true, isReplyOwed: false });
  dropEarlyReply(step);
  const { response, id, openedAtMs } = step.state;
  const farewell = farewells[reason];
  if (farewell) {
    if (response) finishResponse(step, { status: "failed", error: farewell });
    // A server that stops says so by its close code; an error would alarm clients about nothing of theirs.
    if (reason !== "shutdown") send(step, { type: "fault", fault: { ...farewell, kind: "server" } });
  } else if (response) {
    // The client is gone, so nobody is told; the reply must stop all the same.
    perform(step, { type: "stop-reply", responseId: response.id });
    update(step, { response: null });
  }
  rememberHeard(step);
  const durationMs = step.atMs - openedAtMs;
  perform(step, { type: "report", event: { type: "voice-session-end", sessionId: id, reason, durationMs } });
  perform(step, { type: "end", reason });
}
