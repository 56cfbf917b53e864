import { expect, test } from "bun:test";
import { formatPlace, parsePlace, type Place } from "../../src/web/place.ts";

test("every room has an address, and comes back from it", () => {
  const places: Place[] = [
    { view: "stage" },
    { view: "downloads" },
    { view: "models" },
    { view: "about", character: "Captain Brine" },
    { view: "about", character: "50 % / ½ #1?" },
    { view: "about", character: "Émile/愛" },
  ];
  for (const place of places) expect(parsePlace(formatPlace(place))).toEqual(place);
});

test("what nobody knows is the stage", () => {
  for (const hash of ["", "#", "#/", "#stage", "#/nowhere", "#/about", "#/about/"]) {
    expect(parsePlace(hash)).toEqual({ view: "stage" });
  }
});

test("an address typed by hand is read as it was meant", () => {
  expect(parsePlace("#downloads")).toEqual({ view: "downloads" });
  expect(parsePlace("#/about/100%")).toEqual({ view: "about", character: "100%" });
});
