// What the session tells → OpenAI's GA server events, and a few of this system's own for clients that asked for them.
import { encodeALaw, encodeMuLaw } from "../../audio/g711.ts";
import { encodeS16le } from "../../audio/pcm.ts";
import type { Fault, PartAddress, SessionOutput } from "../../session/events.ts";
import type { AudioFormat } from "../../session/session-config.ts";
import type { WireEvent } from "./dialect.ts";
import { encodeItem, encodePart, encodeResponse, encodeSession } from "./ga-views.ts";

/** Without `event_id`, which the dialect adds. */
export function encodeGaEvent(output: SessionOutput, conversationId: string): WireEvent {
  switch (output.type) {
    case "session-created":
      return { type: "session.created", session: encodeSession(output.session) };
    case "session-updated":
      return { type: "session.updated", session: encodeSession(output.session) };
    case "fault":
      return { type: "error", error: encodeFault(output.fault) };
    case "speech-started": {
      const { itemId: item_id, audioStartMs: audio_start_ms } = output;
      return { type: "input_audio_buffer.speech_started", audio_start_ms, item_id };
    }
    case "speech-stopped": {
      const { itemId: item_id, audioEndMs: audio_end_ms } = output;
      return { type: "input_audio_buffer.speech_stopped", audio_end_ms, item_id };
    }
    case "silence-noticed": {
      const { itemId: item_id, audioStartMs: audio_start_ms, audioEndMs: audio_end_ms } = output;
      return { type: "input_audio_buffer.timeout_triggered", audio_start_ms, audio_end_ms, item_id };
    }
    case "input-committed": {
      const { itemId: item_id, previousItemId: previous_item_id } = output;
      return { type: "input_audio_buffer.committed", previous_item_id, item_id };
    }
    case "input-cleared":
      return { type: "input_audio_buffer.cleared" };
    case "item-added":
    case "item-done": {
      const type = output.type === "item-added" ? "conversation.item.added" : "conversation.item.done";
      return { type, previous_item_id: output.previousItemId, item: encodeItem(output.item) };
    }
    case "item-retrieved":
      return { type: "conversation.item.retrieved", item: encodeItem(output.item) };
    case "item-deleted":
      return { type: "conversation.item.deleted", item_id: output.itemId };
    case "item-truncated": {
      const { itemId: item_id, contentIndex: content_index, audioEndMs: audio_end_ms } = output;
      return { type: "conversation.item.truncated", item_id, content_index, audio_end_ms };
    }
    case "transcript-delta": {
      const { itemId: item_id, delta } = output;
      const type = "conversation.item.input_audio_transcription.delta";
      return { type, item_id, content_index: 0, delta };
    }
    case "transcript-done": {
      const { itemId: item_id, transcript, audioMs } = output;
      const type = "conversation.item.input_audio_transcription.completed";
      const usage = { type: "duration", seconds: Math.round(audioMs) / 1000 };
      return { type, item_id, content_index: 0, transcript, usage };
    }
    case "transcript-failed": {
      const { itemId: item_id, code, message } = output;
      const type = "conversation.item.input_audio_transcription.failed";
      return { type, item_id, content_index: 0, error: { type: "server_error", code, message } };
    }
    case "response-created":
      return { type: "response.created", response: encodeResponse(output.response, conversationId) };
    case "response-done":
      return { type: "response.done", response: encodeResponse(output.response, conversationId) };
    case "output-item-added":
    case "output-item-done": {
      const { responseId: response_id, outputIndex: output_index } = output;
      const type =
        output.type === "output-item-added" ? "response.output_item.added" : "response.output_item.done";
      return { type, response_id, output_index, item: encodeItem(output.item) };
    }
    case "part-added":
      return { type: "response.content_part.added", ...at(output), part: encodePart(output.part) };
    case "part-done":
      return { type: "response.content_part.done", ...at(output), part: encodePart(output.part) };
    case "text-delta":
      return { type: "response.output_text.delta", ...at(output), delta: output.delta };
    case "text-done":
      return { type: "response.output_text.done", ...at(output), text: output.text };
    case "speech-text-delta":
      return { type: "response.output_audio_transcript.delta", ...at(output), delta: output.delta };
    case "speech-text-done":
      return { type: "response.output_audio_transcript.done", ...at(output), transcript: output.text };
    case "audio-delta": {
      const delta = encodeAudio(output.pcm, output.format).toBase64();
      return { type: "response.output_audio.delta", ...at(output), delta };
    }
    case "audio-done":
      return { type: "response.output_audio.done", ...at(output) };
    case "call-delta": {
      const { content_index: _, ...where } = at(output);
      const { callId: call_id, delta } = output;
      return { type: "response.function_call_arguments.delta", ...where, call_id, delta };
    }
    case "call-done": {
      const { content_index: _, ...where } = at(output);
      const { callId: call_id, name, arguments: args } = output;
      return { type: "response.function_call_arguments.done", ...where, call_id, name, arguments: args };
    }
    case "limits":
      // Nothing is counted against this client, so there is nothing to list.
      return { type: "rate_limits.updated", rate_limits: [] };
    case "words": {
      const words = output.words.map(({ text, startMs, endMs }) => ({
        text,
        start_ms: Math.round(startMs),
        end_ms: Math.round(endMs),
      }));
      return { type: "troupe.words", ...at(output), words };
    }
    case "partial-transcript": {
      const { itemId: item_id, partial } = output;
      return {
        type: "troupe.transcript.partial",
        item_id,
        stable_text: partial.stableText,
        text: partial.text,
      };
    }
    case "tool-started": {
      const { responseId: response_id, callId: call_id, name, arguments: args } = output;
      return { type: "troupe.tool.started", response_id, call_id, name, arguments: args };
    }
    case "tool-finished": {
      const { responseId: response_id, callId: call_id, name, outcome, content, durationMs } = output;
      const duration_ms = Math.round(durationMs);
      return {
        type: "troupe.tool.done",
        response_id,
        call_id,
        name,
        outcome,
        output: content,
        duration_ms,
      };
    }
    case "character-changed": {
      const { name, generation, status } = output.session.cast.character;
      return {
        type: "troupe.character.updated",
        name,
        generation,
        status,
        session: encodeSession(output.session),
      };
    }
  }
}

function at({ responseId, itemId, outputIndex, contentIndex }: PartAddress) {
  return {
    response_id: responseId,
    item_id: itemId,
    output_index: outputIndex,
    content_index: contentIndex,
  };
}

function encodeFault({ code, message, kind, param, eventId }: Fault) {
  const type = kind === "server" ? "server_error" : "invalid_request_error";
  return { type, code, message, param: param ?? null, event_id: eventId ?? null };
}

export function encodeAudio(pcm: Float32Array, { encoding }: AudioFormat): Uint8Array {
  switch (encoding) {
    case "pcm":
      return encodeS16le(pcm);
    case "pcmu":
      return encodeMuLaw(pcm);
    case "pcma":
      return encodeALaw(pcm);
  }
}
