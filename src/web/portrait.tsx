// The face on stage. Its mouth follows the sound, set on the element itself, so that no frame renders the page anew.
import { useEffect, useRef } from "preact/hooks";
import type { Activity } from "./conversation.ts";
import { Face } from "./face.tsx";
import type { CharacterRecord } from "./server-state.ts";

export interface PortraitProps {
  character: Pick<CharacterRecord, "name" | "metadata">;
  activity: Activity;
  /** Of the sound now: both 0 to 1. */
  mouth: () => { open: number; wide: number };
}

/** How fast the mouth follows the sound, per frame: it opens quickly and closes gently. */
const opening = 0.55;
const closing = 0.22;

export function Portrait({ character, activity, mouth }: PortraitProps) {
  const frame = useRef<HTMLDivElement>(null);
  const latestMouth = useRef(mouth);
  latestMouth.current = mouth;
  const isSpeaking = activity === "speaking";
  useEffect(() => {
    const element = frame.current;
    if (!isSpeaking || !element || matchMedia("(prefers-reduced-motion: reduce)").matches) return undefined;
    let open = 0;
    let wide = 0;
    let request = requestAnimationFrame(function tick() {
      const now = latestMouth.current();
      open += (now.open - open) * (now.open > open ? opening : closing);
      wide += (now.wide - wide) * closing;
      element.style.setProperty("--open", open.toFixed(2));
      element.style.setProperty("--wide", wide.toFixed(2));
      request = requestAnimationFrame(tick);
    });
    return () => {
      cancelAnimationFrame(request);
      element.style.setProperty("--open", "0");
    };
  }, [isSpeaking]);
  return (
    <div class="portrait" data-activity={activity} ref={frame}>
      <Face name={character.name} metadata={character.metadata} size={112} />
    </div>
  );
}
