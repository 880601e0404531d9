/**
 * Masks tell where a generated image is to have its object. Here are shapes by name, which can be placed, sized and
 * turned.
 *
 * @module
 */
import { InputError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import { LETTERS, letterShape } from "./letters.ts";

/** Side of a mask in pixels, which is that of the images. */
export const MASK_SIZE = 32;

/** A mask: 1 in the foreground, 0 in the background, or any number between; shape [32, 32], row-major. */
export type Mask = Float32Array;

/** Where a shape is drawn. */
export interface ShapePlacement {
  /** How far its centre lies right of the image's, in halves of the image's side, in [-1, 1]; default 0. */
  readonly x?: number;
  /** How far its centre lies above the image's, in halves of the image's side, in [-1, 1]; default 0. */
  readonly y?: number;
  /** Its extent as a share of the image's side, in [.05, 2]; default .6. It changes nothing of a half plane. */
  readonly size?: number;
  /** The angle by which it is turned anticlockwise, in degrees from -360 to 360; default 0. */
  readonly angle?: number;
}

/** A shape: its name, and where it is drawn. */
export interface Shape extends ShapePlacement {
  /** One of {@linkcode SHAPE_NAMES}. */
  readonly name: string;
}

/** Tells whether the point u to the right and v upwards belongs to a shape, which fills the square from -1 to 1. */
type Inside = (u: number, v: number) => boolean;

const within = (limit: number, value: number): boolean => Math.abs(value) <= limit;

/**
 * The shapes other than letters:
 *
 * - ring: its hole has .6 of its diameter;
 * - triangle: it has equal sides, and its corners lie on the circle of the disk;
 * - bar: it is four times as long as wide;
 * - cross: each of its two bars is three times as long as wide;
 * - checker: it has 4 x 4 fields, of which the top left one is filled;
 * - halves: the two of a pair are each other's complement.
 */
const FIGURES: Readonly<Record<string, Inside>> = {
  "disk": (u, v) => u * u + v * v <= 1,
  "ring": (u, v) => u * u + v * v <= 1 && u * u + v * v > 0.36,
  "square": (u, v) => within(1, u) && within(1, v),
  "triangle": (u, v) => v >= -0.5 && Math.sqrt(3) * Math.abs(u) <= 1 - v,
  "bar": (u, v) => within(1, u) && within(1 / 4, v),
  "cross": (u, v) => within(1, u) && within(1 / 3, v) || within(1 / 3, u) && within(1, v),
  "checker": (u, v) => within(1, u) && within(1, v) && (Math.floor(2 * u) + Math.ceil(2 * v)) % 2 === 0,
  "half-top": (_, v) => v > 0,
  "half-bottom": (_, v) => !(v > 0),
  "half-left": (u) => u < 0,
  "half-right": (u) => !(u < 0),
};

const FIGURE_NAMES = Object.keys(FIGURES);

/** Names of all shapes. */
export const SHAPE_NAMES: readonly string[] = [...FIGURE_NAMES, ...LETTERS.map((letter) => `letter-${letter}`)];

/** Defaults and ranges of a placement. */
const PLACEMENT = {
  x: { value: 0, low: -1, high: 1 },
  y: { value: 0, low: -1, high: 1 },
  size: { value: 0.6, low: 0.05, high: 2 },
  angle: { value: 0, low: -360, high: 360 },
} as const;

/** Sample points along each side of a pixel: coverage is told in sixteenths. */
const SAMPLES = 4;

/**
 * Draws a shape. The value of a pixel is the share of it that the shape covers, told from 4 x 4 sample points.
 *
 * @param name one of {@linkcode SHAPE_NAMES}.
 * @returns shape [32, 32], values in [0, 1]; all 0 when the shape lies outside the image.
 * @throws {InputError} when there is no such shape, or a number is outside its range.
 * @example
 * ```ts
 * const above = drawShape("disk", { y: 0.3, size: 0.5 });
 * const tilted = drawShape("letter-T", { angle: 30 });
 * ```
 */
export function drawShape(name: string, placement: ShapePlacement = {}): Mask {
  const inside = insideOf(name, name);
  const [x, y, size, angle] = (["x", "y", "size", "angle"] as const).map((key) => {
    const value = placement[key] ?? PLACEMENT[key].value;
    requireRange(key, value, name);
    return value;
  });
  const [cos, sin] = direction(angle);
  const mask = new Float32Array(MASK_SIZE * MASK_SIZE);
  const step = 2 / (MASK_SIZE * SAMPLES);
  for (let row = 0; row < MASK_SIZE * SAMPLES; row++) {
    const dy = 1 - (row + 0.5) * step - y;
    for (let column = 0; column < MASK_SIZE * SAMPLES; column++) {
      const dx = (column + 0.5) * step - 1 - x;
      // the point in the coordinates of the shape: moved, turned and sized backwards
      if (inside((cos * dx + sin * dy) / size, (cos * dy - sin * dx) / size)) {
        mask[Math.floor(row / SAMPLES) * MASK_SIZE + Math.floor(column / SAMPLES)] += 1 / SAMPLES ** 2;
      }
    }
  }
  return mask;
}

/**
 * Reads a shape from text: its name, then after a colon the settings that differ from the defaults, such as
 * `disk:x=.2,y=-.1,size=.4`.
 *
 * @returns what {@linkcode drawShape} takes: `drawShape(shape.name, shape)`.
 * @throws {InputError} when there is no such shape or setting, or a value is not a number in its range.
 */
export function parseShape(text: string): Shape {
  const colon = text.indexOf(":");
  const name = (colon < 0 ? text : text.slice(0, colon)).trim();
  insideOf(name, text);
  const placement: Record<string, number> = {};
  if (colon < 0) return { name };
  for (const setting of text.slice(colon + 1).split(",")) {
    const [key, value, ...rest] = setting.split("=").map((part) => part.trim());
    if (value === undefined || rest.length > 0) {
      throw new InputError(
        `the shape "${text}" has "${setting}"; write settings as in ${name}:x=.2,y=-.1,size=.4,angle=30`,
      );
    }
    if (!Object.hasOwn(PLACEMENT, key)) {
      throw new InputError(`the shape "${text}" sets "${key}"; a shape has x, y, size and angle`);
    }
    if (Object.hasOwn(placement, key)) throw new InputError(`the shape "${text}" sets ${key} twice; set it once`);
    const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : NaN;
    if (Number.isNaN(number)) {
      throw new InputError(
        `the shape "${text}" has the ${key} "${value}", which is not a number; give one ${range(key)}`,
      );
    }
    requireRange(key as keyof typeof PLACEMENT, number, text);
    placement[key] = number;
  }
  return { name, ...placement };
}

/** Share of letters among random shapes; the other shapes share the rest equally. */
const LETTER_SHARE = 0.3;
/** Share of random shapes with blurred edges: masks drawn by hand may have soft edges too. */
const BLURRED_SHARE = 0.3;

/**
 * A random shape: its size is .3 to .9 of the image's side, its centre lies at most a fifth of that side from the
 * image's in each direction, and it is turned by any angle. Three of ten shapes have edges blurred by .5 to 2 pixels.
 *
 * @returns shape [32, 32], values in [0, 1]; never empty or full.
 */
export function randomShape(random: Random): Mask {
  const name = random.uniform() < LETTER_SHARE
    ? `letter-${LETTERS[random.integer(0, LETTERS.length - 1)]}`
    : FIGURE_NAMES[random.integer(0, FIGURE_NAMES.length - 1)];
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const mask = drawShape(name, {
    x: between(-0.4, 0.4),
    y: between(-0.4, 0.4),
    size: between(0.3, 0.9),
    angle: between(0, 360),
  });
  return random.uniform() < BLURRED_SHARE ? gaussianBlur(mask, between(0.5, 2)) : mask;
}

/**
 * Smooths by a Gaussian that is cut off at three standard deviations. Outside the image the values of its edge are
 * repeated.
 *
 * @param sigma standard deviation in pixels, positive.
 */
export function gaussianBlur(mask: Mask, sigma: number): Mask {
  const radius = Math.ceil(3 * sigma);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-(((i - radius) / sigma) ** 2) / 2));
  const sum = weights.reduce((total, weight) => total + weight);
  const clamp = (i: number) => Math.min(MASK_SIZE - 1, Math.max(0, i));
  // each pass also transposes; after two passes the rows are rows again
  const pass = (from: Float32Array): Float32Array => {
    const to = new Float32Array(from.length);
    for (let row = 0; row < MASK_SIZE; row++) {
      for (let column = 0; column < MASK_SIZE; column++) {
        let value = 0;
        for (let i = 0; i < weights.length; i++) {
          value += weights[i] * from[row * MASK_SIZE + clamp(column + i - radius)];
        }
        to[column * MASK_SIZE + row] = Math.min(1, value / sum); // rounding may exceed 1
      }
    }
    return to;
  };
  return pass(pass(mask));
}

