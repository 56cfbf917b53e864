// A face for every name: the same name gives the same face, on every machine.

export const hairStyles = ["bob", "short", "curly", "bun", "long", "bald", "quiff"] as const;
export const extras = [
  "none",
  "glasses",
  "round-glasses",
  "moustache",
  "freckles",
  "earrings",
  "beard",
] as const;
export const collars = ["round", "shirt", "bow-tie", "turtleneck", "scarf"] as const;

export interface FaceDesign {
  skin: string;
  skinShade: string;
  hair: string;
  hairStyle: (typeof hairStyles)[number];
  extra: (typeof extras)[number];
  collar: (typeof collars)[number];
  cloth: string;
  backdrop: string;
  /** Half the distance between the eyes, in the 100-unit view box. */
  eyeOffset: number;
  /** −1 (gentle) to 1 (stern). */
  browTilt: number;
}

const skins: readonly (readonly [string, string])[] = [
  ["#f6d5bd", "#e7b795"],
  ["#eec39d", "#d9a273"],
  ["#d8a06f", "#bd8250"],
  ["#b57a4a", "#985f34"],
  ["#8a5733", "#6f4225"],
  ["#f2cfc0", "#dfae99"],
];
const hairs = ["#2b1d16", "#5a3620", "#8c5a2b", "#c98f3f", "#3a3a44", "#8f8f99", "#a33d21", "#e3c68b"];

/** FNV-1a, then a xorshift step for each draw: small, fast, and the same everywhere. */
function createDraws(name: string): () => number {
  let state = 0x811c9dc5;
  for (const char of name.normalize("NFC")) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** What a character may say of its face in METADATA.face; the name decides the rest. */
export interface FaceWish {
  skin?: number;
  hair?: number;
  hair_style?: string;
  extra?: string;
  collar?: string;
}

export function buildFaceDesign(name: string, color: string | undefined, wish: FaceWish = {}): FaceDesign {
  const draw = createDraws(name);
  // The first draws of a xorshift are alike for alike seeds.
  for (let i = 0; i < 8; i++) draw();
  const select = <T>(items: readonly T[]): T => items[Math.floor(draw() * items.length)] as T;
  /** One is drawn in any case, so that a wish for the hair does not change the collar. */
  const selectOr = <T>(items: readonly T[], wished: T | undefined): T => {
    const drawn = select(items);
    return wished !== undefined && items.includes(wished) ? wished : drawn;
  };
  const [skin, skinShade] = selectOr(skins, skins[wish.skin ?? -1]);
  const hue = Math.floor(draw() * 360);
  const backdrop = color ?? `hsl(${hue} 48% 46%)`;
  return {
    skin,
    skinShade,
    hair: selectOr(hairs, hairs[wish.hair ?? -1]),
    hairStyle: selectOr(hairStyles, wish.hair_style as FaceDesign["hairStyle"]),
    extra: selectOr(extras, wish.extra as FaceDesign["extra"]),
    collar: selectOr(collars, wish.collar as FaceDesign["collar"]),
    cloth: `hsl(${(hue + 140 + Math.floor(draw() * 80)) % 360} 38% 38%)`,
    backdrop,
    eyeOffset: 8.5 + draw() * 2.5,
    browTilt: draw() * 2 - 1,
  };
}
