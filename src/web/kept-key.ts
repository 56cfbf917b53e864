// The key that the user gave, for as long as this tab is open. A browser that keeps nothing for pages refuses even to be
// asked; the page works there too, and asks again after a reload.

const name = "troupe-key";

export function readKeptKey(): string | undefined {
  try {
    return sessionStorage.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function keepKey(key: string): void {
  try {
    sessionStorage.setItem(name, key);
  } catch {
    // It is used all the same.
  }
}
