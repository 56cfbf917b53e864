// A plain picture for cards of characters that have none: two colours by the name, and a round head and shoulders.
import { deflateSync } from "node:zlib";
import { encodePng } from "./png-chunks.ts";

/** What card applications show: 2 to 3. */
const width = 256;
const height = 384;

/** The same name gives the same picture. */
export function drawPortrait(name: string): Uint8Array {
  const hue = Bun.hash.crc32(name) % 360;
  const background = [rgbOf(hue, 0.45, 0.82), rgbOf(hue + 40, 0.5, 0.55)] as const;
  const figure = rgbOf(hue + 180, 0.35, 0.3);
  // One byte of filter type (none), then RGB, for each line.
  const pixels = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromHead = Math.hypot(x - width / 2, y - height * 0.38);
      const fromShoulders = Math.hypot((x - width / 2) * 0.9, y - height * 0.98);
      const isFigure = fromHead < width * 0.22 || fromShoulders < width * 0.42;
      const [top, bottom] = background;
      const down = y / height;
      const at = y * (1 + width * 3) + 1 + x * 3;
      for (const channel of [0, 1, 2] as const) {
        pixels[at + channel] = isFigure
          ? figure[channel]
          : Math.round(top[channel] * (1 - down) + bottom[channel] * down);
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(8, 8); // bits of a channel
  header.writeUInt8(2, 9); // RGB
  return encodePng([
    { type: "IHDR", data: header },
    { type: "IDAT", data: deflateSync(pixels) },
    { type: "IEND", data: Buffer.alloc(0) },
  ]);
}

/** Hue in degrees, saturation and lightness 0 to 1 (CSS Color 4, section 7.1). */
function rgbOf(hue: number, saturation: number, lightness: number): readonly [number, number, number] {
  const channel = (offset: number): number => {
    const turn = (offset + hue / 30) % 12;
    const strength = saturation * Math.min(lightness, 1 - lightness);
    return Math.round(255 * (lightness - strength * Math.max(-1, Math.min(turn - 3, 9 - turn, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
