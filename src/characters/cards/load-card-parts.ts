// The texts of the prompt logic that goes into character files. They are imported as text, so that they are there in a
// compiled program too; nothing else in src may import them as code (Bun 1.4.4 bundles a file in one way only).

const imports = {
  "card.ts": () => import("./parts/card.ts", { with: { type: "text" } }),
  "card-character.ts": () => import("./parts/card-character.ts", { with: { type: "text" } }),
  "card-reply.ts": () => import("./parts/card-reply.ts", { with: { type: "text" } }),
  "choose.ts": () => import("./parts/choose.ts", { with: { type: "text" } }),
  "fill-macros.ts": () => import("./parts/fill-macros.ts", { with: { type: "text" } }),
  "find-key.ts": () => import("./parts/find-key.ts", { with: { type: "text" } }),
  "linear-pattern.ts": () => import("./parts/linear-pattern.ts", { with: { type: "text" } }),
  "no-lore.ts": () => import("./parts/no-lore.ts", { with: { type: "text" } }),
  "parse-pattern.ts": () => import("./parts/parse-pattern.ts", { with: { type: "text" } }),
  "read-decorators.ts": () => import("./parts/read-decorators.ts", { with: { type: "text" } }),
  "seeded.ts": () => import("./parts/seeded.ts", { with: { type: "text" } }),
  "select-lore.ts": () => import("./parts/select-lore.ts", { with: { type: "text" } }),
  "speaking-rules.ts": () => import("./parts/speaking-rules.ts", { with: { type: "text" } }),
  "spoken.ts": () => import("./parts/spoken.ts", { with: { type: "text" } }),
  "talk.ts": () => import("./parts/talk.ts", { with: { type: "text" } }),
};

/** By file name; `card-data.ts`, which stands for the card itself, is the caller's. */
export async function loadCardParts(): Promise<Record<string, string>> {
  const texts = Object.entries(imports).map(async ([name, load]) => {
    const module = (await load()) as unknown as { default: string };
    return [name, module.default] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}
