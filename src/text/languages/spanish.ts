// How Spanish reads out what is written in digits and signs.
import { type Countable, type SpokenLanguage, parseCountables } from "../spoken-language.ts";

const small = (
  "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete " +
  "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete " +
  "veintiocho veintinueve"
).split(" ");
const tens = "_ diez veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa".split(" ");
const hundreds =
  "_ ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos".split(
    " ",
  );
const ordinals = "_ primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo".split(" ");
const months =
  "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(" ");

function belowHundred(value: number): string {
  if (value < 30) return small[value] ?? "";
  const unit = value % 10;
  return `${tens[Math.floor(value / 10)]}${unit === 0 ? "" : ` y ${small[unit]}`}`;
}

function belowThousand(value: number): string {
  if (value === 100) return "cien";
  const [hundred, rest] = [Math.floor(value / 100), value % 100];
  const head = hundred === 0 ? "" : (hundreds[hundred] ?? "");
  return rest === 0 ? head : `${head} ${belowHundred(rest)}`.trim();
}

/** "uno" is "un" before what it counts. */
const shorten = (words: string): string => words.replace(/veintiuno$/, "veintiún").replace(/\buno$/, "un");

function belowMillion(value: number): string {
  const [thousands, rest] = [Math.floor(value / 1000), value % 1000];
  if (thousands === 0) return belowThousand(rest);
  const head = thousands === 1 ? "mil" : `${shorten(belowThousand(thousands))} mil`;
  return rest === 0 ? head : `${head} ${belowThousand(rest)}`;
}

function cardinal(value: number): string {
  const groups: string[] = [];
  for (let [rest, scale] = [value, 0]; rest > 0; scale++) {
    const group = rest % 1_000_000;
    rest = Math.floor(rest / 1_000_000);
    if (group === 0) continue;
    const name = ["", "millón", "billón"][scale] ?? "";
    if (name === "") groups.unshift(belowMillion(group));
    else if (group === 1) groups.unshift(`un ${name}`);
    else groups.unshift(`${shorten(belowMillion(group))} ${name.replace("ón", "ones")}`);
  }
  return groups.join(" ") || "cero";
}

const count = (words: string, value: number, { one, many, isFeminine }: Countable): string =>
  `${isFeminine ? words.replace(/uno$/, "una") : shorten(words)} ${value === 1 ? one : many}`;

const centimos = { one: "céntimo", many: "céntimos" };
const centavos = { one: "centavo", many: "centavos" };

export const spanish: SpokenLanguage = {
  cardinal,
  ordinal: (value) => ordinals[value] ?? cardinal(value),
  year: cardinal,
  decimals(digits) {
    const zeros = digits.match(/^0*/)?.[0].length ?? 0;
    const rest = digits.slice(zeros);
    const read =
      rest.length > 3 ? [...rest].map((digit) => small[Number(digit)]).join(" ") : cardinal(Number(rest));
    return `coma ${"cero ".repeat(zeros)}${rest === "" ? "" : read}`.trim();
  },
  fraction(top, bottom) {
    const part =
      bottom === 2 ? "medio" : bottom === 3 ? "tercio" : (ordinals[bottom] ?? `${cardinal(bottom)}avo`);
    return `${shorten(cardinal(top))} ${part}${top === 1 ? "" : "s"}`;
  },
  count,
  money({ words, value, cents, magnitude }, currency) {
    if (magnitude !== undefined) {
      const plural = value === 1 ? magnitude : magnitude.replace("ón", "ones");
      return `${shorten(words)} ${plural} ${magnitude === "mil" ? "" : "de "}${currency.many}`;
    }
    const part = cents === 0 ? "" : count(cardinal(cents), cents, currency.cent);
    if (value === 0 && part !== "") return part;
    const whole = count(words, value, currency);
    return part === "" ? whole : `${whole} con ${part}`;
  },
  date: ({ day, month, year }) =>
    `${day === 1 ? "primero" : cardinal(day)} de ${months[month - 1]}${year === undefined ? "" : ` de ${cardinal(year)}`}`,
  time({ hour, minute, half }) {
    const day = half === undefined ? "" : half === "am" ? " de la mañana" : " de la tarde";
    const hours = cardinal(hour).replace(/uno$/, "una");
    return `${hours}${minute === 0 ? " en punto" : ` y ${cardinal(minute)}`}${day}`;
  },
  symbols: {
    "&": "y",
    "+": "más",
    "=": "igual a",
    "×": "por",
    "÷": "dividido por",
    "<": "menor que",
    ">": "mayor que",
    "≈": "aproximadamente",
    "~": "aproximadamente",
    "±": "más menos",
    "@": "arroba",
    "%": "por ciento",
    "§": "párrafo",
    "→": "a",
    "°": "grados",
    "½": "medio",
    "¼": "un cuarto",
    "¾": "tres cuartos",
  },
  words: {
    minus: "menos",
    to: "a",
    number: "número",
    dot: "punto",
    at: "arroba",
    slash: "barra",
    dash: "guion",
    underscore: "guion bajo",
  },
  currencies: {
    "€": { one: "euro", many: "euros", cent: centimos },
    $: { one: "dólar", many: "dólares", cent: centavos },
    "£": { one: "libra", many: "libras", isFeminine: true, cent: { one: "penique", many: "peniques" } },
    EUR: { one: "euro", many: "euros", cent: centimos },
    USD: { one: "dólar", many: "dólares", cent: centavos },
    MXN: { one: "peso", many: "pesos", cent: centavos },
  },
  magnitudes: { mil: "mil", millón: "millón", millones: "millón", k: "mil", M: "millón" },
  units: parseCountables(
    `km = kilómetro; m = metro; cm = centímetro; mm = milímetro; kg = kilo; g = gramo; mg = miligramo;
     t = *tonelada; l L = litro; ml = mililitro; h hora horas = *hora; min minuto minutos = minuto; s = segundo;
     km/h = kilómetro por hora|kilómetros por hora; °C = grado|grados; ° = grado; % = por ciento|por ciento;
     kB KB = kilobyte; MB = megabyte; GB = gigabyte; Hz = hercio; kHz = kilohercio; GHz = gigahercio; W = vatio;
     kW = kilovatio; kWh = kilovatio hora|kilovatios hora; V = voltio; dB = decibelio;
     m² = metro cuadrado|metros cuadrados; x = por|por`,
  ),
  months,
  monthAbbreviations: "ene feb mar abr may jun jul ago sept oct nov dic".split(" "),
  isMonthFirst: false,
  decimalSeparator: ",",
  ordinalEnding: /(?:\.?[ºª]|er|ro|ra|do|da|to|ta)(?![\p{L}])/iuy,
  abbreviations: {
    "Sr.": "señor",
    "Sra.": "señora",
    "Srta.": "señorita",
    "Dr.": "doctor",
    "Dra.": "doctora",
    "Ud.": "usted",
    "Uds.": "ustedes",
    "etc.": "etcétera",
    "p.ej.": "por ejemplo",
    "EE.UU.": "Estados Unidos",
    "aprox.": "aproximadamente",
    "núm.": "número",
  },
};
