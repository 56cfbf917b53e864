// How English reads out what is written in digits and signs.
import { type SpokenLanguage, parseCountables } from "../spoken-language.ts";

const small = (
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen " +
  "seventeen eighteen nineteen"
).split(" ");
const tens = "_ ten twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const scales = ["", "thousand", "million", "billion", "trillion"];
const irregularOrdinals: Readonly<Record<string, string>> = {
  one: "first",
  two: "second",
  three: "third",
  five: "fifth",
  eight: "eighth",
  nine: "ninth",
  twelve: "twelfth",
};
const months = "January February March April May June July August September October November December".split(
  " ",
);

function belowHundred(value: number): string {
  if (value < 20) return small[value] ?? "";
  const unit = value % 10;
  return `${tens[Math.floor(value / 10)]}${unit === 0 ? "" : `-${small[unit]}`}`;
}

function belowThousand(value: number): string {
  if (value < 100) return belowHundred(value);
  const rest = value % 100;
  return `${small[Math.floor(value / 100)]} hundred${rest === 0 ? "" : ` ${belowHundred(rest)}`}`;
}

function cardinal(value: number): string {
  const groups: string[] = [];
  for (let [rest, scale] = [value, 0]; rest > 0; scale++) {
    const group = rest % 1000;
    if (group > 0) groups.unshift(`${belowThousand(group)} ${scales[scale]}`.trim());
    rest = Math.floor(rest / 1000);
  }
  return groups.join(" ") || "zero";
}

function ordinal(value: number): string {
  return cardinal(value).replace(/[a-z]+$/, (last) => {
    const irregular = irregularOrdinals[last];
    if (irregular !== undefined) return irregular;
    return last.endsWith("y") ? `${last.slice(0, -1)}ieth` : `${last}th`;
  });
}

/** 1066 "ten sixty-six", 1900 "nineteen hundred", 1905 "nineteen oh five", 2000 to 2009 as numbers. */
function year(value: number): string {
  const [century, rest] = [Math.floor(value / 100), value % 100];
  if (century < 10 || century > 29 || (century % 10 === 0 && rest < 10)) return cardinal(value);
  if (rest === 0) return `${belowHundred(century)} hundred`;
  return `${belowHundred(century)} ${rest < 10 ? `oh ${small[rest]}` : belowHundred(rest)}`;
}

const cents = { one: "cent", many: "cents" };

