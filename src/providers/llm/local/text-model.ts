// What a library that runs language models must offer; the conversation around it (chat-engine.ts) is the same for all.

export interface Sampling {
  /** 0 takes the likeliest token each time. */
  temperature: number;
  topP: number;
  seed: number | undefined;
  maxTokens: number;
}

export interface GenerateControl {
  /** Aborted: ends with the next token at the latest. */
  signal: AbortSignal;
  /** Lets messages in; throws when the job is cancelled. */
  checkpoint: () => Promise<void>;
  /** Called for each token that is not the end's; false ends the answer. */
  onToken: (token: number) => boolean;
}

export interface TextModel {
  /** Prompt and answer together, at most. */
  readonly windowTokens: number;
  /** Jinja, as the model's maker wrote it; undefined: it was not made for conversations. */
  readonly template: string | undefined;
  /** As text, for the template. */
  readonly beginToken: string;
  readonly endToken: string;
  /** What runs, for people: "Q4_K_M, 4096 tokens, CPU". */
  readonly detail: string;
  /** Marks such as `<|im_start|>` in `text` become their tokens; nothing is added. */
  encode(text: string): number[];
  /** Without the marks. */
  decode(tokens: readonly number[]): string;
  /** "stop" when the model ended its turn or `onToken` said so, "length" at `maxTokens`. */
  generate(
    prompt: readonly number[],
    sampling: Sampling,
    control: GenerateControl,
  ): Promise<"stop" | "length">;
}
