// A face for every name: the same name gives the same face, on every machine. What a character may wish for in
// METADATA.face is listed here and nowhere else; whatever it does not say, its name decides.
//
//   face: { skin: "tan", hair: "black", hair_style: "bob", hat: "beret", extra: ["earrings"], collar: "stripes" }

export const skins = {
  porcelain: ["#f8dccb", "#e8b89e"],
  fair: ["#f3cba9", "#dca37b"],
  olive: ["#dfae80", "#c2895b"],
  tan: ["#c68c5b", "#a66d40"],
  brown: ["#94603b", "#774627"],
  deep: ["#6b4228", "#512e1a"],
  /** For those who were built. */
  brass: ["#d9b25f", "#b1873a"],
  steel: ["#b9c3cc", "#8d9aa6"],
} as const;

export const hairs = {
  black: "#2a2226",
  "dark-brown": "#4a2f20",
  brown: "#7a4c2a",
  auburn: "#8e3b1f",
  red: "#b9502a",
  fair: "#c9974a",
  blond: "#e6c987",
  slate: "#4d5361",
  grey: "#9a9aa2",
  white: "#ece7df",
} as const;

export const hairStyles = ["short", "quiff", "bob", "long", "bun", "curly", "tousled", "bald"] as const;
/** Any number of them together. */
export const extras = [
  "glasses",
  "round-glasses",
  "half-moon-glasses",
  "monocle",
  "eyepatch",
  "freckles",
  "earrings",
  "lipstick",
  "moustache",
  "curled-moustache",
  "beard",
] as const;
export const collars = [
  "round",
  "shirt",
  "bow-tie",
  "turtleneck",
  "scarf",
  "stripes",
  "shawl",
  "coat",
  "dungarees",
] as const;
/** A hat is worn by who wishes for one. */
export const hats = [
  "tricorn",
  "beret",
  "night-cap",
  "bowler",
  "straw-hat",
  "cap",
  "headset",
  "fox-ears",
  "bow",
] as const;

export interface FaceDesign {
  skin: string;
  skinShade: string;
  hair: string;
  hairStyle: (typeof hairStyles)[number];
  extras: readonly (typeof extras)[number][];
  collar: (typeof collars)[number];
  hat: (typeof hats)[number] | undefined;
  /** Of what is worn. */
  cloth: string;
  backdrop: string;
  /** Half the distance between the eyes, in the 100-unit view box. */
  eyeOffset: number;
  /** −1 (gentle) to 1 (stern). */
  browTilt: number;
  /** −1 (soft) to 1 (long) */
  chin: number;
  /** Seconds until the first blink, so that not everyone blinks together. */
  blinkDelay: number;
}

/** As it stands in a character's file: anything that is not a name from the lists above is passed over. */
export interface FaceWish {
  skin?: unknown;
  hair?: unknown;
  hair_style?: unknown;
  extra?: unknown;
  collar?: unknown;
  hat?: unknown;
}

/** What names alone give: quiet combinations, and most faces go without. */
const drawnExtras = [
  [],
  [],
  ["glasses"],
  ["round-glasses"],
  ["freckles"],
  ["earrings"],
  ["moustache"],
  ["beard"],
] as const;
const drawnCollars = ["round", "shirt", "bow-tie", "turtleneck", "scarf"] as const;
const drawnSkins = ["porcelain", "fair", "olive", "tan", "brown", "deep"] as const;

export function buildFaceDesign(name: string, color: string | undefined, wish: FaceWish = {}): FaceDesign {
  const draw = createDraws(name);
  // Everything is drawn in any case, so that a wish for the hair does not change the collar.
  const select = <T>(items: readonly T[]): T => items[Math.floor(draw() * items.length)] as T;
  const skinName = select(drawnSkins);
  const hairName = select(Object.keys(hairs) as (keyof typeof hairs)[]);
  const hue = Math.floor(draw() * 360);
  const hairStyle = select(hairStyles);
  const drawn = select(drawnExtras);
  const collar = select(drawnCollars);
  const clothHue = (hue + 140 + Math.floor(draw() * 80)) % 360;
  const [skin, skinShade] =
    skins[findName(Object.keys(skins) as (keyof typeof skins)[], wish.skin) ?? skinName];
  const wishedExtras = (Array.isArray(wish.extra) ? wish.extra : [wish.extra]).flatMap(
    (extra) => findName(extras, extra) ?? [],
  );
  return {
    skin,
    skinShade,
    hair: hairs[findName(Object.keys(hairs) as (keyof typeof hairs)[], wish.hair) ?? hairName],
    hairStyle: findName(hairStyles, wish.hair_style) ?? hairStyle,
    // "none", or any other word that is not in the list, wishes for a bare face.
    extras: wishedExtras.length > 0 ? wishedExtras : wish.extra === undefined ? drawn : [],
    collar: findName(collars, wish.collar) ?? collar,
    hat: findName(hats, wish.hat),
    cloth: `hsl(${clothHue} 36% 37%)`,
    backdrop: color ?? `hsl(${hue} 44% 46%)`,
    eyeOffset: 8.8 + draw() * 1.8,
    browTilt: draw() * 2 - 1,
    chin: draw() * 2 - 1,
    blinkDelay: draw() * 4,
  };
}

function findName<T extends string>(names: readonly T[], wished: unknown): T | undefined {
  return names.find((name) => name === wished);
}

/** FNV-1a, then a xorshift step for each draw: small, fast, and the same everywhere. */
function createDraws(name: string): () => number {
  let state = 0x811c9dc5;
  for (const char of name.normalize("NFC")) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01000193);
  const draw = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  // The first draws of a xorshift are alike for alike seeds.
  for (let i = 0; i < 8; i++) draw();
  return draw;
}
