// One line of what `troupe doctor` says.
import type { ErrorCode } from "../../../base/errors.ts";

export interface Check {
  name: string;
  ok: boolean;
  detail: string;
  remedy?: string;
  /** Of a failed check; the first one's exit status is doctor's. */
  code?: ErrorCode;
}
