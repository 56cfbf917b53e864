// Names that become one folder or file: ids of providers and models, names of directories.
import { z } from "zod";
import { AppError } from "../../base/errors.ts";

/** What is wrong with it as one segment of a path; null when nothing is. */
export function findSegmentFault(text: string): string | null {
  if (text === "") return "must not be empty";
  if (text.startsWith(".")) return "must not be '.', '..' or hidden";
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[/\\~:\u0000-\u001f\u007f]/.test(text)) {
    return "must be one folder's name: no '/', '\\', '~', ':' or control character";
  }
  // Windows drops both at the end, and two names would be one.
  if (/[. ]$/.test(text)) return "must not end in a dot or a blank";
  return text.length > 100 ? "must not have more than 100 characters" : null;
}

export const providerPathSegment = z.string().superRefine((text, context) => {
  const fault = findSegmentFault(text);
  if (fault !== null) context.addIssue({ code: "custom", message: `${JSON.stringify(text)} ${fault}` });
});

/** E_ARGS with what is wrong. */
export function requireSegment(text: string, what: string): string {
  const fault = findSegmentFault(text);
  if (fault === null) return text;
  throw new AppError("E_ARGS", `${what} ${JSON.stringify(text)} ${fault}`, { [what]: text });
}
