// What an encoder is, for those who make one (a file for each format) and those who use it (encoder.ts).

export interface EncoderOptions {
  /** Of the samples that are pushed, mono. */
  sampleRateHz: number;
  /** For mp3 (default 64,000) and opus (default 32,000): transparent for one voice. */
  bitrate?: number | undefined;
}

export interface AudioEncoder extends Disposable {
  readonly contentType: string;
  /** Of the sound in the file. */
  readonly sampleRateHz: number;
  /** What can be written with the samples so far, headers first; may be empty. The caller owns the bytes. */
  push(pcm: Float32Array): Uint8Array<ArrayBuffer>;
  /** The rest, and the end of the file. The encoder is freed; `push` after it throws E_INTERNAL. */
  finish(): Uint8Array<ArrayBuffer>;
}

/** What a format's own file exports: the same at a rate that it takes. */
export type EncoderAtRate = (options: EncoderOptions) => Promise<Omit<AudioEncoder, "contentType">>;
