import { describe, expect, test } from "bun:test";
import { bunzip2 } from "../../../src/assets/unpack/bunzip2.ts";
import { BrokenArchiveError } from "../../../src/assets/unpack/archive-entry.ts";
import { failureOf } from "../../support/failure-of.ts";
import { makeBytes } from "../store-fixture.ts";

// "hello, troupe\n", made by bzip2 1.0.8.
const hello = "QlpoOTFBWSZTWSfSMS4AAALRgAAQQAQCRNYAIAAiBpoNCAaaaALyycbUl3i7kinChIE+kYlw";

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpack(bytes: Uint8Array, pieceBytes = 1000): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(bunzip2(inPieces(bytes, pieceBytes))));
}

const bzip2 = Bun.which("bzip2");
const pack = (bytes: Uint8Array, level = 9): Uint8Array =>
  Bun.spawnSync([bzip2 ?? "bzip2", "-c", `-${level}`], { stdin: bytes }).stdout;

// Where the program is, it is the judge of many more.
describe.if(bzip2 !== null)("what bzip2 packs is what comes out", () => {
  const texts: [string, Uint8Array][] = [
    ["nothing", new Uint8Array()],
    ["one byte", Buffer.from("a")],
    ["four of one, which need a count", Buffer.from("aaaa")],
    ["runs of every length", Buffer.from(Array.from({ length: 300 }, (_, i) => "x".repeat(i)).join("y"))],
    ["zeros", new Uint8Array(2_000_000)],
    ["noise over several blocks", makeBytes(1_100_000)],
    ["words", Buffer.from("the quick brown fox ".repeat(40_000))],
  ];
  for (const [what, bytes] of texts) {
    test(what, async () => {
      for (const level of [1, 9]) expect((await unpack(pack(bytes, level), 777)).equals(bytes)).toBe(true);
    }, 60_000);
  }

  test("several streams in one file, as parallel packers write them", async () => {
    const both = Buffer.concat([pack(Buffer.from("one, ")), pack(Buffer.from("two"))]);
    expect((await unpack(both)).toString()).toBe("one, two");
  });

  test("one flipped bit anywhere is noticed", async () => {
    const packed = pack(Buffer.from("a text that is long enough to have a body of its own"));
    for (let at = 4; at < packed.length - 1; at += 3) {
      const flipped = new Uint8Array(packed);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      expect(await failureOf(unpack(flipped))).toBeInstanceOf(BrokenArchiveError);
    }
  });

  test("a text that is cut off anywhere is noticed", async () => {
    const packed = pack(makeBytes(5000));
    for (const length of [0, 3, 4, 10, 100, packed.length - 1]) {
      expect(await failureOf(unpack(packed.subarray(0, length)))).toBeInstanceOf(BrokenArchiveError);
    }
  });
});

test("a text packed elsewhere is read, byte by byte too", async () => {
  for (const size of [1, 7, 1000]) {
    expect((await unpack(Buffer.from(hello, "base64"), size)).toString()).toBe("hello, troupe\n");
  }
});

test("something else after its end is refused", async () => {
  const more = Buffer.concat([Buffer.from(hello, "base64"), Buffer.from("garbage")]);
  expect(await failureOf(unpack(more))).toBeInstanceOf(BrokenArchiveError);
});
