import { describe, expect, test } from "bun:test";
import type { ByteSource } from "../../../src/models/headers/byte-source.ts";
import { readSafetensorsHeader } from "../../../src/models/headers/safetensors-header.ts";
import { countParameters, nameDtypes } from "../../../src/models/headers/safetensors-summary.ts";
import { failureOf } from "../../support/failure-of.ts";
import { buildSafetensors, frameSafetensors } from "../../support/safetensors-writer.ts";

const sourceOf = (
  bytes: Uint8Array,
  sizeBytes = bytes.length,
): ByteSource & { reads: [number, number][] } => {
  const reads: [number, number][] = [];
  return {
    label: "x.safetensors",
    sizeBytes,
    reads,
    async read(from, to) {
      reads.push([from, to]);
      return bytes.slice(from, to);
    },
  };
};

describe("a header", () => {
  test("has its tensors and its metadata, and nothing of the weights is read", async () => {
    const bytes = buildSafetensors(
      { "a.weight": { dtype: "BF16", shape: [4, 8] }, scale: { dtype: "F32", shape: [] } },
      { format: "pt" },
    );
    const source = sourceOf(bytes);
    const header = await readSafetensorsHeader(source);
    expect(Object.fromEntries(header.tensors)).toEqual({
      "a.weight": { dtype: "BF16", shape: [4, 8], elementCount: 32 },
      scale: { dtype: "F32", shape: [], elementCount: 1 },
    });
    expect(header.metadata).toEqual({ format: "pt" });
    expect(header.wholeSizeBytes).toBe(bytes.length);
    expect(source.reads).toEqual([
      [0, 8],
      [8, bytes.length - 4 * 8 * 2 - 4],
    ]);
  });

  test("with metadata that is none still has its tensors", async () => {
    const bytes = frameSafetensors(JSON.stringify({ __metadata__: { a: 1 } }));
    expect(await readSafetensorsHeader(sourceOf(bytes))).toMatchObject({ metadata: {} });
  });

  const tensor = (value: unknown): Uint8Array => frameSafetensors(JSON.stringify({ w: value }));
  const length = (bytes: bigint): Uint8Array => new Uint8Array(new BigUint64Array([bytes]).buffer);
  const hostile: Record<string, Uint8Array> = {
    "an empty file": new Uint8Array(),
    "seven bytes": new Uint8Array(7),
    "a length beyond measure": length(2n ** 64n - 1n),
    "a length beyond the file": length(1000n),
    "a length beyond what is read": new Uint8Array([...length(2n ** 30n), ...new Uint8Array(100)]),
    "no JSON": frameSafetensors("{nope"),
    "no UTF-8": frameSafetensors(new Uint8Array([0x22, 0xff, 0xfe, 0x22])),
    "a list": frameSafetensors("[]"),
    null: frameSafetensors("null"),
    "a tensor that is a number": tensor(5),
    "a tensor without a shape": tensor({ dtype: "F32", data_offsets: [0, 4] }),
    "a shape below zero": tensor({ dtype: "F32", shape: [-1], data_offsets: [0, 4] }),
    "a shape beyond measure": tensor({ dtype: "F32", shape: [2 ** 50, 2 ** 50], data_offsets: [0, 4] }),
    "an end before its begin": tensor({ dtype: "F32", shape: [1], data_offsets: [8, 4] }),
  };
  test.each(Object.keys(hostile))("that is %s is E_VERIFY", async (name) => {
    const error = await failureOf(readSafetensorsHeader(sourceOf(hostile[name] ?? new Uint8Array())));
    expect(error).toMatchObject({ code: "E_VERIFY", details: { source: "x.safetensors" } });
  });

  test("of which the server gives less than it said is E_VERIFY", async () => {
    const bytes = buildSafetensors({ w: { dtype: "F32", shape: [100] } });
    for (const given of [0, 4, 8, 20]) {
      const lying = sourceOf(bytes.slice(0, given), bytes.length);
      expect(await failureOf(readSafetensorsHeader(lying))).toMatchObject({ code: "E_VERIFY" });
    }
  });

  test("names of tensors are names, whatever they are", async () => {
    const bytes = frameSafetensors(
      '{"__proto__": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "constructor": {"dtype": "F32", "shape": [3], "data_offsets": [8, 20]}}',
    );
    const { tensors } = await readSafetensorsHeader(sourceOf(bytes));
    expect([...tensors.keys()].sort()).toEqual(["__proto__", "constructor"]);
  });
});

describe("a summary", () => {
  const read = (tensors: Parameters<typeof buildSafetensors>[0]) =>
    readSafetensorsHeader(sourceOf(buildSafetensors(tensors)));

  test("counts every element, and names the type that most are of", async () => {
    const header = await read({
      a: { dtype: "BF16", shape: [100, 10] },
      b: { dtype: "F32", shape: [10] },
    });
    expect(countParameters(header, null)).toBe(1010);
    expect(nameDtypes([header])).toBe("BF16");
    expect(nameDtypes([])).toBeNull();
  });

  test("counts weights that are packed, and not what unpacks them", async () => {
    const header = await read({
      "layer.qweight": { dtype: "I32", shape: [16, 8] }, // eight 4-bit weights in each
      "layer.qzeros": { dtype: "I32", shape: [2, 1] },
      "layer.scales": { dtype: "F16", shape: [2, 8] },
      "norm.weight": { dtype: "F16", shape: [8] },
    });
    expect(countParameters(header, 4)).toBe(16 * 8 * 8 + 16 + 8);
  });
});
