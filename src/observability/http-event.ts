// What the HTTP door says of itself.
import type { ErrorCode } from "../base/errors.ts";

export type HttpEvent =
  | { type: "http-request-start"; requestId: string; method: string }
  | {
      type: "http-request-end";
      requestId: string;
      method: string;
      /** The route's pattern, never the path itself: `/v1/models/{id}`, `web`, `unmatched`. */
      route: string;
      status: number;
      /** Of a request that was refused or failed. */
      errorCode?: ErrorCode | undefined;
      /** Until the last byte of the answer. */
      durationMs: number;
      /** True when the client left, or the server stopped, before the answer was complete. */
      wasAborted: boolean;
    }
  /** A failure that is a bug, or that came after the status had gone out. */
  | { type: "http-request-fail"; requestId: string; method: string; route: string; error: unknown };
