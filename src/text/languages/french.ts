// How French reads out what is written in digits and signs.
import { type Countable, type SpokenLanguage, parseCountables } from "../spoken-language.ts";

const small = (
  "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit " +
  "dix-neuf"
).split(" ");
const tens = "_ dix vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt".split(" ");
const months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(
  " ",
);

/** 70 to 79 and 90 to 99 count on from sixty and eighty; "et" stands before un and onze, but not after quatre-vingt. */
function belowHundred(value: number): string {
  if (value < 20) return small[value] ?? "";
  const ten = Math.floor(value / 10);
  const rest = ten === 7 || ten === 9 ? value - (ten - 1) * 10 : value % 10;
  if (rest === 0) return ten === 8 ? "quatre-vingts" : (tens[ten] ?? "");
  const joint = (rest === 1 || rest === 11) && ten < 8 ? " et " : "-";
  return `${tens[ten]}${joint}${small[rest]}`;
}

function belowThousand(value: number, isLast: boolean): string {
  const [hundreds, rest] = [Math.floor(value / 100), value % 100];
  if (hundreds === 0) return isLast ? belowHundred(rest) : belowHundred(rest).replace(/vingts$/, "vingt");
  const head = hundreds === 1 ? "cent" : `${small[hundreds]} cent${rest === 0 && isLast ? "s" : ""}`;
  return rest === 0 ? head : `${head} ${belowThousand(rest, isLast)}`;
}

const scales = [undefined, "mille", "million", "milliard", "billion"];

function cardinal(value: number): string {
  const groups: string[] = [];
  for (let [rest, scale] = [value, 0]; rest > 0; scale++) {
    const group = rest % 1000;
    rest = Math.floor(rest / 1000);
    if (group === 0) continue;
    const name = scales[scale];
    if (name === undefined) groups.unshift(belowThousand(group, true));
    else if (name === "mille") groups.unshift(group === 1 ? "mille" : `${belowThousand(group, false)} mille`);
    else groups.unshift(`${belowThousand(group, true)} ${name}${group > 1 ? "s" : ""}`);
  }
  return groups.join(" ") || "zéro";
}

function ordinal(value: number, ending = ""): string {
  if (value === 1) return /^[eè]re/i.test(ending) ? "première" : "premier";
  const stem = cardinal(value)
    .replace(/(vingt|cent)s$/, "$1")
    .replace(/e$/, "")
    .replace(/cinq$/, "cinqu")
    .replace(/neuf$/, "neuv");
  return `${stem}ième`;
}

const agree = (words: string, { isFeminine }: Countable): string =>
  isFeminine ? words.replace(/\bun$/, "une") : words;

/** "deux euros", "un million d'euros", "zéro euro": from two on is many. */
const count = (words: string, value: number, counted: Countable): string =>
  `${agree(words, counted)} ${Math.abs(value) < 2 ? counted.one : counted.many}`;

const of = (noun: string): string => (/^[aeiouyéèh]/i.test(noun) ? `d'${noun}` : `de ${noun}`);
const hour: Countable = { one: "heure", many: "heures", isFeminine: true };

