// Every setting, once: its key in the project file, its variable, its default, what it means.
// The README's table is made from this list (scripts/write-settings-table.ts).
import { z } from "zod";
import { webUrl } from "../assets/asset-schema.ts";

export interface SettingDefinition<S extends z.ZodType = z.ZodType> {
  schema: S;
  /** Before parsing, so that files, variables and flags share one form. */
  default: z.input<S>;
  description: string;
  /** First one set wins. */
  variables?: readonly string[];
  /** Expand `~` and `${VAR}`, and make absolute. */
  isPath?: boolean;
  /** Never shown. */
  isSecret?: boolean;
}

const define = <S extends z.ZodType>(
  schema: S,
  fallback: z.input<S>,
  description: string,
  rest: Pick<SettingDefinition<S>, "variables" | "isPath" | "isSecret"> = {},
): SettingDefinition<S> => ({ schema, default: fallback, description, ...rest });

const text = z.string();
const path = z.string().min(1);
const flag = z.union([z.boolean(), z.stringbool()]);
const numeric = z.union([z.number(), z.string().min(1).transform(Number)]);
const number = (min: number, max: number) => numeric.pipe(z.number().min(min).max(max));
const whole = (min: number, max: number) => numeric.pipe(z.number().int().min(min).max(max));
const list = z.union([
  z.array(z.string().min(1)),
  z.string().transform((value) =>
    value
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== ""),
  ),
]);
const optionalText = text
  .nullable()
  .transform((value) => (value === null || value.trim() === "" ? undefined : value.trim()));
