import { expect, test } from "bun:test";
import { buildFaceDesign } from "../../src/web/face-design.ts";
import { decodePcm16, encodePcm16 } from "../../src/web/pcm-base64.ts";

test("a name has one face, and names have different ones", () => {
  expect(buildFaceDesign("Gertrude", undefined)).toEqual(buildFaceDesign("Gertrude", undefined));
  const names = ["Ada", "Bo", "Cy", "Dee", "Eve", "Fay", "Gus", "Hal", "Ida", "Jo"];
  const faces = new Set(names.map((name) => JSON.stringify(buildFaceDesign(name, "#123456"))));
  expect(faces.size).toBe(names.length);
});

test("a character's colour is its backdrop", () => {
  expect(buildFaceDesign("Ada", "#ff8800").backdrop).toBe("#ff8800");
});

test("a wish changes what it names and nothing else; nonsense changes nothing", () => {
  const own = buildFaceDesign("Ada", undefined);
  const wished = buildFaceDesign("Ada", undefined, { hair_style: "bald", extra: "beard" });
  expect(wished).toEqual({ ...own, hairStyle: "bald", extra: "beard" });
  expect(buildFaceDesign("Ada", undefined, { skin: 99, hair: -3, collar: "ruff" })).toEqual(own);
});

test("samples survive the socket within half a step, and clip instead of wrapping", () => {
  const samples = Float32Array.from([0, 0.5, -0.5, 1, -1, 1.7, -1.7]);
  const bytes = encodePcm16(samples);
  const back = decodePcm16(btoa(String.fromCharCode(...bytes)));
  const clipped = [0, 0.5, -0.5, 1, -1, 1, -1];
  for (const [i, value] of clipped.entries())
    expect(Math.abs((back[i] as number) - value)).toBeLessThan(1 / 16_000);
});