/**
 * A mask with all values below this is empty, one with all values above 1 minus this is full: neither shows a contour.
 */
const BARELY = 0.02;

/**
 * Checks that numbers are a mask with a contour.
 *
 * @param values row-major.
 * @param source where they come from, for errors.
 * @returns the same values.
 * @throws {InputError} when they are not 32 x 32 numbers in [0, 1], or when all are nearly 0 (empty) or nearly 1
 *   (full).
 */
export function checkMask(values: ArrayLike<number>, source: string): Mask {
  if (values.length !== MASK_SIZE * MASK_SIZE) {
    throw new InputError(
      `the mask ${source} has ${values.length} values instead of ${MASK_SIZE} x ${MASK_SIZE}; resize it first`,
    );
  }
  let lowest = Infinity;
  let highest = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!(value >= 0 && value <= 1)) {
      const place = `row ${Math.floor(i / MASK_SIZE)}, column ${i % MASK_SIZE}`;
      throw new InputError(
        `the mask ${source} has the value ${value} (${place}), not a number from 0 (background) to 1 (foreground); scale it first`,
      );
    }
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  if (highest < BARELY) {
    throw new InputError(
      `the mask ${source} is empty: no value reaches ${BARELY}; draw its foreground in white, larger or nearer the centre`,
    );
  }
  if (lowest > 1 - BARELY) {
    throw new InputError(
      `the mask ${source} is full: no value is under ${
        1 - BARELY
      }, so it has no contour; leave some background in black`,
    );
  }
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

