import { describe, expect, test } from "bun:test";
import {
  buildFaceDesign,
  collars,
  extras,
  hairs,
  hairStyles,
  hats,
  skins,
} from "../../src/web/face-design.ts";

describe("faces", () => {
  test("a name has one face, and names have different ones", () => {
    expect(buildFaceDesign("Gertrude", undefined)).toEqual(buildFaceDesign("Gertrude", undefined));
    const names = ["Ada", "Bo", "Cy", "Dee", "Eve", "Fay", "Gus", "Hal", "Ida", "Jo"];
    const faces = new Set(names.map((name) => JSON.stringify(buildFaceDesign(name, "#123456"))));
    expect(faces.size).toBe(names.length);
  });

  test("a character's colour is its backdrop", () => {
    expect(buildFaceDesign("Ada", "#ff8800").backdrop).toBe("#ff8800");
  });

  test("a wish changes what it names and nothing else", () => {
    const own = buildFaceDesign("Ada", undefined);
    const wish = { hair: "white", hair_style: "bald", extra: ["beard", "monocle"], hat: "beret" };
    expect(buildFaceDesign("Ada", undefined, wish)).toEqual({
      ...own,
      hair: hairs.white,
      hairStyle: "bald",
      extras: ["beard", "monocle"],
      hat: "beret",
    });
  });

  test("nonsense in a character's file changes nothing", () => {
    const own = buildFaceDesign("Ada", undefined);
    for (const nonsense of [99, null, {}, "purple", ["?"], "toString", "constructor"]) {
      const wish = { skin: nonsense, hair: nonsense, hair_style: nonsense, collar: nonsense, hat: nonsense };
      expect(buildFaceDesign("Ada", undefined, wish)).toEqual(own);
    }
  });

  test("a single extra needs no list, and a word that is none wishes for a bare face", () => {
    expect(buildFaceDesign("Ada", undefined, { extra: "freckles" }).extras).toEqual(["freckles"]);
    expect(buildFaceDesign("Hal", undefined, { extra: "none" }).extras).toEqual([]);
  });

  test("every name that can be wished for is understood", () => {
    const design = (wish: object) => buildFaceDesign("Ada", undefined, wish);
    for (const skin of Object.keys(skins) as (keyof typeof skins)[])
      expect(design({ skin }).skin).toBe(skins[skin][0]);
    for (const hair of Object.keys(hairs) as (keyof typeof hairs)[])
      expect(design({ hair }).hair).toBe(hairs[hair]);
    for (const hair_style of hairStyles) expect(design({ hair_style }).hairStyle).toBe(hair_style);
    for (const collar of collars) expect(design({ collar }).collar).toBe(collar);
    for (const hat of hats) expect(design({ hat }).hat).toBe(hat);
    for (const extra of extras) expect(design({ extra }).extras).toEqual([extra]);
  });
});
