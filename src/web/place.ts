// Where in the house the page is: the part of the address after #, so that every view can be linked to, gone back to and
// reloaded. What is not known is the stage.

export type Place = { view: "stage" | "downloads" | "models" } | { view: "about"; character: string };

export function parsePlace(hash: string): Place {
  const [view, ...rest] = hash.replace(/^#\/?/, "").split("/");
  if (view === "downloads" || view === "models") return { view };
  const character = decodeName(rest.join("/"));
  return view === "about" && character !== "" ? { view, character } : { view: "stage" };
}

export function formatPlace(place: Place): string {
  if (place.view === "stage") return "#/";
  return place.view === "about" ? `#/about/${encodeURIComponent(place.character)}` : `#/${place.view}`;
}

/** Addresses are typed and shortened by people. */
function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
