// The protocol of the unmute project's front end and load client: the subprotocol `realtime`, Ogg Opus both ways, and a
// character that speaks first when it has been told who it is.
import { createEncoder } from "../../audio/codecs/encoder.ts";
import { createOggOpusStream, type OggOpusStream } from "../../audio/codecs/ogg-opus-stream.ts";
import { encodeS16le } from "../../audio/pcm.ts";
import type { CharacterBook } from "../../characters/port.ts";
import { defaultConfig, defaultServerVad, type SessionConfig } from "../../session/session-config.ts";
import { createEventWriter, type Decoded, type Dialect } from "./dialect.ts";
import { parseJson, readEventId } from "./ga-decode.ts";
import { decodeBase64 } from "./ga-fields.ts";
import { castUnmute } from "./unmute-cast.ts";
import { createUnmuteEncoder } from "./unmute-encode.ts";
import { type UnmuteEvent, unmuteEventSchema } from "./unmute-schema.ts";
import { WireFault } from "./wire-fault.ts";

const sampleRateHz = 24_000;
/** Theirs. */
const silenceMs = 7000;
/** Theirs, from the end of the character's goodbye. */
const farewellMs = 1000;
/** Clients play what comes when it comes: theirs send 320 ms ahead in pieces of 80 ms, these pieces are longer. */
export const unmuteAheadMs = 480;

export const unmuteConfig: SessionConfig = {
  ...defaultConfig,
  turnDetection: { ...defaultServerVad, idleTimeoutMs: silenceMs },
  extensions: { ...defaultConfig.extensions, words: true },
};

/** `getBook` gives the cast of the moment. Rejects when Opus cannot be loaded. */
export async function createUnmuteDialect(sessionId: string, getBook: () => CharacterBook): Promise<Dialect> {
  using made = new DisposableStack();
  const sound = made.use(await createOggOpusStream({ sampleRateHz }));
  const opus = made.use(await createEncoder("opus", { sampleRateHz }));
  const encoder = createUnmuteEncoder(opus);
  // "event_" and 21 letters and digits, as theirs.
  const write = createEventWriter(sessionId.slice(0, "sess_".length + 16));
  const codecs = made.move();

  const obey = (event: UnmuteEvent): Decoded => {
    const eventId = event.event_id ?? undefined;
    switch (event.type) {
      case "session.update": {
        const { session } = event;
        const { characterName, patch, isVoiceUnknown } = castUnmute(session, getBook());
        const warning = `this server has no voice "${session.voice}"; the character speaks with its own`;
        encoder.noteSettings(session, isVoiceUnknown ? [warning] : []);
        // With instructions it is known who speaks, and it speaks first.
        const greeting = session.instructions ? true : undefined;
        const command = {
          type: "update-session" as const,
          patch: { ...patch, allowRecording: session.allow_recording, greeting },
          characterName,
        };
        return { type: "command", command, eventId };
      }
      case "input_audio_buffer.append":
        return hear(sound, decodeBase64(event.audio, "audio"), eventId);
      case "unmute.input_audio_buffer.append_anonymized":
        return { type: "audio", bytes: new Uint8Array(), eventId };
    }
  };

  return {
    decode(message) {
      const parsed = parseJson(message);
      if ("fault" in parsed) return { type: "fault", fault: parsed.fault };
      const eventId = readEventId(parsed.value);
      const checked = unmuteEventSchema.safeParse(parsed.value);
      if (!checked.success) {
        const [issue] = checked.error.issues;
        const param = issue?.path.map(String).join(".") ?? "";
        const message = `${param === "" ? "the event" : param}: ${issue?.message ?? "not valid"}`;
        const fault = { code: "invalid_value", message, kind: "invalid-request" as const, param, eventId };
        return { type: "fault", fault };
      }
      try {
        return obey(checked.data);
      } catch (error) {
        if (!(error instanceof WireFault)) throw error;
        const { code, message, param } = error;
        return { type: "fault", fault: { code, message, kind: "invalid-request", param, eventId } };
      }
    },
    endsInMs: () => (encoder.hasSaidBye ? farewellMs : undefined),
    encode: (output) => encoder.encode(output).map(write),
    [Symbol.dispose]: () => codecs.dispose(),
  };
}

/** What can be heard of it is heard, also when something is wrong with it. */
function hear(sound: OggOpusStream, ogg: Uint8Array, eventId: string | undefined): Decoded {
  const { pcm, problem } = sound.push(ogg);
  const bytes = encodeS16le(pcm);
  if (!problem) return { type: "audio", bytes, eventId };
  const { message } = problem;
  const fault = { code: "invalid_value", message, kind: "invalid-request" as const, param: "audio", eventId };
  return { type: "audio", bytes, eventId, fault };
}
