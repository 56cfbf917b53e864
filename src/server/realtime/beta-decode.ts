// The beta's client events → today's.
import { betaPlaces } from "./beta-names.ts";
import type { Decoded } from "./dialect.ts";
import { decodeGaValue, parseJson } from "./ga-decode.ts";

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const formats: Readonly<Record<string, string>> = {
  pcm16: "audio/pcm",
  g711_ulaw: "audio/pcmu",
  g711_alaw: "audio/pcma",
};

/** Never throws. */
export function decodeBetaEvent(message: string): Decoded {
  const parsed = parseJson(message);
  if ("fault" in parsed) return { type: "fault", fault: parsed.fault };
  return decodeGaValue(translate(parsed.value));
}

function translate(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { type, session, response } = value;
  if (type === "session.update" && isObject(session)) return { ...value, session: nest(session) };
  if (type === "response.create" && isObject(response)) return { ...value, response: nest(response) };
  return value;
}

/** Puts every flat field where it is today; what is the same in both stays. */
function nest(flat: Json): Json {
  const nested: Record<string, unknown> = { ...flat };
  for (const [name, place] of betaPlaces) {
    if (!(name in flat)) continue;
    delete nested[name];
    put(nested, place.split("."), name.endsWith("_format") ? nestFormat(flat[name]) : flat[name]);
  }
  return nested;
}

function put(into: Record<string, unknown>, [key = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  const inner: Record<string, unknown> = { ...(isObject(into[key]) ? into[key] : {}) };
  into[key] = inner;
  put(inner, rest, value);
}

/** A format that nobody knows is left for the schema to refuse. */
function nestFormat(format: unknown): unknown {
  return typeof format === "string" ? { type: formats[format] ?? format } : format;
}
