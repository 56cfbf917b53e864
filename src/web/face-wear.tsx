// What a face wears: clothes to the shoulders, and hats.
import type { FaceDesign } from "./face-design.ts";

const linen = "#f6f0e4";

export function Collar({ collar, cloth, backdrop, hair }: FaceDesign) {
  const shoulders = <path d="M9 102c1.5-18 16-26.5 32-27.5q9 9 18 0c16 1 30.5 9.5 32 27.5z" fill={cloth} />;
  switch (collar) {
    case "round":
      return shoulders;
    case "shirt":
      return (
        <>
          {shoulders}
          <path d="M40 73.5l10 13 10-13 6 5-8 15-8-7-8 7-8-15z" fill={linen} />
          <path d="M50 86.5l-3.5 4 3.5 12 3.5-12z" fill={backdrop} />
        </>
      );
    case "bow-tie":
      return (
        <>
          {shoulders}
          <path d="M38 75l12 27 12-27q-12 10-24 0z" fill={linen} />
          <path d="M30 77l18 25H24zM70 77L52 102h24z" fill="#0003" />
          <path d="M50 84.5l-10.5-6q-2 6 0 12zm0 0l10.5-6q2 6 0 12z" fill="#b3203a" />
          <rect x="47.5" y="81.8" width="5" height="5.4" rx="1.6" fill="#8d1228" />
        </>
      );
    case "turtleneck":
      return (
        <>
          {shoulders}
          <path d="M39.5 70q10.5 5 21 0l1.5 9q-12 6-24 0z" fill={cloth} />
          <path d="M39 76q11 5 22 0" stroke="#0003" stroke-width="1.2" fill="none" />
        </>
      );
    case "scarf":
      return (
        <>
          {shoulders}
          <path d="M33 73.5q17 12 34 0l3 8q-20 13-40 0z" fill="#e9d8a6" />
          <path d="M56 82l9-2 3 20h-9z" fill="#d9c48a" />
          <path d="M38 78.5q12 6 24 0" stroke="#0002" stroke-width="1.2" fill="none" />
        </>
      );
    case "stripes":
      return (
        <>
          <path d="M9 102c1.5-18 16-26.5 32-27.5q9 9 18 0c16 1 30.5 9.5 32 27.5z" fill={linen} />
          <path
            d="M24 81q26 15 52 0M16 88q34 18 68 0M11 96q39 18 78 0"
            stroke="#24365c"
            stroke-width="3.2"
            fill="none"
          />
        </>
      );
    case "shawl":
      return (
        <>
          {shoulders}
          <path
            d="M36 74L20 82q-9 6-11 20h35l6-10 6 10h35q-2-14-11-20l-16-8q-6 12-14 18-8-6-14-18z"
            fill="#d8cbe8"
          />
          <path
            d="M36 74q6 12 14 18 8-6 14-18M24 86l8 10M76 86l-8 10"
            stroke="#a894c4"
            stroke-width="1.3"
            fill="none"
          />
        </>
      );
    case "coat":
      return (
        <>
          {shoulders}
          <path d="M40 74l10 28 10-28q-10 9-20 0z" fill={linen} />
          <path d="M35 75.5L26 86l10 3-5 13h17zM65 75.5L74 86l-10 3 5 13H52z" fill="#c9a227" />
          <path d="M37 75.5L29.5 85l9 3-4 14h12.5zM63 75.5L70.5 85l-9 3 4 14H53z" fill={cloth} />
        </>
      );
    case "dungarees":
      return (
        <>
          <path
            d="M9 102c1.5-18 16-26.5 32-27.5q9 9 18 0c16 1 30.5 9.5 32 27.5z"
            fill={hair === "#b9502a" ? "#f0e2b8" : "#e4b7a0"}
          />
          <path d="M31 78l6-2 3 16h20l3-16 6 2 3 24H28z" fill="#3c5a86" />
          <circle cx="38.5" cy="92" r="1.7" fill="#f2c94c" />
          <circle cx="61.5" cy="92" r="1.7" fill="#f2c94c" />
        </>
      );
  }
}

export function HatBehind({ hat }: FaceDesign) {
  switch (hat) {
    case "straw-hat":
      return <ellipse cx="50" cy="27" rx="41" ry="10" fill="#d9b25e" />;
    case "night-cap":
      return (
        <>
          <path d="M66 16q20 4 20 38l-6 2q-2-22-18-28z" fill="#7f94d6" />
          <circle cx="83" cy="57" r="5.5" fill="#fff8ec" />
        </>
      );
    default:
      return null;
  }
}

