// WCAG 2.2, 1.4.3 and 1.4.11: the contrast of every pair of colours that meet as text (or sign) and ground.
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";

const css = await Bun.file(resolve(import.meta.dir, "../../src/web/theme.css")).text();

type Scheme = "light" | "dark";

function readColor(name: string, scheme: Scheme): string {
  const value = new RegExp(`--${name}: ([^;]+);`).exec(css)?.[1] ?? "";
  const pair = /^light-dark\((#\w+), (#\w+)\)$/.exec(value);
  const color = pair ? pair[scheme === "light" ? 1 : 2] : value;
  if (!/^#[\da-f]{6}$/i.test(color ?? "")) throw new Error(`--${name} is not a colour: ${value}`);
  return color as string;
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

/** Text needs 4.5. */
const texts: [text: string, ground: string][] = [
  ["ink", "paper"],
  ["ink", "panel"],
  ["ink", "now"],
  ["ink-soft", "paper"],
  ["ink-soft", "panel"],
  ["bad", "paper"],
  ["bad", "panel"],
  ["good", "panel"],
  ["accent", "panel"],
  ["accent", "paper"],
  ["curtain-dark", "curtain-ink"],
  ["deep-ink", "deep"],
  ["good-ink", "good"],
  ["curtain-ink", "curtain"],
  ["curtain-ink", "curtain-dark"],
];
/** What shows where a control is, or that it has the focus, needs 3. */
const signs: [sign: string, ground: string][] = [
  ["edge", "paper"],
  ["edge", "panel"],
  ["accent", "paper"],
  ["accent", "panel"],
  ["good", "panel"],
  ["curtain-ink", "curtain"],
];

describe.each<Scheme>(["light", "dark"])("in the %s scheme", (scheme) => {
  test.each(texts)("%s can be read on %s", (text, ground) => {
    expect(contrast(readColor(text, scheme), readColor(ground, scheme))).toBeGreaterThanOrEqual(4.5);
  });
  test.each(signs)("%s can be seen on %s", (sign, ground) => {
    expect(contrast(readColor(sign, scheme), readColor(ground, scheme))).toBeGreaterThanOrEqual(3);
  });
});

test("the measure itself gives the known figures", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});
