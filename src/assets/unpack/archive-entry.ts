// What any archive is to those who unpack it: entries one after the other, each to be read before the next is asked for.
export interface ArchiveEntry {
  /** As written, without a folder's closing slash. */
  readonly path: string;
  /** A `link` is a symbolic one. */
  readonly kind: "file" | "folder" | "link" | "hard-link" | "device";
  /** As announced; what the body really has is what counts. */
  readonly sizeBytes: number;
  readonly isExecutable: boolean;
  /** What a link points at, as written. */
  readonly linkTarget: string | null;
  /** What is not read is skipped. */
  body(): AsyncGenerator<Uint8Array, void, undefined>;
}

/** The archive is not what it should be; the message says how. */
export class BrokenArchiveError extends Error {}
