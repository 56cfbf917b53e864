// Where the beta's flat fields are today.

/** The beta's name of a field, and its place in today's session or response. */
export const betaPlaces: readonly (readonly [string, string])[] = [
  ["input_audio_format", "audio.input.format"],
  ["input_audio_transcription", "audio.input.transcription"],
  ["input_audio_noise_reduction", "audio.input.noise_reduction"],
  ["turn_detection", "audio.input.turn_detection"],
  ["output_audio_format", "audio.output.format"],
  ["voice", "audio.output.voice"],
  ["speed", "audio.output.speed"],
  ["modalities", "output_modalities"],
  ["max_response_output_tokens", "max_output_tokens"],
];

/** A text or path that speaks of today's fields, as a client of the beta knows them. */
export function useBetaNames(text: string): string {
  const renamed = betaPlaces.reduce((said, [name, place]) => said.replaceAll(place, name), text);
  return renamed.replaceAll("_format.type", "_format");
}
