// Which of a model's sizes fits this machine. The server judges the one that is chosen; of the others it is reckoned from
// that verdict: what is needed grows with the size.
import type { Fit, ModelVariant } from "./hub-api.ts";

export type VariantFit = Fit["compatibility"];

/** By name; empty while nothing is known. */
export function judgeVariants(
  variants: readonly ModelVariant[],
  { system, model_requirements: needs }: Fit,
): Readonly<Record<string, VariantFit>> {
  if (!needs || needs.size === 0) return {};
  const judge = ({ size }: ModelVariant): VariantFit => {
    const ram = (size * needs.ram) / needs.size;
    const disk = (size * needs.disk) / needs.size;
    if (ram > system.memory.total || disk > system.disk.free) return "no";
    return ram > system.memory.available ? "warn" : "ok";
  };
  return Object.fromEntries(variants.map((variant) => [variant.name, judge(variant)]));
}

/** The largest that runs without a doubt, else the largest that runs at all, else the smallest. */
export function selectVariant(
  variants: readonly ModelVariant[],
  fits: Readonly<Record<string, VariantFit>>,
): ModelVariant | undefined {
  const bySize = variants.toSorted((a, b) => a.size - b.size);
  const last = (wanted: VariantFit): ModelVariant | undefined =>
    bySize.findLast(({ name }) => fits[name] === wanted);
  return last("ok") ?? last("warn") ?? bySize[0];
}