/** What further paths are put behind, so nothing may stand there. */
const optionalBaseUrl = optionalText.refine(
  (url) => url === undefined || (webUrl.safeParse(url).success && !/[?#]/.test(url)),
  "has to be an http or https address, without user, password or query",
);

export const settingDefinitions = {
  "server.host": define(text.min(1), "127.0.0.1", "Address to listen on.", { variables: ["TROUPE_HOST"] }),
  "server.port": define(whole(0, 65535), 3000, "Port; 0 picks a free one.", { variables: ["TROUPE_PORT"] }),
  "server.tls_cert": define(optionalText, null, "Certificate file (PEM): serves https and wss.", {
    isPath: true,
    variables: ["TROUPE_TLS_CERT"],
  }),
  "server.tls_key": define(optionalText, null, "Its key file (PEM).", {
    isPath: true,
    variables: ["TROUPE_TLS_KEY"],
  }),
  "server.tls_port": define(
    whole(0, 65535).nullable(),
    null,
    "Port for https and wss beside http on `server.port`; default: `server.port` itself, and no http.",
    { variables: ["TROUPE_TLS_PORT"] },
  ),
  "server.api_keys": define(list, [], "Bearer keys, comma-separated; needed to listen beyond loopback.", {
    variables: ["TROUPE_API_KEYS"],
    isSecret: true,
  }),
  "server.allowed_origins": define(list, [], "Browser origins, beside the server's own, that may call it.", {
    variables: ["TROUPE_ALLOWED_ORIGINS"],
  }),
  "server.insecure": define(flag, false, "Listen beyond loopback without any key.", {
    variables: ["TROUPE_INSECURE"],
  }),
  "server.max_sessions": define(
    whole(1, 10_000),
    64,
    "Voice sessions at once; one more is refused with 503.",
    { variables: ["TROUPE_MAX_SESSIONS"] },
  ),
  "server.concurrent_requests": define(
    whole(1, 100_000),
    256,
    "Requests under way for each key at once, beside plain reads; one more is refused with 429.",
  ),
  "server.requests_per_minute": define(
    whole(1, 1_000_000).nullable(),
    null,
    "Requests of each key in a minute, beside plain reads; more are refused with 429. Default: no limit.",
  ),
  "server.drain_seconds": define(
    number(0, 600),
    10,
    "How long a stopping server lets running responses end.",
    { variables: ["TROUPE_DRAIN_SECONDS"] },
  ),
  "characters.dir": define(path, "story_characters", "The folder of character files.", {
    isPath: true,
    variables: ["TROUPE_CHARACTERS"],
  }),
  "characters.evaluate_timeout_ms": define(
    whole(10, 600_000),
    5000,
    "Deadline for a character file to load.",
  ),
  "characters.prompt_timeout_ms": define(whole(10, 600_000), 2000, "Deadline for makeSystemPrompt."),
  "characters.tool_timeout_ms": define(
    whole(10, 600_000),
    2000,
    "Deadline for a tool, unless it sets its own.",
  ),
  "characters.reply_timeout_ms": define(
    whole(10, 600_000),
    10_000,
    "Deadline for the first piece of a scripted reply.",
  ),
  "characters.memory_limit_mb": define(whole(64, 65_536), 512, "Memory of the character host."),
  "storage.models_root": define(path, "~/.troupe/models", "Models that you bring yourself.", {
    isPath: true,
    variables: ["TROUPE_MODELS_ROOT", "IRENE_MODELS_ROOT"],
  }),
  "models.tiny_llama_filename": define(
    optionalText,
    null,
    "File name of the small language model that `troupe models ensure --tinyllama` brings.",
    { variables: ["TINY_LLAMA_FILENAME"] },
  ),
  "models.tiny_llama_url": define(optionalText, null, "Where it comes from, instead of the hub.", {
    variables: ["TINY_LLAMA_URL"],
  }),
  "storage.cache_root": define(path, "~/.troupe/cache", "Unfinished downloads and prepared graphs.", {
    isPath: true,
    variables: ["TROUPE_CACHE_ROOT", "IRENE_CACHE_ROOT"],
  }),
  "storage.credentials_root": define(path, "~/.troupe/credentials", "Credential files of providers (0700).", {
    isPath: true,
    variables: ["TROUPE_CREDENTIALS_ROOT", "IRENE_CREDENTIALS_ROOT"],
  }),
  "settings.assets.cache_dir": define(path, "~/.troupe/assets", "Downloaded assets.", {
    isPath: true,
    variables: ["TROUPE_ASSETS_DIR", "OPENMAS_ASSETS_DIR"],
  }),
  "settings.assets.quota_gb": define(
    number(0.001, 1_000_000).nullable(),
    null,
    "Most that models and assets may take together, in GiB; default: no limit.",
    { variables: ["TROUPE_QUOTA_GB"] },
  ),
  "settings.assets.lock_timeout_seconds": define(
    number(0, 86_400).nullable(),
    null,
    "Longest wait for another process that brings the same asset; default: until it is done.",
  ),
  "settings.assets.strict_authentication": define(
    flag,
    false,
    "A missing token is an error before any request, instead of a warning.",
  ),
  "settings.assets.offline": define(flag, false, "Open no socket to fetch anything.", {
    variables: ["TROUPE_OFFLINE", "HF_HUB_OFFLINE"],
  }),
  "settings.assets.mirror": define(optionalBaseUrl, null, "Base URL of a mirror of the hub.", {
    variables: ["HF_ENDPOINT"],
  }),
  "settings.assets.hub_token": define(optionalText, null, "Token for gated hub models.", {
    variables: ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN"],
    isSecret: true,
  }),
  "speech.provider": define(
    optionalText,
    null,
    "`local` forces the local engines; any other value names one provider.",
    { variables: ["VOICE_PROVIDER"] },
  ),
  "speech.synthesizer": define(optionalText, null, "Provider that speaks; default `kokoro`."),
  "speech.recognizer": define(
    optionalText,
    null,
    "Provider that hears: `moonshine` (default, English) or `whisper`.",
  ),
  "speech.threads": define(whole(0, 256), 0, "Threads for inference; 0 takes all cores.", {
    variables: ["TROUPE_THREADS"],
  }),
  "reply.source": define(
    optionalText,
    null,
    "Who writes the words: `openai-compatible`, `ollama`, `lm-studio`, `llama-cpp`, `vllm`, `openai`, `anthropic`, `vsegpt`, `local` (a model that runs here), `none`; default: a local server at its usual port, else the characters themselves.",
    { variables: ["TROUPE_REPLY_SOURCE"] },
  ),
  "reply.base_url": define(optionalText, null, "Base URL of an OpenAI-compatible server.", {
    variables: ["TROUPE_REPLY_BASE_URL"],
  }),
  "reply.api_key_env": define(
    optionalText,
    null,
    "Name of the variable that holds the key; default: the usual one of the source, such as `OPENAI_API_KEY`.",
    {
      variables: ["TROUPE_REPLY_API_KEY_ENV"],
    },
  ),
  "reply.model": define(
    optionalText,
    null,
    "The reply model; default: the server's first. For `local` an installed model, `owner/repo` or `owner/repo:Q4_K_M`, or a path; default: the only one installed.",
    {
      variables: ["TROUPE_REPLY_MODEL"],
    },
  ),
  "reply.temperature": define(number(0, 2).nullable(), null, "Sampling temperature; default: the server's."),
  "reply.max_output_tokens": define(
    whole(1, 1_000_000).nullable(),
    null,
    "Limit of one reply; default: the server's.",
  ),
  "reply.context_tokens": define(
    whole(256, 10_000_000),
    8192,
    "What the reply model can take in at once; older turns of a voice session are put in short by it, or left out.",
  ),
  "session.max_minutes": define(number(0.1, 1440), 60, "Length of a voice session."),
  "session.idle_minutes": define(
    number(0.1, 1440),
    5,
    "A voice session with no event for this long is closed.",
  ),
  "session.max_input_minutes": define(
    number(0.1, 1440),
    10,
    "Sound that a voice session holds until it is committed.",
  ),
  "session.max_message_mb": define(
    number(0.001, 1024),
    16,
    "Size of one message of a voice session, in MiB; a larger one closes it.",
  ),
  "session.ahead_seconds": define(
    number(0.1, 3600),
    5,
    "How far sound is sent ahead of what the listener can have heard.",
  ),
  "session.stuck_seconds": define(
    number(0.1, 3600),
    10,
    "A client that takes nothing for so long is closed.",
  ),
  "session.max_tokens": define(
    whole(1, 1_000_000_000).nullable(),
    null,
    "Tokens of the reply model that one voice session may use; default: no limit.",
  ),
  "session.turn_detector": define(
    z.string().trim().min(1),
    "transcript",
    "What `semantic_vad` judges the end of a turn by: `transcript`, the words so far, or `smart_turn`, also the sound of the pause (8.7 MB from the hub).",
  ),
  "session.early_replies": define(
    flag,
    true,
    "A reply is begun when the user's turn is probably over, and dropped if it goes on: sooner answers for some requests more.",
  ),
  "session.characters": define(
    z.enum(["next-turn", "next-session"]),
    "next-turn",
    "When a running session takes an edited character.",
  ),
  "conversations.file": define(
    optionalText,
    null,
    "Conversations that clients name (`?conversation=ID`) are kept here, in SQLite, and taken up again.",
    { isPath: true, variables: ["TROUPE_CONVERSATIONS_FILE"] },
  ),
  "recording.dir": define(
    optionalText,
    null,
    "Voice sessions whose clients allow it are recorded here, one JSONL file each.",
    { isPath: true },
  ),
  "recording.audio": define(flag, false, "Recordings keep the sound of users too, not only its length."),
  user_name: define(optionalText, null, "What characters call you.", { variables: ["TROUPE_USER_NAME"] }),
  "log.level": define(z.enum(["silent", "error", "warn", "info", "debug"]), "info", "What goes to stderr.", {
    variables: ["TROUPE_LOG_LEVEL"],
  }),
} as const;

export type SettingKey = keyof typeof settingDefinitions;
export type Settings = { readonly [K in SettingKey]: z.output<(typeof settingDefinitions)[K]["schema"]> };
