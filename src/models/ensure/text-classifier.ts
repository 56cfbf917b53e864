// A small text classifier in JSON: multinomial naive Bayes with Lidstone's smoothing over words, pairs of words and the
// four-letter beginnings of words, so that "thanking" leans where "thanks" does. It is a table that anybody can read.
import { z } from "zod";
import { AppError } from "../../base/errors.ts";

export const textClassifierSchema = z.object({
  format: z.literal(1),
  kind: z.literal("multinomial-naive-bayes"),
  labels: z.array(z.string()).min(1),
  /** Natural logarithms, one for each label. */
  log_priors: z.array(z.number()),
  /** Of a feature that a label has never seen. */
  log_unseen: z.array(z.number()),
  /** Feature → one logarithm for each label. */
  features: z.record(z.string(), z.array(z.number())),
});

export type TextClassifier = z.infer<typeof textClassifierSchema>;

export interface Classification {
  label: string;
  /** 0 to 1: the label's share among all. */
  confidence: number;
}

/** Less than Laplace's 1: with so few examples that would drown what was seen in what was not. */
const smoothing = 0.1;

/** The same examples give the same classifier. */
export function trainTextClassifier(examples: Readonly<Record<string, readonly string[]>>): TextClassifier {
  const labels = Object.keys(examples).sort();
  const counts = labels.map((label) => {
    const seen = new Map<string, number>();
    for (const feature of (examples[label] ?? []).flatMap(listFeatures)) {
      seen.set(feature, (seen.get(feature) ?? 0) + 1);
    }
    return seen;
  });
  const vocabulary = [...new Set(counts.flatMap((seen) => [...seen.keys()]))].sort();
  const totals = counts.map(
    (seen) => [...seen.values()].reduce((sum, n) => sum + n, 0) + smoothing * vocabulary.length,
  );
  const exampleCount = labels.reduce((sum, label) => sum + (examples[label]?.length ?? 0), 0);
  return {
    format: 1,
    kind: "multinomial-naive-bayes",
    labels,
    log_priors: labels.map((label) => round(Math.log((examples[label]?.length ?? 0) / exampleCount))),
    log_unseen: totals.map((total) => round(Math.log(smoothing / total))),
    features: Object.fromEntries(
      vocabulary.map((feature) => [
        feature,
        counts.map((seen, i) => round(Math.log(((seen.get(feature) ?? 0) + smoothing) / (totals[i] ?? 1)))),
      ]),
    ),
  };
}

/** Null for a text without any word that the classifier knows. */
export function classifyText(classifier: TextClassifier, text: string): Classification | null {
  const { labels, log_priors: priors, features } = classifier;
  const known = listFeatures(text).flatMap((feature) => {
    const weights = features[feature];
    return weights ? [weights] : [];
  });
  if (known.length === 0) return null;
  const scores = labels.map((_, i) =>
    known.reduce((sum, weights) => sum + (weights[i] ?? 0), priors[i] ?? 0),
  );
  const best = Math.max(...scores);
  const total = scores.reduce((sum, score) => sum + Math.exp(score - best), 0);
  return { label: labels[scores.indexOf(best)] ?? "", confidence: 1 / total };
}

/** E_SCHEMA for what is none. */
export function parseTextClassifier(text: string, path: string): TextClassifier {
  try {
    return textClassifierSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new AppError(
      "E_SCHEMA",
      `${path} is no text classifier; \`troupe models ensure --basic-cls\` writes it anew`,
      { path },
      error,
    );
  }
}

function listFeatures(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
  const pairs = words.slice(1).map((word, i) => `${words[i]} ${word}`);
  const beginnings = words.filter((word) => word.length > 4).map((word) => `${word.slice(0, 4)}…`);
  return [...words, ...pairs, ...beginnings];
}

/** Six digits are far finer than what they tell apart. */
const round = (value: number): number => Math.round(value * 1e6) / 1e6;
