// The one check that counts: a sentence is spoken and heard again.
import type { ProviderOverview } from "../../../assets/provider/port.ts";
import { createResampler } from "../../../audio/resample.ts";
import { encodeError, messageOf } from "../../../base/errors.ts";
import type { CliApp } from "../../app-port.ts";
import type { Check } from "./check.ts";

const codes = {
  loading: "E_BUSY",
  "not-installed": "E_NOT_FOUND",
  "missing-credentials": "E_PERM",
  incompatible: "E_COMPAT",
  disabled: "E_ARGS",
} as const;

type VoiceApp = Pick<CliApp, "assets" | "defaultAssets" | "speech">;

/** With what is on disk: nothing is fetched. */
export async function checkVoice(
  app: VoiceApp,
  providers: readonly ProviderOverview[],
  signal: AbortSignal,
): Promise<Check[]> {
  const missing = findMissingModels(app, providers);
  if (missing.length > 0) return missing;
  const statuses = await Promise.all(app.defaultAssets.map((name) => app.assets.status(name)));
  if (statuses.some((status) => status.status !== "cached")) return [];
  await app.speech.start();
  const parts = Object.entries(app.speech.status()).map(
    ([kind, { provider, state }]): Check => ({
      name: `${kind} engine`,
      ok: state.state === "ready",
      detail: `${provider}, ${state.state}${"reason" in state ? `: ${state.reason}` : ""}${"detail" in state ? `: ${state.detail}` : ""}`,
      ...(state.state !== "ready" && {
        code: codes[state.state],
        remedy: "troupe doctor --verbose shows what the engine said",
      }),
    }),
  );
  if (parts.some((part) => !part.ok)) return parts;

  const name = "round trip";
  try {
    const heard = await speakAndHear(app, "The weather is lovely today.", signal);
    const isRight = /weather/i.test(heard.text) && /lovely/i.test(heard.text);
    const speed = `${heard.seconds.toFixed(1)} s of speech made in ${heard.synthesisSeconds.toFixed(1)} s`;
    return [
      ...parts,
      { name, ok: isRight, detail: `heard "${heard.text}"; ${speed}`, ...(!isRight && { code: "E_COMPAT" }) },
    ];
  } catch (error) {
    return [...parts, { name, ok: false, detail: messageOf(error), code: encodeError(error).error_code }];
  }
}

async function speakAndHear(app: VoiceApp, text: string, signal: AbortSignal) {
  const synthesizer = await app.speech.synthesizer();
  const recognizer = await app.speech.recognizer();
  await using session = recognizer.open({ signal });
  const startMs = performance.now();
  let seconds = 0;
  for await (const { pcm, sampleRateHz } of synthesizer.synthesize(text, { signal })) {
    const resampler = createResampler({ fromHz: sampleRateHz, toHz: 16_000 });
    session.push(resampler.push(pcm));
    session.push(resampler.flush());
    seconds += pcm.length / sampleRateHz;
  }
  const synthesisSeconds = (performance.now() - startMs) / 1000;
  const transcript = await session.finish();
  return { text: transcript.text, seconds, synthesisSeconds };
}

/** The models in use that no asset check has named already. */
function findMissingModels({ speech }: VoiceApp, providers: readonly ProviderOverview[]): Check[] {
  return Object.entries(speech.status()).flatMap(([kind, { provider: name }]): Check[] => {
    const provider = providers.find((candidate) => candidate.kind === kind && candidate.name === name);
    const model = provider?.models.find(({ id }) => id === provider.modelInUse);
    const isWanted = provider?.state === "ready" || provider?.state === "not-installed";
    if (!isWanted || !model || model.isInstalled || model.isAsset) return [];
    return [
      {
        name: `model ${kind}.${name}:${model.id}`,
        ok: false,
        detail: `${model.path} is not there`,
        code: "E_NOT_FOUND",
        remedy: provider.reason ?? `troupe models ensure --provider ${kind}.${name}:${model.id}`,
      },
    ];
  });
}
