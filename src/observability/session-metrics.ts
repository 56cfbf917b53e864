// Voice sessions: how many, how they end, and how soon they answer.
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { longBuckets, waitBuckets } from "./buckets.ts";
import type { EventHandlers } from "./system-event.ts";

export function createSessionMetrics(registry: Registry): EventHandlers {
  const registers = [registry];
  const active = new Gauge({ name: "troupe_voice_sessions_active", help: "Open voice sessions", registers });
  const durations = new Histogram({
    name: "troupe_voice_session_duration_seconds",
    help: "Seconds of each voice session, by how it ended",
    labelNames: ["reason"],
    buckets: longBuckets,
    registers,
  });
  const faults = new Counter({
    name: "troupe_voice_session_faults_total",
    help: "Failures that a voice session went on from",
    registers,
  });
  const responses = new Counter({
    name: "troupe_voice_responses_total",
    help: "Responses of voice sessions, by how they ended",
    labelNames: ["status"],
    registers,
  });
  const firstAudio = new Histogram({
    name: "troupe_voice_first_audio_seconds",
    help: "Seconds from the end of the user's turn to the first audio of the answer",
    buckets: waitBuckets,
    registers,
  });

  const refusals = new Counter({
    name: "troupe_voice_sessions_refused_total",
    help: "Voice sessions that found no room, or a server that was stopping",
    registers,
  });
  const stages = new Histogram({
    name: "troupe_voice_first_audio_stage_seconds",
    help: "Seconds of the wait for the first audio of an answer, by stage",
    labelNames: ["stage"],
    buckets: waitBuckets,
    registers,
  });
  const interruptions = new Counter({
    name: "troupe_voice_interruptions_total",
    help: "Responses that the user's speech stopped",
    registers,
  });

  return {
    "voice-session-refuse": () => refusals.inc(),
    "voice-interruption": () => interruptions.inc(),
    "voice-first-audio": ({ detectorMs, recognizerMs, replyMs, synthesizerMs, ownMs }) => {
      const times = { detector: detectorMs, recognizer: recognizerMs, reply: replyMs };
      for (const [stage, ms] of Object.entries({ ...times, synthesizer: synthesizerMs, own: ownMs })) {
        if (ms !== null) stages.observe({ stage }, ms / 1000);
      }
    },
    "voice-session-start": () => active.inc(),
    "voice-session-end": ({ reason, durationMs }) => {
      active.dec();
      durations.observe({ reason }, durationMs / 1000);
    },
    "voice-session-fault": () => faults.inc(),
    "voice-response-end": ({ status, firstAudioMs }) => {
      responses.inc({ status });
      if (firstAudioMs !== null) firstAudio.observe(firstAudioMs / 1000);
    },
  };
}
