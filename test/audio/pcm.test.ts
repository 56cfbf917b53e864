import { describe, expect, test } from "bun:test";
import { array, assert, integer, property, uint8Array } from "fast-check";
import {
  concatPcm,
  createPcmFramer,
  createS16leDecoder,
  decodeS16le,
  encodeS16le,
} from "../../src/audio/pcm.ts";

const pcm = (...samples: number[]): Float32Array => Float32Array.from(samples);
const seed = Date.now() & 0xffff;

describe("16-bit samples", () => {
  test("come back bit for bit", () => {
    const all = new Uint8Array(new Int16Array(65_536).map((_, i) => i - 32_768).buffer);
    expect(encodeS16le(decodeS16le(all))).toEqual(all);
  });

  test("clip at full scale, and what is no number is silence", () => {
    const bytes = encodeS16le(pcm(2, -2, 1, -1, Number.NaN, Number.POSITIVE_INFINITY));
    expect([...new Int16Array(bytes.buffer)]).toEqual([32_767, -32_768, 32_767, -32_768, 0, 32_767]);
  });

  test("are read from a view in the middle of a buffer, an odd last byte left out", () => {
    const bytes = Uint8Array.of(9, 0x00, 0x40, 0x00, 0xc0, 7).subarray(1);
    expect([...decodeS16le(bytes)]).toEqual([0.5, -0.5]);
  });

  test("survive a stream that is cut anywhere", () => {
    assert(
      property(uint8Array({ maxLength: 200 }), array(integer({ min: 0, max: 7 })), (bytes, cuts) => {
        const decoder = createS16leDecoder();
        const chunks: Float32Array[] = [];
        let offset = 0;
        for (const size of [...cuts, bytes.length]) {
          chunks.push(decoder.push(bytes.subarray(offset, offset + size)));
          offset += size;
        }
        expect(concatPcm(chunks)).toEqual(decodeS16le(bytes));
      }),
      { seed },
    );
  });
});

describe("framer", () => {
  test("cuts any stream into whole frames and fills up the last", () => {
    const framer = createPcmFramer(4);
    expect(framer.push(pcm(1, 2, 3))).toEqual([]);
    expect(framer.push(pcm(4, 5, 6, 7, 8, 9)).map((f) => [...f])).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    expect([...(framer.flush() ?? [])]).toEqual([9, 0, 0, 0]);
    expect(framer.flush()).toBeUndefined();
  });

  test("frames own their buffers", () => {
    const framer = createPcmFramer(2);
    const [first, second] = framer.push(pcm(1, 2, 3, 4));
    first?.fill(0);
    expect([...(second ?? [])]).toEqual([3, 4]);
  });
});
