// The hair of a face: what lies behind the head, and what falls over the forehead.
import type { FaceDesign } from "./face-design.ts";

export function HairBehind({ hairStyle, hair }: FaceDesign) {
  switch (hairStyle) {
    case "bob":
      return <path d="M23 47c0-21 11-32 27-32s27 11 27 32v15q-3 7-10 6H33q-7 1-10-6z" fill={hair} />;
    case "long":
      return (
        <path
          d="M22.5 46c0-20 11-31 27.5-31s27.5 11 27.5 31c0 16 2 27 5 39q-8 5-15 2H32.5q-7 3-15-2c3-12 5-23 5-39z"
          fill={hair}
        />
      );
    case "bun":
      return (
        <g fill={hair}>
          <circle cx="50" cy="12.5" r="9.5" />
          <path d="M26.5 46c0-19 9-28 23.5-28s23.5 9 23.5 28l-3 6h-41z" />
        </g>
      );
    case "curly":
      return (
        <g fill={hair}>
          {[
            [26, 46, 8],
            [25, 36, 9],
            [31, 26, 10],
            [41, 20, 10],
            [50, 18, 10],
            [59, 20, 10],
            [69, 26, 10],
            [75, 36, 9],
            [74, 46, 8],
          ].map(([cx, cy, r]) => (
            <circle key={cx} cx={cx} cy={cy} r={r} />
          ))}
        </g>
      );
    default:
      return null;
  }
}

export function HairFront({ hairStyle, hair, hat }: FaceDesign) {
  switch (hairStyle) {
    case "bob":
    case "long":
      return (
        <path
          d="M27.8 47c-1-18 8.7-28 22.2-28s23.2 10 22.2 28c-3-10-10-16-18-17.5-7 2.5-19 5-26.4 17.5z"
          fill={hair}
        />
      );
    case "short":
      return (
        <path
          d="M27.6 45c-1.5-17 8-27 22.4-27s23.9 10 22.4 27c-2.6-8-6-12-11-14-9 2.5-18 2-24-.5-4 3-7.5 7-9.8 14.5z"
          fill={hair}
        />
      );
    case "quiff":
      // A tall quiff and a hat do not go together.
      return hat === undefined ? (
        <path
          d="M27.7 44.5c-1.5-12 3-20 9.3-23 5-8 25-10.5 32-1 4 5 5 15 3.3 24-2.6-7-5.3-10.5-9.3-12.5-9 3-20 1-25.5-4-4.5 4-8 8.5-9.8 16.5z"
          fill={hair}
        />
      ) : (
        <path
          d="M27.6 46c-1-15 6-24 22.4-24s23.4 9 22.4 24c-2-7-5-10-8-12H36c-4 2-6.6 5-8.4 12z"
          fill={hair}
        />
      );
    case "tousled":
      return (
        <path
          d="M27.6 46c-2.6-8-1-15 3-19l-1-5 6 1 1-6 6 4 4-7 4 6 6-5 2 6 7-3-1 6 6 1-3 4c4 5 5 11 2.8 17-1.5-6-4-9.5-7.4-11.5l-3 3-2-4.5-5 4-3-4.5-5 5-3.5-4.5-4 5-2-2c-3 3-5.5 6-7.9 10z"
          fill={hair}
        />
      );
    case "bun":
      return (
        <path
          d="M27.8 46c-1-18 8.7-27 22.2-27s23.2 9 22.2 27c-3.6-11-11-17.5-22.2-17.5S31.4 35 27.8 46z"
          fill={hair}
        />
      );
    case "curly":
      return (
        <g fill={hair}>
          {[
            [32, 32, 6.5],
            [38, 26.5, 7],
            [46, 24.5, 6.5],
            [54, 24.5, 6.5],
            [62, 26.5, 7],
            [68, 32, 6.5],
          ].map(([cx, cy, r]) => (
            <circle key={cx} cx={cx} cy={cy} r={r} />
          ))}
        </g>
      );
    case "bald":
      return (
        <path
          d="M37 26.5q13-6.5 24 .5"
          stroke="#fff"
          stroke-width="2.2"
          opacity="0.35"
          fill="none"
          stroke-linecap="round"
        />
      );
  }
}
