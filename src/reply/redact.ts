// Keys never leave in messages: what a server quotes back is cleaned first.

// The shapes in which services quote a refused key, whole or half masked: "sk-ab***yz", "Bearer abc…".
const keyShapes = /\b(?:sk|pk|rk|key|gsk|xai)[-_][\w*.-]{4,}|\bBearer\s+[\w*.~+/-]{6,}=*/gi;

/** `text` without `secrets`, without what looks like a key, on one line, at most `maxLength` characters. */
export function redact(text: string, secrets: readonly (string | undefined)[], maxLength = 300): string {
  let clean = text;
  for (const secret of secrets) {
    // A key of a few letters ("x", "none") is no secret, and would tear words apart.
    if (secret !== undefined && secret.length >= 6) clean = clean.replaceAll(secret, "[key]");
  }
  clean = clean.replace(keyShapes, "[key]").replace(/\s+/g, " ").trim();
  return clean.length > maxLength ? `${clean.slice(0, maxLength - 1)}…` : clean;
}