export function HatFront({ hat, cloth }: FaceDesign) {
  switch (hat) {
    case undefined:
      return null;
    case "tricorn":
      return (
        <g>
          <path d="M19 30q-9-9 2-12 8-13 29-13t29 13q11 3 2 12-14-5-31-5t-31 5z" fill="#2a2130" />
          <path d="M19 30q-6-8 3-9.5 12 3.5 28 3.5t28-3.5q9 1.5 3 9.5-14-5-31-5t-31 5z" fill="#3a2e42" />
          <path d="M20.5 29q13.5-5 29.5-5t29.5 5" stroke="#e3b63b" stroke-width="1.5" fill="none" />
          <path d="M50 9.5l1.8 3.7 4 .6-2.9 2.800.7 4-3.6-1.9-3.6 1.900.7-4-2.9-2.8 4-.6z" fill="#f4e7c4" />
        </g>
      );
    case "beret":
      return (
        <g>
          <path
            d="M22 27C20 13 36 5 54 7c20 2 30 12 25 20-2 4-6 3-9 1-13-5-28-4-40 1-4 2-7 2-8-2z"
            fill="#b3203a"
          />
          <path d="M28.5 29.5q21-8.5 43 0l.5-3q-22-8-44 .5z" fill="#8d1228" />
          <path
            d="M52 7.5q-.5-4 2.5-5"
            stroke="#8d1228"
            stroke-width="2.4"
            stroke-linecap="round"
            fill="none"
          />
        </g>
      );
    case "night-cap":
      return (
        <g>
          <path d="M28 31C28 13 42 6 54 8q16 3 21 22-4 2-6 1-20-7-41 0z" fill="#93a6e2" />
          <path d="M27 32q23-9 46 0" stroke="#fff8ec" stroke-width="6" stroke-linecap="round" fill="none" />
          <path
            d="M40 13l1.2 2.5 2.700.4-2 1.900.5 2.7-2.4-1.3-2.4 1.300.5-2.7-2-1.9 2.7-.4zM58 14l1 2 2.200.3-1.6 1.600.4 2.2-2-1-2 1 .4-2.2-1.6-1.6 2.2-.3z"
            fill="#fdf0b4"
          />
        </g>
      );
    case "bowler":
      return (
        <g>
          <path d="M29 28C29 10 38 4 50 4s21 6 21 24z" fill="#2b2730" />
          <path d="M29.5 22q20.5 5 41 0l.6 5.5q-21 5-42.2 0z" fill="#8a1c34" />
          <path d="M18 28.5q4-3 11-2 21 4.5 42 0 7-1 11 2-8 6-32 6t-32-6z" fill="#393440" />
        </g>
      );
    case "straw-hat":
      return (
        <g>
          <path d="M30 26C30 10 39 5 50 5s20 5 20 21q-20 6-40 0z" fill="#ecc974" />
          <path d="M30 21q20 5.5 40 0v5q-20 6-40 0z" fill="#c0452f" />
          <path d="M9 27q20 8 41 8t41-8q-6-4-21-3.5-20 5.5-40 0Q15 23 9 27z" fill="#e3bd66" />
          <g fill="#fff">
            <circle cx="63" cy="21" r="2.6" />
            <circle cx="67" cy="19" r="2.6" />
            <circle cx="67" cy="23.5" r="2.6" />
            <circle cx="65.5" cy="21" r="1.7" fill="#f2b632" />
          </g>
        </g>
      );
    case "cap":
      return (
        <g>
          <path d="M28 31C27 13 38 6 50 6s23 7 22 25q-22-7-44 0z" fill={cloth} />
          <path d="M50 6q-9 8-9 22.5M50 6q9 8 9 22.5" stroke="#0003" stroke-width="1" fill="none" />
          <path d="M27.5 31q22-9 45 0 14 1 18 7-18-1-30-4-18-3-33-3z" fill={cloth} />
          <path d="M27.5 31q22-9 45 0 14 1 18 7-18-1-30-4-18-3-33-3z" fill="#0004" />
          <circle cx="50" cy="6.5" r="1.8" fill="#fff9" />
        </g>
      );
    case "headset":
      return (
        <g>
          <path d="M26 47Q24 13 50 13t24 34" stroke="#23262f" stroke-width="3.6" fill="none" />
          <rect x="22" y="41" width="8.5" height="15" rx="4" fill="#343946" />
          <rect x="69.5" y="41" width="8.5" height="15" rx="4" fill="#343946" />
          <path d="M27 56q2 9 13 10" stroke="#23262f" stroke-width="1.9" fill="none" stroke-linecap="round" />
          <circle cx="40.5" cy="66" r="2.1" fill="#e05a4e" />
        </g>
      );
    case "fox-ears":
      return (
        <g>
          <path d="M27 29Q24 12 28 4q11 5 17 16z" fill="#d9701f" />
          <path d="M73 29q3-17-1-25-11 5-17 16z" fill="#d9701f" />
          <path d="M30 24q-2-9 0-14 6 4 9 10zM70 24q2-9 0-14-6 4-9 10z" fill="#fbe6cf" />
          <path d="M28 31Q34 18.5 50 18.5T72 31" stroke="#7a3a10" stroke-width="2.4" fill="none" />
        </g>
      );
    case "bow":
      return (
        <g>
          <path d="M62 20l-11-7q-3 8 1 13zM62 20l12-5q2 8-3 13z" fill="#d7263d" />
          <circle cx="62" cy="20.5" r="3.2" fill="#a3132a" />
        </g>
      );
  }
}
