// What is fetched may be an archive or not: told by its magic, where nobody says it; and its size, where somebody does.
import { expect, test } from "bun:test";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import { failureOf } from "../support/failure-of.ts";
import { createStoreFixture, makeBytes, readBytes } from "./store-fixture.ts";

const weights = makeBytes(3000, 5);
const archive = await new Bun.Archive({ "a.bin": weights, "b/c.txt": "c" }).bytes();

async function fetchAs(content: Uint8Array, more: Partial<AssetDefinition>) {
  const f = await createStoreFixture((server) => ({
    name: "voice",
    retryDelaySeconds: 0.001,
    sources: [{ type: "http", url: server.serve("/voice", content) }],
    ...more,
  }));
  return f;
}

test("an archive of unsaid format is unpacked by its magic", async () => {
  for (const format of ["any", "auto"] as const) {
    await using f = await fetchAs(archive, { unpack: { format } });
    const path = await f.store.getPath("voice");
    expect(await readBytes(`${path}/a.bin`)).toEqual(weights);
    expect(await Bun.file(`${path}/b/c.txt`).text()).toBe("c");
    expect((await f.store.ensure("voice")).fromCache).toBe(true);
  }
});

test("what is no archive stays as it came, or is E_VERIFY where one was promised", async () => {
  await using plain = await fetchAs(weights, { unpack: { format: "auto" } });
  expect(await readBytes(await plain.store.getPath("voice"))).toEqual(weights);
  expect((await plain.store.ensure("voice")).fromCache).toBe(true);
  await using promised = await fetchAs(weights, { unpack: { format: "any" } });
  const error = await failureOf(promised.store.ensure("voice"));
  expect([error.code, error.message]).toEqual([
    "E_VERIFY",
    expect.stringContaining("is no archive, not a zip"),
  ]);
});

test("a size that is declared is what the source has to have", async () => {
  await using right = await fetchAs(weights, { sizeBytes: weights.length });
  expect(await readBytes(await right.store.getPath("voice"))).toEqual(weights);
  await using wrong = await fetchAs(weights, { sizeBytes: weights.length + 1 });
  expect((await failureOf(wrong.store.ensure("voice"))).code).toBe("E_VERIFY");
  await using both = await fetchAs(weights, {});
  expect(
    (
      await failureOf(
        (async () =>
          both.open([
            {
              name: "x",
              sizeBytes: 1,
              files: [{ path: "x", sizeBytes: 1, sha256: "0".repeat(64) }],
              sources: [{ type: "local", path: "x" }],
            },
          ]))(),
      )
    ).code,
  ).toBe("E_SCHEMA");
});