export const french: SpokenLanguage = {
  cardinal,
  ordinal,
  year: cardinal,
  decimals(digits) {
    const zeros = digits.match(/^0*/)?.[0].length ?? 0;
    const rest = digits.slice(zeros);
    const number = rest.length > 3 ? [...rest].map((digit) => small[Number(digit)]).join(" ") : rest;
    const read = rest === "" ? "" : rest.length > 3 ? number : cardinal(Number(rest));
    return `virgule ${"zéro ".repeat(zeros)}${read}`.trim();
  },
  fraction(top, bottom) {
    const part = bottom === 2 ? "demi" : bottom === 3 ? "tiers" : bottom === 4 ? "quart" : ordinal(bottom);
    return `${cardinal(top)} ${part}${top > 1 && !part.endsWith("s") ? "s" : ""}`;
  },
  count,
  money({ words, value, cents, magnitude }, currency) {
    if (magnitude !== undefined) {
      const name = magnitude === "mille" || Math.abs(value) < 2 ? magnitude : `${magnitude}s`;
      return `${words} ${name} ${magnitude === "mille" ? currency.many : of(currency.many)}`;
    }
    if (cents > 0 && value === 0) return count(cardinal(cents), cents, currency.cent);
    const whole = count(words, value, currency);
    return cents === 0 ? whole : `${whole} ${cardinal(cents)}`;
  },
  date: ({ day, month, year }) =>
    `${day === 1 ? "premier" : cardinal(day)} ${months[month - 1]}${year === undefined ? "" : ` ${cardinal(year)}`}`,
  time({ hour: hours, minute, half }) {
    if (half === undefined && minute === 0 && hours === 0) return "minuit";
    if (half === undefined && minute === 0 && hours === 12) return "midi";
    const day = half === undefined ? "" : half === "am" ? " du matin" : " de l'après-midi";
    const minutes = minute === 0 ? "" : ` ${cardinal(minute).replace(/\bun$/, "une")}`;
    return `${count(cardinal(hours), hours, hour)}${minutes}${day}`;
  },
  symbols: {
    "&": "et",
    "+": "plus",
    "=": "égale",
    "×": "fois",
    "÷": "divisé par",
    "<": "inférieur à",
    ">": "supérieur à",
    "≤": "au plus",
    "≥": "au moins",
    "≈": "environ",
    "~": "environ",
    "±": "plus ou moins",
    "@": "arobase",
    "%": "pour cent",
    "‰": "pour mille",
    "§": "paragraphe",
    "→": "vers",
    "°": "degrés",
    "∞": "l'infini",
    "½": "un demi",
    "⅓": "un tiers",
    "⅔": "deux tiers",
    "¼": "un quart",
    "¾": "trois quarts",
  },
  words: {
    minus: "moins",
    to: "à",
    number: "numéro",
    dot: "point",
    at: "arobase",
    slash: "barre oblique",
    dash: "tiret",
    underscore: "tiret bas",
  },
  currencies: {
    "€": { one: "euro", many: "euros", cent: { one: "centime", many: "centimes" } },
    $: { one: "dollar", many: "dollars", cent: { one: "cent", many: "cents" } },
    "£": { one: "livre", many: "livres", isFeminine: true, cent: { one: "penny", many: "pence" } },
    "¥": { one: "yen", many: "yens", cent: { one: "sen", many: "sens" } },
    EUR: { one: "euro", many: "euros", cent: { one: "centime", many: "centimes" } },
    USD: { one: "dollar", many: "dollars", cent: { one: "cent", many: "cents" } },
    CHF: { one: "franc suisse", many: "francs suisses", cent: { one: "centime", many: "centimes" } },
  },
  magnitudes: {
    mille: "mille",
    million: "million",
    millions: "million",
    milliard: "milliard",
    milliards: "milliard",
    k: "mille",
    M: "million",
    Md: "milliard",
  },
  units: parseCountables(
    `km = kilomètre; m = mètre; cm = centimètre; mm = millimètre; kg = kilo; g = gramme; mg = milligramme;
     t = *tonne; l L = litre; ml mL = millilitre; cl = centilitre; h heure heures = *heure; min mn minute minutes = *minute; s = *seconde;
     ms = *milliseconde; km/h = kilomètre-heure|kilomètres-heure; m/s = mètre par seconde|mètres par seconde;
     °C = degré|degrés; °F = degré Fahrenheit|degrés Fahrenheit; ° = degré; % = pour cent|pour cent;
     ‰ = pour mille|pour mille; ko Ko = kilooctet; Mo MB = mégaoctet; Go GB = gigaoctet; To TB = téraoctet;
     Hz = hertz|hertz; kHz = kilohertz|kilohertz; MHz = mégahertz|mégahertz; GHz = gigahertz|gigahertz; W = watt;
     kW = kilowatt; kWh = kilowattheure; V = volt; dB = décibel; px = pixel; m² = mètre carré|mètres carrés;
     km² = kilomètre carré|kilomètres carrés; m³ = mètre cube|mètres cubes; x = fois|fois`,
  ),
  months,
  monthAbbreviations: "janv févr mars avr mai juin juil août sept oct nov déc".split(" "),
  isMonthFirst: false,
  decimalSeparator: ",",
  ordinalEnding: /(?:ère|ere|er|ème|eme|e|nde|nd)\b/iy,
  abbreviations: {
    "M.": "Monsieur",
    "MM.": "Messieurs",
    Mme: "Madame",
    Mmes: "Mesdames",
    Mlle: "Mademoiselle",
    "Dr.": "Docteur",
    Dr: "Docteur",
    "Pr.": "Professeur",
    St: "Saint",
    Ste: "Sainte",
    "etc.": "et cetera",
    "cf.": "confer",
    "env.": "environ",
    "p.ex.": "par exemple",
    "c.-à-d.": "c'est-à-dire",
    "n°": "numéro",
    "N°": "numéro",
    "av.": "avenue",
    "bd.": "boulevard",
    "vs.": "contre",
  },
};