/** The points of the shape of a name. */
function insideOf(name: string, text: string): Inside {
  if (Object.hasOwn(FIGURES, name)) return FIGURES[name];
  if (SHAPE_NAMES.includes(name)) return letterShape(name.slice("letter-".length));
  const said = text === name ? `"${name}"` : `"${name}" (in "${text}")`;
  throw new InputError(`there is no shape ${said}; choose one of ${FIGURE_NAMES.join(", ")}, letter-A to letter-Z`);
}

function range(key: string): string {
  const { low, high } = PLACEMENT[key as keyof typeof PLACEMENT];
  return `from ${low} to ${high}`;
}

function requireRange(key: keyof typeof PLACEMENT, value: number, text: string): void {
  const { low, high } = PLACEMENT[key];
  if (!(value >= low && value <= high)) {
    throw new InputError(`the shape "${text}" has the ${key} ${value}; give one ${range(key)}`);
  }
}

/**
 * Cosine and sine of an angle. They are exact for quarter turns, so that a shape turned by them covers the same points.
 */
function direction(degrees: number): [number, number] {
  const quarters = degrees / 90;
  if (Number.isInteger(quarters)) {
    return [[1, 0], [0, 1], [-1, 0], [0, -1]][((quarters % 4) + 4) % 4] as [number, number];
  }
  const radians = degrees * Math.PI / 180;
  return [Math.cos(radians), Math.sin(radians)];
}
