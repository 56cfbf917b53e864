// What zod found wrong, in one line: `VOICE_SOURCE.voice: expected string; …`.
import type { z } from "zod";

const maxIssues = 5;

/** At most 1,000 characters. `prefix` names the value that was checked. */
export function describeIssues(error: z.ZodError, prefix?: string): string {
  return error.issues
    .slice(0, maxIssues)
    .map(({ path, message: said }) => {
      // Of what is not there, no type is wrong.
      const message = said.replace(/^Invalid input: (expected .+), received undefined$/, "is missing; $1");
      const place = [...(prefix === undefined ? [] : [prefix]), ...path.map(String)].join(".");
      return place === "" ? message : `${place}: ${message}`;
    })
    .join("; ")
    .slice(0, 1000);
}
