import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { createEventHub, type AnyEvent } from "../../src/base/events.ts";
import type { CharacterEvent, LoadProblem } from "../../src/characters/port.ts";
import { createMetrics } from "../../src/observability/metrics.ts";
import type { SystemEvent } from "../../src/observability/system-event.ts";
import { createFakeCharacter, createFakeStage } from "../support/fake-services.ts";
import { createManualClock } from "../support/manual-clock.ts";

function createWatched() {
  const hub = createEventHub<AnyEvent>();
  const clock = createManualClock();
  const metrics = createMetrics(hub, { clock });
  /** Sample lines of a metric, comments left out. */
  const read = async (name: string): Promise<string[]> => {
    const text = await metrics.render();
    return text.split("\n").filter((line) => line.startsWith(name) && !line.includes("_bucket"));
  };
  const emit = (event: SystemEvent): void => hub.emit(event);
  return { metrics, clock, emit, read };
}

const problem: LoadProblem = { file: "bad.ts", stage: "build", error_type: "SyntaxError", message: "oops" };

const loadEnd = (
  generation: number,
  generations: readonly number[],
  rest: Partial<Extract<CharacterEvent, { type: "characters-load-end" }>> = {},
): SystemEvent => {
  const characters = generations.map((g, i) => createFakeCharacter(`C${i}`, { generation: g }));
  const problems = rest.problems ?? [];
  const book = { ...createFakeStage(characters).book, generation, problems };
  return {
    type: "characters-load-end",
    durationMs: 40,
    reason: "start",
    loadedCount: characters.length,
    problems,
    book,
    ...rest,
  };
};

describe("the cast", () => {
  test("is counted, with every version that came on stage and every file that failed", async () => {
    const { emit, read } = createWatched();
    emit(loadEnd(1, [1, 1, 1], { problems: [problem] }));
    expect(await read("worker_characters_loaded")).toEqual(["worker_characters_loaded 3"]);
    expect(await read("worker_character_load_count")).toEqual(["worker_character_load_count 3"]);
    expect(await read('worker_character_load_errors{error_type="SyntaxError"}')).toEqual([
      'worker_character_load_errors{error_type="SyntaxError"} 1',
    ]);
    expect(await read("worker_character_load_duration")).toEqual([
      "worker_character_load_duration_sum 0.04",
      "worker_character_load_duration_count 1",
    ]);
    expect(await read("character_reload_duration_seconds_count")).toEqual([
      "character_reload_duration_seconds_count 0",
    ]);
  });

  test("a watched change counts what changed, and a file that is still broken does not fail again", async () => {
    const { emit, read } = createWatched();
    emit(loadEnd(1, [1, 1], { problems: [problem] }));
    const second: LoadProblem = { ...problem, message: "another", error_type: "ImportError" };
    emit(loadEnd(2, [1, 2], { reason: "watch", problems: [problem, second] }));
    emit(loadEnd(3, [1, 2], { reason: "request", problems: [problem] }));
    expect(await read("worker_character_load_count")).toEqual(["worker_character_load_count 3"]);
    expect(await read('worker_character_load_errors{error_type="SyntaxError"}')).toEqual([
      'worker_character_load_errors{error_type="SyntaxError"} 2',
    ]);
    expect(await read('worker_character_load_errors{error_type="ImportError"}')).toEqual([
      'worker_character_load_errors{error_type="ImportError"} 1',
    ]);
    expect(await read("character_reload_duration_seconds_count")).toEqual([
      "character_reload_duration_seconds_count 2",
    ]);
  });

  test("versions that stood before their load had ended are counted with it", async () => {
    const { emit, read } = createWatched();
    emit(loadEnd(3, [1, 2, 3]));
    emit(loadEnd(6, [1, 5, 4], { reason: "watch" }));
    expect(await read("worker_character_load_count")).toEqual(["worker_character_load_count 5"]);
  });

  test("those in quarantine are counted for as long as they are in it", async () => {
    const { emit, read } = createWatched();
    const hung: LoadProblem = { ...problem, file: "hung.ts", error_type: "Timeout" };
    emit(loadEnd(1, [1, 1]));
    for (let time = 0; time < 2; time++) {
      emit({ type: "character-quarantine", name: "Hung", file: "hung.ts", problem: hung });
    }
    expect(await read("worker_characters_quarantined")).toEqual(["worker_characters_quarantined 1"]);
    emit(loadEnd(2, [1, 1], { reason: "watch", problems: [hung, problem] }));
    expect(await read("worker_characters_quarantined")).toEqual(["worker_characters_quarantined 1"]);
    emit(loadEnd(3, [1, 3], { reason: "watch", problems: [problem] }));
    expect(await read("worker_characters_quarantined")).toEqual(["worker_characters_quarantined 0"]);
  });

  test("tool labels are bounded: the hundred-and-first name is `other`", async () => {
    const { emit, read } = createWatched();
    for (let i = 0; i < 150; i++) {
      emit({ type: "character-tool-call", character: "A", tool: `tool${i}`, outcome: "ok", durationMs: 5 });
    }
    const lines = await read("character_tool_calls_total");
    expect(lines.length).toBe(101);
    expect(lines.at(-1)).toBe('character_tool_calls_total{tool="other",outcome="ok"} 50');
    expect(await read("character_tool_latency_seconds_count")).toEqual([
      "character_tool_latency_seconds_count 150",
    ]);
  });
});

