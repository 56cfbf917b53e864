// The names that the unmute project gives its measurements, where ours mean the same: its dashboards read them as they are.
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { EventHandlers } from "./system-event.ts";

/** Theirs, in seconds. */
const sessionBuckets = [1, 10, 30, 60, 120, 240, 480, 960, 1920];
const replyBuckets = [0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1];
const speechBuckets = [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55];

export function createWorkerMetrics(registry: Registry): EventHandlers {
  const registers = [registry];
  const count = (name: string, help: string) => new Counter({ name, help, registers });
  const time = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers });
  const sessions = count("worker_sessions_total", "Voice sessions");
  const active = new Gauge({ name: "worker_active_sessions", help: "Open voice sessions", registers });
  const durations = time("worker_session_duration", "Seconds of each voice session", sessionBuckets);
  const misses = count("worker_service_misses_total", "Voice sessions that found no room");
  const errors = count("worker_hard_errors_total", "Voice sessions that ended by an internal error");
  const stuck = count("worker_force_disconnects_total", "Voice sessions whose client took nothing");
  const reply = time("worker_vllm_ttft", "Seconds to the first piece of a reply", replyBuckets);
  const speech = time(
    "worker_tts_ttft",
    "Seconds from a reply's first text to its first sound",
    speechBuckets,
  );
  const stoppedReplies = count("worker_vllm_interrupt_total", "Replies that the user's speech stopped");
  const stoppedSpeech = count("worker_tts_interrupt_total", "Speech that the user's speech stopped");

  return {
    "voice-session-start"() {
      sessions.inc();
      active.inc();
    },
    "voice-session-end"({ reason, durationMs }) {
      active.dec();
      durations.observe(durationMs / 1000);
      if (reason === "failed") errors.inc();
      if (reason === "stuck") stuck.inc();
    },
    "voice-session-refuse": () => misses.inc(),
    "voice-first-audio"({ replyMs, synthesizerMs }) {
      reply.observe(replyMs / 1000);
      speech.observe(synthesizerMs / 1000);
    },
    "voice-interruption"() {
      stoppedReplies.inc();
      stoppedSpeech.inc();
    },
  };
}
