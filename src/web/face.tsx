// Draws a face design as SVG. The mouth opens with the CSS variable --mouth (0 to 1), which the player sets.
import { buildFaceDesign, type FaceDesign, type FaceWish } from "./face-design.ts";

export interface FaceProps {
  name: string;
  metadata: { color?: string; face?: FaceWish };
  size: number;
}

export function Face({ name, metadata, size }: FaceProps) {
  const design = buildFaceDesign(name, metadata.color, metadata.face);
  const clip = `clip-${[...name].map((char) => (char.codePointAt(0) ?? 0).toString(36)).join("")}-${size}`;
  return (
    <svg class="face" viewBox="0 0 100 100" width={size} height={size} aria-hidden="true" focusable="false">
      <defs>
        <clipPath id={clip}>
          <circle cx="50" cy="50" r="50" />
        </clipPath>
      </defs>
      <g clip-path={`url(#${clip})`}>
        <rect width="100" height="100" fill={design.backdrop} />
        <circle cx="50" cy="18" r="44" fill="#fff" opacity="0.1" />
        <HairBehind {...design} />
        <Collar {...design} />
        <path d="M43 62h14v14a7 7 0 0 1-14 0z" fill={design.skinShade} />
        <ellipse cx="28.5" cy="49" rx="3.6" ry="5" fill={design.skinShade} />
        <ellipse cx="71.5" cy="49" rx="3.6" ry="5" fill={design.skinShade} />
        <path d="M29 44c0-15 9-23 21-23s21 8 21 23c0 17-9 28-21 28S29 61 29 44z" fill={design.skin} />
        <Features {...design} />
        <HairFront {...design} />
        <Extra {...design} />
      </g>
    </svg>
  );
}

function Features({ eyeOffset, browTilt, hair, skinShade }: FaceDesign) {
  const eyes = [50 - eyeOffset, 50 + eyeOffset];
  return (
    <>
      {eyes.map((x, side) => (
        <g key={side}>
          <g class="eye">
            <ellipse cx={x} cy="46" rx="2.7" ry="3.3" fill="#231a17" />
            <circle cx={x + 0.9} cy="44.8" r="0.9" fill="#fff" />
          </g>
          <path
            d={`M${x - 4.6} ${39.6 + (side === 0 ? -1 : 1) * browTilt}q4.6 -2.6 9.2 ${(side === 0 ? 2 : -2) * browTilt}`}
            stroke={hair}
            stroke-width="2"
            stroke-linecap="round"
            fill="none"
          />
        </g>
      ))}
      <path
        d="M50 47c-1 4-3 6-2 7.500s3 1 4 .4"
        stroke={skinShade}
        stroke-width="1.7"
        stroke-linecap="round"
        fill="none"
      />
      <circle cx="37" cy="55" r="4" fill="#e0705c" opacity="0.16" />
      <circle cx="63" cy="55" r="4" fill="#e0705c" opacity="0.16" />
      <path
        d="M43.500 60.500q6.500 4.200 13 0"
        stroke="#8d3b33"
        stroke-width="2"
        stroke-linecap="round"
        fill="none"
        class="smile"
      />
      <ellipse cx="50" cy="61.500" rx="5.600" ry="5" fill="#6d2a26" class="mouth" />
    </>
  );
}

function HairBehind({ hairStyle, hair }: FaceDesign) {
  switch (hairStyle) {
    case "bob":
      return <path d="M24 48c0-22 11-32 26-32s26 10 26 32v14q-4 6-10 5H34q-6 1-10-5z" fill={hair} />;
    case "long":
      return <path d="M23 46c0-20 11-31 27-31s27 11 27 31c0 16 3 28 6 38H17c3-10 6-22 6-38z" fill={hair} />;
    case "bun":
      return <circle cx="50" cy="14" r="10" fill={hair} />;
    case "curly":
      return (
        <g fill={hair}>
          {[26, 34, 42, 50, 58, 66, 74].map((x, i) => (
            <circle key={x} cx={x} cy={i % 6 === 0 ? 38 : 26 - Math.abs(3 - i) * -3} r="10" />
          ))}
        </g>
      );
    default:
      return null;
  }
}