describe("the rest of the house", () => {
  test("assets are counted by phase, outcome and bytes", async () => {
    const { emit, read } = createWatched();
    emit({ type: "asset-phase-end", asset: "k", phase: "verify", durationMs: 2000, outcome: "ok" });
    const result = {
      name: "k",
      path: "/k",
      downloadedBytes: 88,
      resumedBytes: 0,
      sourceType: "npm" as const,
    };
    emit({ type: "asset-download-end", asset: "k", result: { ...result, fromCache: false } });
    emit({
      type: "asset-download-end",
      asset: "k",
      result: { ...result, fromCache: true, downloadedBytes: 0 },
    });
    emit({ type: "asset-download-fail", asset: "k", error: new AppError("E_NET", "no") });
    emit({ type: "asset-source-fail", asset: "k", sourceType: "hf", error: new AppError("E_NET", "no") });
    expect(await read("troupe_asset_phase_duration_seconds_sum")).toEqual([
      'troupe_asset_phase_duration_seconds_sum{phase="verify",outcome="ok"} 2',
    ]);
    expect(await read("troupe_asset_requests_total")).toEqual([
      'troupe_asset_requests_total{outcome="cached"} 1',
      'troupe_asset_requests_total{outcome="fetched"} 1',
      'troupe_asset_requests_total{outcome="failed"} 1',
    ]);
    expect(await read("troupe_asset_failures_total")).toEqual([
      'troupe_asset_failures_total{code="E_NET"} 1',
    ]);
    expect(await read("troupe_asset_downloaded_bytes_total")).toEqual([
      'troupe_asset_downloaded_bytes_total{source_type="npm"} 88',
    ]);
    expect(await read("troupe_asset_source_failures_total")).toHaveLength(1);
  });

  test("engines are up from load to exit, and their jobs are timed", async () => {
    const { emit, read } = createWatched();
    emit({ type: "engine-load-end", engine: "kokoro", durationMs: 1500 });
    expect(await read("troupe_engine_up")).toEqual(['troupe_engine_up{engine="kokoro"} 1']);
    const job = { engine: "kokoro", method: "synthesize", waitMs: 10, durationMs: 500 };
    emit({ type: "engine-job-end", outcome: "ok", ...job });
    emit({ type: "engine-exit", engine: "kokoro", reason: "SIGKILL", wasBusy: true });
    emit({ type: "engine-load-fail", engine: "kokoro", error: new Error("no") });
    expect(await read("troupe_engine_up")).toEqual(['troupe_engine_up{engine="kokoro"} 0']);
    expect(await read("troupe_engine_exits_total")).toEqual([
      'troupe_engine_exits_total{engine="kokoro",was_busy="true"} 1',
    ]);
    expect(await read("troupe_engine_load_failures_total")).toEqual([
      'troupe_engine_load_failures_total{engine="kokoro"} 1',
    ]);
    expect(await read("troupe_engine_job_wait_seconds_sum")).toEqual([
      'troupe_engine_job_wait_seconds_sum{engine="kokoro",method="synthesize"} 0.01',
    ]);
    expect(await read("troupe_engine_job_duration_seconds_sum")).toEqual([
      'troupe_engine_job_duration_seconds_sum{engine="kokoro",method="synthesize",outcome="ok"} 0.5',
    ]);
  });

  test("voice sessions and the wait for their first sound", async () => {
    const { emit, read } = createWatched();
    emit({ type: "voice-session-start", sessionId: "1", character: "A" });
    emit({ type: "voice-session-start", sessionId: "2", character: "A" });
    emit({ type: "voice-session-fault", sessionId: "1", error: new Error("x") });
    const response = { sessionId: "1", responseId: "r", durationMs: 900 };
    emit({ type: "voice-response-end", status: "completed", firstAudioMs: 250, ...response });
    emit({ type: "voice-response-end", status: "cancelled", firstAudioMs: null, ...response });
    expect(await read("troupe_voice_sessions_active")).toEqual(["troupe_voice_sessions_active 2"]);
    expect(await read("troupe_voice_responses_total")).toEqual([
      'troupe_voice_responses_total{status="completed"} 1',
      'troupe_voice_responses_total{status="cancelled"} 1',
    ]);
    expect(await read("troupe_voice_first_audio_seconds")).toEqual([
      "troupe_voice_first_audio_seconds_sum 0.25",
      "troupe_voice_first_audio_seconds_count 1",
    ]);
    expect(await read("troupe_voice_session_faults_total")).toEqual(["troupe_voice_session_faults_total 1"]);
  });

  test("the wait for the first sound is told by stage, and a stage that did not take part is left out", async () => {
    const { emit, read } = createWatched();
    const first = { type: "voice-first-audio" as const, sessionId: "1", responseId: "r" };
    const times = {
      totalMs: 635,
      detectorMs: 30,
      recognizerMs: 100,
      replyMs: 200,
      synthesizerMs: 300,
      ownMs: 5,
    };
    emit({ ...first, ...times });
    emit({ ...first, ...times, detectorMs: null, recognizerMs: null });
    const stage = (name: string, count: number): string =>
      `troupe_voice_first_audio_stage_seconds_count{stage="${name}"} ${count}`;
    const lines = await read("troupe_voice_first_audio_stage_seconds_count");
    expect(lines.toSorted()).toEqual([
      stage("detector", 1),
      stage("own", 2),
      stage("recognizer", 1),
      stage("reply", 2),
      stage("synthesizer", 2),
    ]);
  });

  test("interruptions and refused sessions are counted", async () => {
    const { emit, read } = createWatched();
    emit({ type: "voice-interruption", sessionId: "1", responseId: "r" });
    emit({ type: "voice-session-refuse" });
    emit({ type: "voice-session-refuse" });
    expect(await read("troupe_voice_interruptions_total")).toEqual(["troupe_voice_interruptions_total 1"]);
    expect(await read("troupe_voice_sessions_refused_total")).toEqual([
      "troupe_voice_sessions_refused_total 2",
    ]);
  });

  test("what the unmute project measures has its names there", async () => {
    const { emit, read } = createWatched();
    for (const sessionId of ["1", "2", "3"]) emit({ type: "voice-session-start", sessionId, character: "A" });
    emit({ type: "voice-session-end", sessionId: "1", reason: "failed", durationMs: 45_000 });
    emit({ type: "voice-session-end", sessionId: "2", reason: "stuck", durationMs: 5000 });
    emit({ type: "voice-session-refuse" });
    emit({ type: "voice-interruption", sessionId: "3", responseId: "r" });
    const times = {
      totalMs: 600,
      detectorMs: null,
      recognizerMs: null,
      replyMs: 90,
      synthesizerMs: 260,
      ownMs: 1,
    };
    emit({ type: "voice-first-audio", sessionId: "3", responseId: "r", ...times });
    const lines = await read("worker_");
    for (const line of [
      "worker_sessions_total 3",
      "worker_active_sessions 1",
      "worker_session_duration_sum 50",
      "worker_session_duration_count 2",
      "worker_vllm_ttft_sum 0.09",
      "worker_tts_ttft_sum 0.26",
      "worker_hard_errors_total 1",
      "worker_force_disconnects_total 1",
      "worker_service_misses_total 1",
      "worker_vllm_interrupt_total 1",
      "worker_tts_interrupt_total 1",
    ]) {
      expect(lines).toContain(line);
    }
  });

  test("requests are counted by pattern, status and who left", async () => {
    const { emit, read } = createWatched();
    const request = { requestId: "1", method: "GET", route: "/v1/models/{id}" };
    emit({ type: "http-request-start", ...request });
    expect(await read("troupe_http_requests_in_flight")).toEqual(["troupe_http_requests_in_flight 1"]);
    emit({ type: "http-request-end", ...request, status: 200, durationMs: 20, wasAborted: true });
    const odd = { ...request, method: "BREW", route: "unmatched" };
    emit({ type: "http-request-start", ...odd });
    emit({
      type: "http-request-end",
      ...odd,
      status: 404,
      durationMs: 1,
      wasAborted: false,
      errorCode: "E_NOT_FOUND",
    });
    expect(await read("troupe_http_errors_total")).toEqual([
      'troupe_http_errors_total{route="unmatched",code="E_NOT_FOUND"} 1',
    ]);
    emit({ type: "http-request-fail", ...request, error: new Error("x") });
    expect(await read("troupe_http_requests_in_flight")).toEqual(["troupe_http_requests_in_flight 0"]);
    expect(await read("troupe_http_requests_total")).toEqual([
      'troupe_http_requests_total{method="GET",route="/v1/models/{id}",status="200"} 1',
      'troupe_http_requests_total{method="other",route="unmatched",status="404"} 1',
    ]);
    expect(await read("troupe_http_requests_aborted_total")).toHaveLength(1);
    expect(await read("troupe_http_failures_total")).toHaveLength(1);
  });

  test("the process is measured with figures that hold on Bun", async () => {
    const { read } = createWatched();
    const value = async (name: string): Promise<number> => Number((await read(name))[0]?.split(" ")[1]);
    const rss = await value("process_resident_memory_bytes");
    expect(rss).toBeGreaterThan(10 * 2 ** 20);
    expect(rss).toBeLessThan(8 * 2 ** 30);
    expect(await value("process_cpu_seconds_total")).toBeGreaterThan(0);
    const before = await value("process_cpu_seconds_total");
    expect(await value("process_cpu_seconds_total")).toBeLessThan(before + 5);
    const started = await value("process_start_time_seconds");
    expect(Math.abs(started - (Date.now() / 1000 - process.uptime()))).toBeLessThan(5);
  });

  test("the event loop's delay is how late a timer comes", async () => {
    const { clock, metrics } = createWatched();
    clock.advance(200);
    const text = await metrics.render();
    expect(text).toContain('troupe_event_loop_delay_seconds_bucket{le="0.001"} 10');
  });

  test("nothing is watched any more once disposed, and two of them do not share numbers", async () => {
    const hub = createEventHub<AnyEvent>();
    const clock = createManualClock();
    const [one, two] = [createMetrics(hub, { clock }), createMetrics(hub, { clock })];
    one[Symbol.dispose]();
    hub.emit(loadEnd(1, [1]));
    expect(await one.render()).toContain("worker_characters_loaded 0");
    expect(await two.render()).toContain("worker_characters_loaded 1");
    two[Symbol.dispose]();
    expect(clock.scheduledCount).toBe(0);
  });

  test("unknown events, and events named like what every object has, are passed over", async () => {
    const { emit, metrics } = createWatched();
    for (const type of ["toString", "constructor", "nobody-knows"]) emit({ type } as never);
    expect(await metrics.render()).toContain("worker_characters_loaded 0");
  });
});
