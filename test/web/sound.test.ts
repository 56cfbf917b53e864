import { expect, test } from "bun:test";
import { readMouth } from "../../src/web/player.ts";

const tone = (hz: number, amplitude: number): Float32Array =>
  Float32Array.from({ length: 512 }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / 24_000));

test("the mouth is shut in silence, opens with loudness, and is wider for an s than for an o", () => {
  expect(readMouth(new Float32Array(512))).toEqual({ open: 0, wide: 0 });
  const [soft, loud] = [readMouth(tone(300, 0.05)), readMouth(tone(300, 0.3))];
  expect(soft.open).toBeGreaterThan(0);
  expect(loud.open).toBeGreaterThan(soft.open);
  expect(readMouth(tone(6000, 0.1)).wide).toBeGreaterThan(readMouth(tone(300, 0.1)).wide);
  for (const { open, wide } of [loud, readMouth(tone(12_000, 1))]) {
    expect(Math.max(open, wide)).toBeLessThanOrEqual(1);
  }
});