export const english: SpokenLanguage = {
  cardinal,
  ordinal,
  year,
  decimals: (digits) => `point ${[...digits].map((digit) => small[Number(digit)]).join(" ")}`,
  fraction(top, bottom) {
    if (bottom === 2) return `${cardinal(top)} ${top === 1 ? "half" : "halves"}`;
    const part = bottom === 4 ? "quarter" : ordinal(bottom);
    return `${cardinal(top)} ${part}${top === 1 ? "" : "s"}`;
  },
  count: (words, value, { one, many }) => `${words} ${value === 1 ? one : many}`,
  money({ words, value, cents: part, magnitude }, { one, many, cent }) {
    if (magnitude !== undefined) return `${words} ${magnitude} ${many}`;
    const whole = `${words} ${value === 1 ? one : many}`;
    if (part === 0) return whole;
    const rest = `${cardinal(part)} ${part === 1 ? cent.one : cent.many}`;
    return value === 0 ? rest : `${whole} and ${rest}`;
  },
  date: ({ day, month, year: inYear }) =>
    `${months[month - 1]} ${ordinal(day)}${inYear === undefined ? "" : `, ${year(inYear)}`}`,
  time({ hour, minute, half }) {
    const behind = half === undefined ? "" : half === "am" ? " AM" : " PM";
    if (minute > 0) {
      const minutes = minute < 10 ? `oh ${small[minute]}` : belowHundred(minute);
      return `${cardinal(hour)} ${minutes}${behind}`;
    }
    if (behind !== "") return `${cardinal(hour)}${behind}`;
    if (hour === 0) return "midnight";
    return hour <= 12 ? `${cardinal(hour)} o'clock` : `${cardinal(hour)} hundred hours`;
  },
  symbols: {
    "&": "and",
    "+": "plus",
    "=": "equals",
    "×": "times",
    "÷": "divided by",
    "<": "less than",
    ">": "greater than",
    "≤": "at most",
    "≥": "at least",
    "≈": "about",
    "~": "about",
    "±": "plus or minus",
    "@": "at",
    "%": "percent",
    "‰": "per mille",
    "§": "section",
    "©": "copyright",
    "→": "to",
    "°": "degrees",
    "∞": "infinity",
    "½": "one half",
    "⅓": "one third",
    "⅔": "two thirds",
    "¼": "one quarter",
    "¾": "three quarters",
  },
  words: {
    minus: "minus",
    to: "to",
    number: "number",
    dot: "dot",
    at: "at",
    slash: "slash",
    dash: "dash",
    underscore: "underscore",
  },
  currencies: {
    $: { one: "dollar", many: "dollars", cent: cents },
    "€": { one: "euro", many: "euros", cent: cents },
    "£": { one: "pound", many: "pounds", cent: { one: "penny", many: "pence" } },
    "¥": { one: "yen", many: "yen", cent: { one: "sen", many: "sen" } },
    "₹": { one: "rupee", many: "rupees", cent: { one: "paisa", many: "paise" } },
    USD: { one: "US dollar", many: "US dollars", cent: cents },
    EUR: { one: "euro", many: "euros", cent: cents },
    GBP: { one: "pound", many: "pounds", cent: { one: "penny", many: "pence" } },
    CHF: { one: "Swiss franc", many: "Swiss francs", cent: { one: "rappen", many: "rappen" } },
  },
  magnitudes: {
    thousand: "thousand",
    million: "million",
    billion: "billion",
    trillion: "trillion",
    k: "thousand",
    K: "thousand",
    m: "million",
    M: "million",
    bn: "billion",
    B: "billion",
  },
  units: parseCountables(
    `km = kilometer; m = meter; cm = centimeter; mm = millimeter; mi = mile; ft = foot|feet; yd = yard;
     kg = kilogram; g = gram; mg = milligram; lb lbs = pound; oz = ounce; t = ton; l L = liter; ml mL = milliliter;
     cl = centiliter; h hr hrs = hour; min mins = minute; s sec = second; ms = millisecond;
     km/h = kilometer per hour|kilometers per hour; mph = mile per hour|miles per hour;
     m/s = meter per second|meters per second; °C = degree Celsius|degrees Celsius;
     °F = degree Fahrenheit|degrees Fahrenheit; ° = degree; % = percent|percent; ‰ = per mille|per mille;
     kB KB = kilobyte; MB = megabyte; GB = gigabyte; TB = terabyte; MiB = mebibyte; GiB = gibibyte;
     Hz = hertz|hertz; kHz = kilohertz|kilohertz; MHz = megahertz|megahertz; GHz = gigahertz|gigahertz; W = watt;
     kW = kilowatt; kWh = kilowatt hour; V = volt; dB = decibel; px = pixel; m² = square meter;
     km² = square kilometer; m³ = cubic meter; kcal = kilocalorie; x = times|times`,
  ),
  months,
  monthAbbreviations: "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" "),
  isMonthFirst: true,
  decimalSeparator: ".",
  ordinalEnding: /(?:st|nd|rd|th)\b/iy,
  abbreviations: {
    "Mr.": "Mister",
    "Mrs.": "Missus",
    "Ms.": "Miz",
    "Dr.": "Doctor",
    "Prof.": "Professor",
    "Sr.": "Senior",
    "Jr.": "Junior",
    "St.": "Saint",
    "Mt.": "Mount",
    "Gen.": "General",
    "Sgt.": "Sergeant",
    "Capt.": "Captain",
    "Lt.": "Lieutenant",
    "Col.": "Colonel",
    "Rev.": "Reverend",
    "vs.": "versus",
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "et cetera",
    "approx.": "approximately",
    "dept.": "department",
    "Inc.": "Incorporated",
    "Ltd.": "Limited",
    "Corp.": "Corporation",
    "Fig.": "figure",
    "Vol.": "volume",
    "pp.": "pages",
  },
};
