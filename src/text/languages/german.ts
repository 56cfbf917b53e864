// How German reads out what is written in digits and signs.
import { type Countable, type SpokenLanguage, parseCountables } from "../spoken-language.ts";

const small = (
  "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn " +
  "achtzehn neunzehn"
).split(" ");
const tens = "_ zehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split(" ");
const months = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(
  " ",
);

const bare = (value: number): string => (value === 1 ? "ein" : (small[value] ?? ""));

function belowHundred(value: number): string {
  if (value < 20) return small[value] ?? "";
  const unit = value % 10;
  return `${unit === 0 ? "" : `${bare(unit)}und`}${tens[Math.floor(value / 10)]}`;
}

function belowThousand(value: number): string {
  const [hundreds, rest] = [Math.floor(value / 100), value % 100];
  return `${hundreds === 0 ? "" : `${bare(hundreds)}hundert`}${rest === 0 ? "" : belowHundred(rest)}`;
}

const scales = ["Million", "Milliarde", "Billion"];

function cardinal(value: number): string {
  if (value === 0) return "null";
  const below = value % 1_000_000;
  const groups: string[] = [];
  const [thousands, rest] = [Math.floor(below / 1000), below % 1000];
  const head = thousands === 0 ? "" : `${belowThousand(thousands).replace(/eins$/, "ein")}tausend`;
  if (below > 0) groups.push(`${head}${rest === 0 ? "" : belowThousand(rest)}`);
  for (let [left, scale] = [Math.floor(value / 1_000_000), 0]; left > 0; scale++) {
    const group = left % 1000;
    left = Math.floor(left / 1000);
    const name = scales[scale] ?? "";
    if (group === 1) groups.unshift(`eine ${name}`);
    else if (group > 1) groups.unshift(`${belowThousand(group)} ${name}${name.endsWith("e") ? "n" : "en"}`);
  }
  return groups.join(" ");
}

function ordinal(value: number): string {
  const irregular = { 1: "erste", 3: "dritte", 7: "siebte", 8: "achte" }[value];
  return irregular ?? `${cardinal(value)}${value % 100 < 20 && value % 100 > 0 ? "te" : "ste"}`;
}

function year(value: number): string {
  const [century, rest] = [Math.floor(value / 100), value % 100];
  if (century < 11 || century > 19) return cardinal(value);
  return `${small[century]}hundert${rest === 0 ? "" : belowHundred(rest)}`;
}

const count = (words: string, value: number, { one, many, isFeminine }: Countable): string =>
  `${words.replace(/\beins$/, isFeminine ? "eine" : "ein")} ${value === 1 ? one : many}`;

const cent = { one: "Cent", many: "Cent" };

