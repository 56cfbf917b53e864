// Draws a face design as SVG. The mouth follows the CSS variables --open and --wide (0 to 1), which the page sets.
import { useId } from "preact/hooks";
import { buildFaceDesign, type FaceDesign, type FaceWish } from "./face-design.ts";
import { EyeExtras, SkinExtras } from "./face-extras.tsx";
import { HairBehind, HairFront } from "./face-hair.tsx";
import { Collar, HatBehind, HatFront } from "./face-wear.tsx";

export interface FaceProps {
  name: string;
  metadata: { color?: string; face?: FaceWish };
  size: number;
}

export function Face({ name, metadata, size }: FaceProps) {
  const design = buildFaceDesign(name, metadata.color, metadata.face);
  const clip = useId();
  const chin = 72 + design.chin * 1.6;
  return (
    <svg class="face" viewBox="0 0 100 100" width={size} height={size} aria-hidden="true" focusable="false">
      <defs>
        <clipPath id={clip}>
          <circle cx="50" cy="50" r="50" />
        </clipPath>
      </defs>
      <g clip-path={`url(#${clip})`}>
        <rect width="100" height="100" fill={design.backdrop} />
        <circle cx="50" cy="30" r="46" fill="#fff" opacity="0.13" />
        <g class="head">
          <HatBehind {...design} />
          <HairBehind {...design} />
        </g>
        <path d="M42.5 62h15v15a7.5 7.5 0 0 1-15 0z" fill={design.skinShade} />
        <Collar {...design} />
        <g class="head">
          <ellipse cx="28.4" cy="49" rx="3.8" ry="5.2" fill={design.skinShade} />
          <ellipse cx="71.6" cy="49" rx="3.8" ry="5.2" fill={design.skinShade} />
          <path
            d={`M28.8 43c0-15 9-23 21.2-23s21.2 8 21.2 23c0 ${(chin - 43) * 0.58} -8.4 ${chin - 43} -21.2 ${chin - 43}S28.8 ${43 + (chin - 43) * 0.58} 28.8 43z`}
            fill={design.skin}
          />
          <SkinExtras {...design} />
          <Features {...design} />
          <HairFront {...design} />
          <HatFront {...design} />
          <EyeExtras {...design} />
        </g>
      </g>
    </svg>
  );
}

function Features({ eyeOffset, browTilt, hair, skin, skinShade, extras, blinkDelay }: FaceDesign) {
  const lips = extras.includes("lipstick") ? "#c02942" : "#96483c";
  return (
    <>
      {[-1, 1].map((side) => (
        <g key={side} transform={`translate(${50 + side * eyeOffset} 46)`}>
          <g class="eye" style={{ animationDelay: `${blinkDelay}s` }}>
            <ellipse rx="4.1" ry="3.5" fill="#fffaf3" />
            <g class="pupil">
              <circle r="2.6" fill="#2b1d19" />
              <circle cx="0.9" cy="-0.9" r="0.85" fill="#fff" />
            </g>
            <path d="M-5 -1q0 -4.6 5 -4.6t5 4.6q-2 -1.5 -5 -1.5t-5 1.5z" fill={skin} />
            <path
              d="M-4.4 -1q2 -1.5 4.4 -1.5t4.4 1.5"
              stroke="#3a2620"
              stroke-width="1.2"
              stroke-linecap="round"
              fill="none"
            />
          </g>
          <path
            class="brow"
            d={`M-4.8 ${side * browTilt - 6.6}q4.8 -2.6 9.6 ${-side * 2 * browTilt}`}
            stroke={hair === "#ece7df" ? "#cfc8bd" : hair}
            stroke-width="2"
            stroke-linecap="round"
            fill="none"
          />
        </g>
      ))}
      <path
        d="M50.4 47.5c-.8 3.5-2.6 5.5-2 6.9s2.8 1.2 3.700.4"
        stroke={skinShade}
        stroke-width="1.7"
        stroke-linecap="round"
        fill="none"
      />
      <circle cx="36.5" cy="55.5" r="4.2" fill="#e0604c" opacity="0.17" />
      <circle cx="63.5" cy="55.5" r="4.2" fill="#e0604c" opacity="0.17" />
      <path
        class="smile"
        d="M43.6 60.3q6.4 4.4 12.8 0"
        stroke={lips}
        stroke-width={extras.includes("lipstick") ? 3 : 2}
        stroke-linecap="round"
        fill="none"
      />
      <g class="mouth">
        <path d="M43.2 59.6q6.8 1.8 13.6 0c.4 5.8-2.4 9.8-6.8 9.8s-7.2-4-6.8-9.8z" fill="#6b201f" />
        <path d="M44.4 60q5.6 1.3 11.2 0l-.6 1.9q-5 .9-10 0z" fill="#fff" />
        <ellipse cx="50" cy="67.6" rx="3.9" ry="1.7" fill="#d4685f" />
      </g>
    </>
  );
}
