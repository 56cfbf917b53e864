// Token counts of sound, where OpenAI's clients expect some: its audio models count a token for each 100 ms heard and each
// 50 ms spoken (OpenAI, "Managing Realtime costs"). For display, not for bills.
import { estimateTokens } from "../../reply/estimate-tokens.ts";

export const encodeSpeechUsage = (text: string, audioSeconds: number) =>
  encodeUsage(estimateTokens(text), Math.ceil(audioSeconds * 20));

export const encodeTranscriptUsage = (text: string, audioSeconds: number) => {
  const audioTokens = Math.ceil(audioSeconds * 10);
  return {
    type: "tokens" as const,
    ...encodeUsage(audioTokens, estimateTokens(text)),
    input_token_details: { audio_tokens: audioTokens, text_tokens: 0 },
  };
};

const encodeUsage = (inputTokens: number, outputTokens: number) => ({
  input_tokens: inputTokens,
  output_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
});