export const german: SpokenLanguage = {
  cardinal,
  ordinal,
  year,
  decimals: (digits) => `Komma ${[...digits].map((digit) => small[Number(digit)]).join(" ")}`,
  fraction(top, bottom) {
    const part = bottom === 2 ? "halb" : ordinal(bottom).replace(/te$/, "tel");
    return top === 1 && bottom === 2 ? "ein halb" : `${bare(top)} ${part}`;
  },
  count,
  money({ words, value, cents, magnitude }, currency) {
    if (magnitude !== undefined) {
      const plural = magnitude.endsWith("e") ? `${magnitude}n` : `${magnitude}en`;
      if (magnitude === "tausend") return `${words} tausend ${currency.many}`;
      return `${value === 1 ? "eine" : words} ${value === 1 ? magnitude : plural} ${currency.many}`;
    }
    const whole = count(words, value, currency);
    if (cents === 0) return whole;
    return value === 0 ? count(cardinal(cents), cents, cent) : `${whole} ${cardinal(cents)}`;
  },
  // Dates stand mostly behind "am" and "vom".
  date: ({ day, month, year: inYear }) =>
    `${ordinal(day)}n ${months[month - 1]}${inYear === undefined ? "" : ` ${year(inYear)}`}`,
  time({ hour, minute, half }) {
    const day = half === undefined ? "" : half === "am" ? " morgens" : " nachmittags";
    return `${hour === 1 ? "ein" : cardinal(hour)} Uhr${minute === 0 ? "" : ` ${cardinal(minute)}`}${day}`;
  },
  symbols: {
    "&": "und",
    "+": "plus",
    "=": "gleich",
    "×": "mal",
    "÷": "geteilt durch",
    "<": "kleiner als",
    ">": "größer als",
    "≈": "ungefähr",
    "~": "ungefähr",
    "±": "plus minus",
    "@": "ät",
    "%": "Prozent",
    "§": "Paragraf",
    "→": "nach",
    "°": "Grad",
    "½": "ein halb",
    "¼": "ein Viertel",
    "¾": "drei Viertel",
  },
  words: {
    minus: "minus",
    to: "bis",
    number: "Nummer",
    dot: "Punkt",
    at: "ät",
    slash: "Schrägstrich",
    dash: "Strich",
    underscore: "Unterstrich",
  },
  currencies: {
    "€": { one: "Euro", many: "Euro", cent },
    $: { one: "Dollar", many: "Dollar", cent },
    "£": { one: "Pfund", many: "Pfund", cent: { one: "Penny", many: "Pence" } },
    EUR: { one: "Euro", many: "Euro", cent },
    USD: { one: "Dollar", many: "Dollar", cent },
    CHF: { one: "Franken", many: "Franken", cent: { one: "Rappen", many: "Rappen" } },
  },
  magnitudes: {
    Tausend: "tausend",
    Million: "Million",
    Millionen: "Million",
    Milliarde: "Milliarde",
    Milliarden: "Milliarde",
    Mio: "Million",
    Mrd: "Milliarde",
  },
  units: parseCountables(
    `km = Kilometer|Kilometer; m = Meter|Meter; cm = Zentimeter|Zentimeter; mm = Millimeter|Millimeter;
     kg = Kilogramm|Kilogramm; g = Gramm|Gramm; mg = Milligramm|Milligramm; t = *Tonne|Tonnen; l L = Liter|Liter;
     ml = Milliliter|Milliliter; h Std Stunde Stunden = *Stunde|Stunden; min Min Minute Minuten = *Minute|Minuten; Uhr = Uhr|Uhr; s Sek = *Sekunde|Sekunden;
     km/h = Kilometer pro Stunde|Kilometer pro Stunde; °C = Grad|Grad; ° = Grad|Grad; % = Prozent|Prozent;
     kB KB = Kilobyte|Kilobyte; MB = Megabyte|Megabyte; GB = Gigabyte|Gigabyte; Hz = Hertz|Hertz;
     kHz = Kilohertz|Kilohertz; GHz = Gigahertz|Gigahertz; W = Watt|Watt; kW = Kilowatt|Kilowatt;
     kWh = *Kilowattstunde|Kilowattstunden; V = Volt|Volt; dB = Dezibel|Dezibel; m² = Quadratmeter|Quadratmeter;
     x = mal|mal`,
  ),
  months,
  monthAbbreviations: "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez".split(" "),
  isMonthFirst: false,
  decimalSeparator: ",",
  // A German ordinal is a number with a dot, which may as well end the sentence; only dates are read as ordinals.
  ordinalEnding: /(?:te|ter|ten|tes)\b/iy,
  abbreviations: {
    "z.B.": "zum Beispiel",
    "d.h.": "das heißt",
    "u.a.": "unter anderem",
    "usw.": "und so weiter",
    "bzw.": "beziehungsweise",
    "ca.": "circa",
    "Dr.": "Doktor",
    "Prof.": "Professor",
    "Nr.": "Nummer",
    "St.": "Sankt",
    "vgl.": "vergleiche",
    "inkl.": "inklusive",
  },
};