function HairFront({ hairStyle, hair }: FaceDesign) {
  switch (hairStyle) {
    case "bob":
    case "long":
      return <path d="M28 46c0-17 9-26 22-26s22 9 22 26c-4-9-12-14-20-15-8 1-18 4-24 15z" fill={hair} />;
    case "short":
      return (
        <path
          d="M28 44c-1-17 9-26 22-26s23 8 22 25c-3-7-7-11-12-12-8 2-20 1-25-2-4 3-6 8-7 15z"
          fill={hair}
        />
      );
    case "quiff":
      return (
        <path
          d="M28 43c-1-12 4-20 10-22 6-6 22-8 30 0 4 4 5 13 4 21-3-6-6-9-9-10-10 2-22 0-27-4-4 3-7 8-8 15z"
          fill={hair}
        />
      );
    case "bun":
      return <path d="M28 45c-1-17 9-26 22-26s23 9 22 26c-4-11-11-17-22-17s-18 6-22 17z" fill={hair} />;
    case "curly":
      return (
        <g fill={hair}>
          {[33, 41, 50, 59, 67].map((x, i) => (
            <circle key={x} cx={x} cy={27 - (i === 2 ? 3 : i % 2)} r="7" />
          ))}
        </g>
      );
    case "bald":
      return (
        <path
          d="M34 30q16 -8 32 0"
          stroke="#fff"
          stroke-width="2"
          opacity="0.35"
          fill="none"
          stroke-linecap="round"
        />
      );
  }
}

function Collar({ collar, cloth, backdrop }: FaceDesign) {
  const shoulders = <path d="M12 100c2-17 16-25 38-25s36 8 38 25z" fill={cloth} />;
  switch (collar) {
    case "round":
      return shoulders;
    case "shirt":
      return (
        <>
          {shoulders}
          <path d="M38 76l12 14 12-14 5 4-10 18-7-8-7 8-10-18z" fill="#f4efe6" />
        </>
      );
    case "bow-tie":
      return (
        <>
          {shoulders}
          <path d="M40 76l10 22 10-22z" fill="#f4efe6" />
          <path d="M50 84l-9-5v10zm0 0l9-5v10z" fill={backdrop} stroke="#0003" stroke-width="0.6" />
        </>
      );
    case "turtleneck":
      return (
        <>
          {shoulders}
          <rect x="40" y="69" width="20" height="13" rx="4" fill={cloth} />
        </>
      );
    case "scarf":
      return (
        <>
          {shoulders}
          <path d="M34 76q16 12 32 0l2 7q-18 12-36 0z" fill={backdrop} stroke="#fff5" stroke-width="1.2" />
        </>
      );
  }
}

function Extra({ extra, hair, eyeOffset, skinShade }: FaceDesign) {
  const [left, right] = [50 - eyeOffset, 50 + eyeOffset];
  switch (extra) {
    case "none":
      return null;
    case "glasses":
      return (
        <g fill="#fff2" stroke="#2b2b33" stroke-width="1.500">
          <rect x={left - 6} y="41.500" width="12" height="9" rx="2.500" />
          <rect x={right - 6} y="41.500" width="12" height="9" rx="2.500" />
          <path d={`M${left + 6} 45h${right - left - 12}`} />
        </g>
      );
    case "round-glasses":
      return (
        <g fill="#fff2" stroke="#7a5a2a" stroke-width="1.400">
          <circle cx={left} cy="46" r="6" />
          <circle cx={right} cy="46" r="6" />
          <path d={`M${left + 6} 46h${right - left - 12}`} />
        </g>
      );
    case "moustache":
      return (
        <path
          d="M50 57c-3-2.500-9-1-11 2 4 1.500 8 1 11-.500 3 1.500 7 2 11 .5-2-3-8-4.500-11-2z"
          fill={hair}
        />
      );
    case "beard":
      return (
        <path
          d="M30 52c1 14 9 23 20 23s19-9 20-23c-3 6-8 5-12 4-5-2-11-2-16 0-4 1-9 2-12-4zm13 9q7 5 14 0-1 6-7 6t-7-6z"
          fill={hair}
          fill-rule="evenodd"
          opacity="0.92"
        />
      );
    case "freckles":
      return (
        <g fill={skinShade}>
          {[35, 38, 41, 59, 62, 65].map((x, i) => (
            <circle key={x} cx={x} cy={53 + (i % 2) * 2} r="0.9" />
          ))}
        </g>
      );
    case "earrings":
      return (
        <g fill="#e9c46a">
          <circle cx="28.500" cy="56" r="2" />
          <circle cx="71.500" cy="56" r="2" />
        </g>
      );
  }
}
