// Above the stage: the name of the house, the ways to its rooms, and how its parts are.
import { Icon, type IconName } from "./icons.tsx";
import { formatPlace, type Place } from "./place.ts";
import type { ServerState } from "./server-state.ts";

const rooms: readonly { view: "stage" | "downloads" | "models"; title: string; icon: IconName }[] = [
  { view: "stage", title: "Stage", icon: "masks" },
  { view: "downloads", title: "Downloads", icon: "download" },
  { view: "models", title: "Models", icon: "shelf" },
];

const partNames = { voice: "Voice", ears: "Ears", turns: "Turn-taking", words: "Words" } as const;
const shortList = ["voice", "ears", "words"] as const;
const wholeList = ["voice", "ears", "turns", "words"] as const;

export function Marquee({ server, place }: { server: ServerState; place: Place }) {
  const { parts, connection } = server;
  const runningCount = server.downloads.filter(({ error }) => error === undefined).length;
  // How its parts were when it was last heard of helps nobody.
  const isAway = connection === "lost";
  return (
    <header class="marquee">
      <img src="/web/icon.svg" width="30" height="30" alt="" />
      <h1>Troupe</h1>
      <nav class="places" aria-label="Rooms">
        {rooms.map(({ view, title, icon }) => (
          <a
            key={view}
            href={formatPlace({ view })}
            title={title}
            aria-current={view === place.view ? "page" : undefined}
          >
            <Icon name={icon} />
            <span>{title}</span>
            {view === "downloads" && runningCount > 0 && (
              <b class="count" aria-label={`${runningCount} on the way`}>
                {runningCount}
              </b>
            )}
          </a>
        ))}
      </nav>
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
