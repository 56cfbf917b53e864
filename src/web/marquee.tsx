// Above the stage: the name of the house, and how its parts are.
import type { ServerState } from "./server-state.ts";

const partNames = { voice: "Voice", ears: "Ears", turns: "Turn-taking", words: "Words" } as const;
const shortList = ["voice", "ears", "words"] as const;
const wholeList = ["voice", "ears", "turns", "words"] as const;

export function Marquee({ server }: { server: ServerState }) {
  const { parts, connection } = server;
  // How its parts were when it was last heard of helps nobody.
  const isAway = connection === "lost";
  return (
    <header class="marquee">
      <img src="/web/icon.svg" width="30" height="30" alt="" />
      <h1>Troupe</h1>
      <p class="away" role="status">
        {isAway && "The server cannot be reached; trying again…"}
      </p>
      {!isAway && (
        <button type="button" class="status" popovertarget="parts" title="How the parts are">
          {shortList.map((key) => (
            <span key={key} class="dot" data-state={parts[key].state}>
              {partNames[key].toLowerCase()}
              <small>: {parts[key].text}</small>
            </span>
          ))}
        </button>
      )}
      <div class="parts" id="parts" popover="auto">
        <dl>
          {wholeList.map((key) => (
            <div key={key}>
              <dt>
                {partNames[key]}: {parts[key].text}
              </dt>
              <dd>{parts[key].detail}</dd>
            </div>
          ))}
        </dl>
      </div>
    </header>
  );
}
