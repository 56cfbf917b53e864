// The place as a hook: it follows the address, whoever changes that.
import { useEffect, useState } from "preact/hooks";
import { formatPlace, parsePlace, type Place } from "./place.ts";

export function usePlace(): [Place, (next: Place) => void] {
  const [place, setPlace] = useState(() => parsePlace(location.hash));
  useEffect(() => {
    const onChange = (): void => setPlace(parsePlace(location.hash));
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  const go = (next: Place): void => {
    const hash = formatPlace(next);
    if (hash !== formatPlace(parsePlace(location.hash))) location.hash = hash;
    // The address tells a moment later; what was pressed shows at once.
    setPlace(next);
  };
  return [place, go];
}
