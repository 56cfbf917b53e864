// What is on a face: on the skin, and before the eyes.
import type { FaceDesign } from "./face-design.ts";

const frame = { fill: "#ffffff2b", "stroke-linecap": "round" } as const;

/** Under eyes, nose and mouth. */
export function SkinExtras({ extras, hair, skinShade }: FaceDesign) {
  return (
    <>
      {extras.includes("freckles") && (
        <g fill={skinShade}>
          {[34.5, 37.5, 40.5, 59.5, 62.5, 65.5].map((x, i) => (
            <circle key={x} cx={x} cy={53.5 + (i % 2) * 2.2} r="0.95" />
          ))}
        </g>
      )}
      {extras.includes("earrings") && (
        <g fill="#f2c94c" stroke="#b78a1c" stroke-width="0.5">
          <circle cx="28" cy="56.5" r="2.1" />
          <circle cx="72" cy="56.5" r="2.1" />
        </g>
      )}
      {extras.includes("beard") && (
        <path
          d="M28.9 47c.8 17 8.1 29 21.1 29s20.3-12 21.1-29c-2.6 7-6.6 9-11.1 8.6-6-2.4-14-2.4-20 0-4.500.4-8.5-1.6-11.1-8.6z"
          fill={hair}
        />
      )}
      {extras.includes("beard") && <ellipse cx="50" cy="62" rx="9" ry="4.6" fill={skinShade} opacity="0.9" />}
    </>
  );
}

/** Over everything. */
export function EyeExtras({ extras, hair, eyeOffset, skinShade }: FaceDesign) {
  const [left, right] = [50 - eyeOffset, 50 + eyeOffset];
  return (
    <>
      {extras.includes("moustache") && (
        <path
          d="M50 56.2c-3.2-2.4-9.4-.8-11.6 2.7 4.2 1.5 8.600.9 11.6-.9 3 1.8 7.4 2.4 11.600.9-2.2-3.5-8.4-5.1-11.6-2.7z"
          fill={hair}
        />
      )}
      {extras.includes("curled-moustache") && (
        <path
          d="M50 56.4c-4-2.6-8.4-.6-10.4 2-1.8 2.2-4.8 1.6-5.2-1.2 3.6 5.8 10.6 5.4 15.6 1.2 5 4.2 12 4.6 15.6-1.2-.4 2.8-3.4 3.4-5.2 1.2-2-2.6-6.4-4.6-10.4-2z"
          fill={hair}
          stroke={hair}
          stroke-width="0.8"
          stroke-linejoin="round"
        />
      )}
      {extras.includes("glasses") && (
        <g {...frame} stroke="#2b2b33" stroke-width="1.6">
          <rect x={left - 6.4} y="41" width="12.8" height="10" rx="2.8" />
          <rect x={right - 6.4} y="41" width="12.8" height="10" rx="2.8" />
          <path d={`M${left + 6.4} 44.8h${right - left - 12.8}`} />
        </g>
      )}
      {extras.includes("round-glasses") && (
        <g {...frame} stroke="#7a5520" stroke-width="1.5">
          <circle cx={left} cy="46" r="6.6" />
          <circle cx={right} cy="46" r="6.6" />
          <path
            d={`M${left + 6.6} 45.5q${(right - left) / 2 - 6.6} -1.8 ${right - left - 13.2} 0`}
            fill="none"
          />
        </g>
      )}
      {extras.includes("half-moon-glasses") && (
        <g {...frame} stroke="#b58a2c" stroke-width="1.4">
          <path d={`M${left - 6.2} 48.5h12.4a6.2 5.6 0 0 1-12.4 0z`} />
          <path d={`M${right - 6.2} 48.5h12.4a6.2 5.6 0 0 1-12.4 0z`} />
          <path
            d={`M${left + 6.2} 49q${(right - left) / 2 - 6.2} -1.6 ${right - left - 12.4} 0`}
            fill="none"
          />
        </g>
      )}
      {extras.includes("monocle") && (
        <g {...frame} stroke="#4f3c10" stroke-width="1.5">
          <circle cx={right} cy="46" r="6.4" />
          <path d={`M${right + 5.4} 49.5q4 12 1 27`} stroke-width="0.8" fill="none" />
        </g>
      )}
      {extras.includes("eyepatch") && (
        <g fill="#201a1c">
          <path d={`M${left - 6} 42.5q6-2.6 12 0q.4 8.5-6 9.5q-6.4-1-6-9.5z`} />
          <path
            d={`M27.5 44L${left - 5} 42.6M${left + 5} 42.6Q60 36 70.5 35`}
            stroke="#201a1c"
            stroke-width="1.5"
            fill="none"
          />
        </g>
      )}
      {extras.includes("beard") && !extras.includes("moustache") && !extras.includes("curled-moustache") && (
        <path
          d="M50 56.6c-3-2-8.6-.4-10.8 3.2 4 .6 8 .2 10.8-1 2.8 1.2 6.8 1.6 10.8 1-2.2-3.6-7.8-5.2-10.8-3.2z"
          fill={hair}
          stroke={skinShade}
          stroke-width="0.2"
        />
      )}
    </>
  );
}
