// How often the user has come back to the page as a hook: another program may have changed what is shown meanwhile.
import { useEffect, useState } from "preact/hooks";

export function useReturns(): number {
  const [returns, setReturns] = useState(0);
  useEffect(() => {
    const onFocus = (): void => setReturns((count) => count + 1);
    addEventListener("focus", onFocus);
    return () => removeEventListener("focus", onFocus);
  }, []);
  return returns;
}
