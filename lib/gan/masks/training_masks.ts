/**
 * Masks to train with, made of the training images themselves by arithmetic alone: soft silhouettes of what stands out from
 * the image's border, edges, and images pasted into each other along a random shape. A generator that has seen all three takes
 * masks drawn by hand.
 *
 * @module
 */
import type { Random } from "../../random.ts";
import { type Mask, MASK_SIZE, randomShape } from "./shapes.ts";

const SIZE = MASK_SIZE;
const PIXELS = SIZE * SIZE;
const IMAGE = PIXELS * 3;

/** Images with their masks, as bytes. */
export interface MaskedImages {
  /** Number of images N. */
  readonly count: number;
  /** Pixels 0 .. 255, shape [N, 32, 32, 3]. */
  readonly pixels: Uint8Array<ArrayBufferLike>;
  /** What {@linkcode silhouettes} makes of them, shape [N, 32, 32]. */
  readonly silhouettes: Uint8Array<ArrayBufferLike>;
  /** What {@linkcode edgeMaps} makes of them, shape [N, 32, 32]. */
  readonly edges: Uint8Array<ArrayBufferLike>;
}

/** An image and a mask that tells where its object is. */
export interface TrainingExample {
  readonly kind: keyof typeof MASK_SHARES;
  /** Shape [32, 32, 3], in [0, 1]. */
  readonly image: Float32Array;
  readonly mask: Mask;
}

/** How often each kind of mask is drawn: shares that sum to 1. */
export const MASK_SHARES = { silhouette: 0.55, edges: 0.2, composite: 0.25 } as const;

/**
 * One example of the training: an image with its silhouette or its edges, or two images of one label, one inside a random
 * shape and the other around it.
 *
 * @param image number of the image.
 * @param mate number of another image of its label, seen inside the shape.
 * @param random decides the kind and the shape.
 * @throws {RangeError} when there is no such image.
 */
export function trainingExample(images: MaskedImages, image: number, mate: number, random: Random): TrainingExample {
  for (const number of [image, mate]) {
    if (!(Number.isInteger(number) && number >= 0 && number < images.count)) {
      throw new RangeError(`no image ${number} among ${images.count}`);
    }
  }
  const drawn = random.uniform();
  const pixels = fromBytes(images.pixels, image, IMAGE);
  if (drawn < MASK_SHARES.silhouette) {
    return { kind: "silhouette", image: pixels, mask: fromBytes(images.silhouettes, image, PIXELS) };
  }
  if (drawn < MASK_SHARES.silhouette + MASK_SHARES.edges) {
    return { kind: "edges", image: pixels, mask: fromBytes(images.edges, image, PIXELS) };
  }
  const mask = randomShape(random);
  return { kind: "composite", image: composite(fromBytes(images.pixels, mate, IMAGE), pixels, mask), mask };
}

function fromBytes(bytes: Uint8Array, index: number, length: number): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = bytes[index * length + i] / 255;
  return values;
}

/**
 * Pastes one image into another: mask * inside + (1 - mask) * outside in every pixel, so that the mask is its contour.
 *
 * @param inside shape [32, 32, 3].
 * @param outside shape [32, 32, 3].
 * @returns shape [32, 32, 3].
 */
export function composite(inside: Float32Array, outside: Float32Array, mask: Mask): Float32Array {
  for (const image of [inside, outside]) requireLength(image, IMAGE);
  requireLength(mask, PIXELS);
  const image = new Float32Array(IMAGE);
  for (let i = 0; i < IMAGE; i++) {
    const share = mask[Math.floor(i / 3)];
    image[i] = share * inside[i] + (1 - share) * outside[i];
  }
  return image;
}

/**
 * Silhouettes of many images.
 *
 * @param pixels bytes, shape [count, 32, 32, 3].
 * @param made called now and then with the number of images done.
 * @returns round(255 mask), shape [count, 32, 32].
 */
export function silhouettes(pixels: Uint8Array, count: number, made?: (done: number) => void): Uint8Array {
  return masksOf(silhouette, pixels, count, made);
}

/**
 * Edges of many images.
 *
 * @param pixels bytes, shape [count, 32, 32, 3].
 * @param made called now and then with the number of images done.
 * @returns round(255 mask), shape [count, 32, 32].
 */
export function edgeMaps(pixels: Uint8Array, count: number, made?: (done: number) => void): Uint8Array {
  return masksOf(edgeMap, pixels, count, made);
}

function masksOf(
  maskOf: (image: Float32Array) => Mask,
  pixels: Uint8Array,
  count: number,
  made?: (done: number) => void,
): Uint8Array {
  requireLength(pixels, count * IMAGE);
  const masks = new Uint8Array(count * PIXELS);
  const image = new Float32Array(IMAGE);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < IMAGE; i++) image[i] = pixels[n * IMAGE + i] / 255;
    const mask = maskOf(image);
    for (let i = 0; i < PIXELS; i++) masks[n * PIXELS + i] = Math.round(255 * mask[i]);
    if ((n + 1) % 1000 === 0 || n + 1 === count) made?.(n + 1);
  }
  return masks;
}

/** Steepness of the soft threshold: what stands out by .1 more than it is logistic(1) = .73. */
const STEEPNESS = 10;
/** Where the colours of an image differ by less than this in all, nothing stands out. */
const FLAT = 0.03;
/** Rounds of telling foreground from background by the colours found in each. */
const COLOUR_ROUNDS = 2;

/**
 * The soft silhouette of what stands out in an image, told without any learned network.
 *
 * What cannot be reached from the border without crossing a contrast stands out (minimum barrier distance), and so does what
 * is unlike the colours of the border's sides (Mahalanobis distance), more so near the centre. Otsu's threshold parts it from
 * the rest; then, twice, each pixel is judged anew by how often its colour is seen in foreground and background, and holes
 * are filled. It has no notion of objects: of two things that stand out it takes both, and of an object that fills the frame
 * what differs from its edge.
 *
 * @param image shape [32, 32, 3], in [0, 1].
 * @returns shape [32, 32], in [0, 1]; a soft disk in the centre for an image of one colour.
 * @throws {RangeError} when the image has another size.
 * @see Zhang et al. (2015), Minimum Barrier Salient Object Detection at 80 FPS
 */
export function silhouette(image: Float32Array): Mask {
  requireLength(image, IMAGE);
  const planes = opponentPlanes(image);
  const [inner, unlike] = [new Float32Array(PIXELS), new Float32Array(PIXELS)];
  for (const plane of planes) addBarrierDistance(plane, inner);
  addUnlikenessToSides(planes, unlike);
  if (!(Math.max(...inner) > FLAT)) return centredDisk();
  const standing = toUnitRange(inner);
  toUnitRange(unlike);
  for (let i = 0; i < PIXELS; i++) standing[i] = (standing[i] + unlike[i]) * CENTRE_PRIOR[i];
  toUnitRange(smooth(standing));
  const threshold = otsuThreshold(standing);
  let mask = fillHoles(standing.map((value) => logistic(STEEPNESS * (value - threshold))));
  const bins = colourBins(planes);
  for (let round = 0; round < COLOUR_ROUNDS; round++) {
    const evidence = colourEvidence(bins, mask);
    for (let i = 0; i < PIXELS; i++) evidence[i] += 0.8 * STEEPNESS * (standing[i] - threshold);
    smooth(evidence);
    mask = fillHoles(evidence.map((value) => logistic(1.5 * value)));
  }
  return mask;
}

/** Less towards the corners, where it is 1/e: photographs have their objects in the middle. */
const CENTRE_PRIOR = Float32Array.from(
  { length: PIXELS },
  (_, i) => Math.exp(-(fromCentre(Math.floor(i / SIZE)) ** 2 + fromCentre(i % SIZE) ** 2) / 2),
);

/** Place of a row or column between -1 and 1. */
function fromCentre(place: number): number {
  return (2 * place + 1) / SIZE - 1;
}

function centredDisk(): Mask {
  return CENTRE_PRIOR.map((prior) => logistic(STEEPNESS * (prior - 0.8)));
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Lightness, red against green and yellow against blue, smoothed a little against noise. */
function opponentPlanes(image: Float32Array): Float32Array[] {
  const planes = [0, 1, 2].map(() => new Float32Array(PIXELS));
  for (let i = 0; i < PIXELS; i++) {
    const [red, green, blue] = [image[3 * i], image[3 * i + 1], image[3 * i + 2]];
    planes[0][i] = (red + green + blue) / 3;
    planes[1][i] = red - green;
    planes[2][i] = (red + green) / 2 - blue;
  }
  planes.forEach(smooth);
  return planes;
}

/** Smooths in place by 1/4, 1/2, 1/4 along rows and columns; beyond the image its edge goes on. */
function smooth(plane: Float32Array): Float32Array {
  const rows = new Float32Array(PIXELS);
  for (let i = 0; i < PIXELS; i++) {
    const column = i % SIZE;
    rows[i] = (plane[column > 0 ? i - 1 : i] + 2 * plane[i] + plane[column < SIZE - 1 ? i + 1 : i]) / 4;
  }
  for (let i = 0; i < PIXELS; i++) {
    plane[i] = (rows[i >= SIZE ? i - SIZE : i] + 2 * rows[i] + rows[i < PIXELS - SIZE ? i + SIZE : i]) / 4;
  }
  return plane;
}

/** Stretches values in place from 0, their lowest, to 1, their highest; equal ones become 0. */
function toUnitRange(values: Float32Array): Float32Array {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  const span = Math.max(high - low, 1e-6);
  for (let i = 0; i < values.length; i++) values[i] = (values[i] - low) / span;
  return values;
}

/**
 * Adds to each pixel its minimum barrier distance to the border: over all paths, the least difference of the highest and the
 * lowest value on the way. Raster scans there and back, twice, come close to it.
 */
function addBarrierDistance(plane: Float32Array, sum: Float32Array): void {
  const distance = new Float32Array(PIXELS).fill(Infinity);
  const highest = plane.slice();
  const lowest = plane.slice();
  for (let i = 0; i < SIZE; i++) {
    distance[i] =
      distance[PIXELS - 1 - i] =
      distance[i * SIZE] =
      distance[i * SIZE + SIZE - 1] =
        0;
  }
  const reach = (i: number, from: number) => {
    const high = plane[i] > highest[from] ? plane[i] : highest[from];
    const low = plane[i] < lowest[from] ? plane[i] : lowest[from];
    if (high - low < distance[i]) {
      distance[i] = high - low;
      highest[i] = high;
      lowest[i] = low;
    }
  };
  scanThereAndBack(2, reach);
  for (let i = 0; i < PIXELS; i++) sum[i] += distance[i];
}

/** Visits the inner pixels from the top left, each from its left and upper neighbour, and then back, from the others. */
function scanThereAndBack(rounds: number, visit: (i: number, from: number) => void): void {
  for (let round = 0; round < rounds; round++) {
    for (let row = 1; row < SIZE - 1; row++) {
      for (let i = row * SIZE + 1; i < row * SIZE + SIZE - 1; i++) {
        visit(i, i - 1);
        visit(i, i - SIZE);
      }
    }
    for (let row = SIZE - 2; row > 0; row--) {
      for (let i = row * SIZE + SIZE - 2; i > row * SIZE; i--) {
        visit(i, i + 1);
        visit(i, i + SIZE);
      }
    }
  }
}

/** Thickness of the border's sides in pixels. */
const SIDE = 3;
/** Numbers of the pixels of the four sides. */
const SIDES: readonly Uint16Array[] = [
  (row: number, _: number) => row < SIDE,
  (row: number, _: number) => row >= SIZE - SIDE,
  (_: number, column: number) => column < SIDE,
  (_: number, column: number) => column >= SIZE - SIDE,
].map((isOn) =>
  Uint16Array.from(Array.from({ length: PIXELS }, (_, i) => i).filter((i) => isOn(Math.floor(i / SIZE), i % SIZE)))
);
/** Variance that colours of a side have at least, against sides of one colour: a deviation of .02. */
const LEAST_VARIANCE = 0.0004;

/**
 * Adds to each pixel how much its colour is unlike those of the border: its Mahalanobis distance to the colours of each side,
 * as a share of the farthest pixel's. The largest of the four does not count, so that an object may touch one side.
 */
function addUnlikenessToSides([lightness, redness, yellowness]: readonly Float32Array[], sum: Float32Array): void {
  const largest = new Float32Array(PIXELS);
  const distance = new Float32Array(PIXELS);
  for (const side of SIDES) {
    const n = side.length;
    let [meanL, meanR, meanY] = [0, 0, 0];
    for (const i of side) {
      meanL += lightness[i] / n;
      meanR += redness[i] / n;
      meanY += yellowness[i] / n;
    }
    let [ll, lr, ly, rr, ry, yy] = [LEAST_VARIANCE, 0, 0, LEAST_VARIANCE, 0, LEAST_VARIANCE];
    for (const i of side) {
      const [l, r, y] = [lightness[i] - meanL, redness[i] - meanR, yellowness[i] - meanY];
      ll += l * l / n;
      lr += l * r / n;
      ly += l * y / n;
      rr += r * r / n;
      ry += r * y / n;
      yy += y * y / n;
    }
    // the inverse of the symmetric 3 x 3 covariance by its cofactors
    const [ill, ilr, ily] = [rr * yy - ry * ry, ly * ry - lr * yy, lr * ry - ly * rr];
    const [irr, iry, iyy] = [ll * yy - ly * ly, lr * ly - ll * ry, ll * rr - lr * lr];
    const determinant = ll * ill + lr * ilr + ly * ily;
    let farthest = 1e-6;
    for (let i = 0; i < PIXELS; i++) {
      const l = lightness[i] - meanL;
      const r = redness[i] - meanR;
      const y = yellowness[i] - meanY;
      const squared = ill * l * l + irr * r * r + iyy * y * y + 2 * (ilr * l * r + ily * l * y + iry * r * y);
      distance[i] = Math.sqrt(Math.max(0, squared / determinant)); // rounding may pass 0
      if (distance[i] > farthest) farthest = distance[i];
    }
    for (let i = 0; i < PIXELS; i++) {
      const share = distance[i] / farthest;
      sum[i] += share;
      if (share > largest[i]) largest[i] = share;
    }
  }
  for (let i = 0; i < PIXELS; i++) sum[i] -= largest[i];
}

/** The threshold that parts values in [0, 1] into two groups with the most variance between them (Otsu 1979), of 64 levels. */
function otsuThreshold(values: Float32Array): number {
  const levels = 64;
  const counts = new Uint32Array(levels);
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const level = Math.min(levels - 1, Math.floor(values[i] * levels));
    counts[level]++;
    total += level;
  }
  let [below, sumBelow, most, threshold] = [0, 0, 0, levels / 2];
  for (let level = 0; level < levels - 1; level++) {
    below += counts[level];
    sumBelow += level * counts[level];
    const above = values.length - below;
    if (below === 0 || above === 0) continue;
    const between = below * above * (sumBelow / below - (total - sumBelow) / above) ** 2;
    if (between > most) [most, threshold] = [between, level + 1];
  }
  return threshold / levels;
}

/** Fields that each of the three axes of colour is cut into. */
const FIELDS = 8;
/** An axis of colour that spans less than this is cut as though it spanned this, for noise not to be taken for colours. */
const LEAST_SPAN = 0.15;

/** The field of the image's own range of colours in which each pixel lies. */
function colourBins(planes: readonly Float32Array[]): Uint16Array {
  const bins = new Uint16Array(PIXELS);
  for (const plane of planes) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < PIXELS; i++) {
      if (plane[i] < low) low = plane[i];
      if (plane[i] > high) high = plane[i];
    }
    const field = Math.max(high - low, LEAST_SPAN) / FIELDS;
    for (let i = 0; i < PIXELS; i++) {
      bins[i] = bins[i] * FIELDS + Math.min(FIELDS - 1, Math.floor((plane[i] - low) / field));
    }
  }
  return bins;
}

/** For each pixel, .7 of the logarithm of how much more often its colour is seen in the foreground, within -3 and 3. */
function colourEvidence(bins: Uint16Array, mask: Mask): Float32Array {
  const front = new Float32Array(FIELDS ** 3);
  const back = new Float32Array(FIELDS ** 3);
  let frontSum = 1; // an image that is all background shall not divide by 0
  for (let i = 0; i < PIXELS; i++) {
    front[bins[i]] += mask[i];
    back[bins[i]] += 1 - mask[i];
    frontSum += mask[i];
  }
  const backSum = PIXELS + 2 - frontSum;
  const rare = 0.002; // a share of two pixels, for colours that hardly occur to say little
  const evidence = new Float32Array(PIXELS);
  for (let i = 0; i < PIXELS; i++) {
    const ratio = (front[bins[i]] / frontSum + rare) / (back[bins[i]] / backSum + rare);
    evidence[i] = Math.max(-3, Math.min(3, 0.7 * Math.log(ratio)));
  }
  return evidence;
}

/** Raises what lies lower than all around it: each pixel to the least height that every path from the border must pass. */
function fillHoles(mask: Mask): Mask {
  const filled = new Float32Array(PIXELS).fill(1);
  for (let i = 0; i < SIZE; i++) {
    for (const border of [i, PIXELS - 1 - i, i * SIZE, i * SIZE + SIZE - 1]) filled[border] = mask[border];
  }
  scanThereAndBack(3, (i, from) => {
    const height = mask[i] > filled[from] ? mask[i] : filled[from];
    if (height < filled[i]) filled[i] = height;
  });
  return filled;
}

/** Share of pixels whose gradient lies below the one that becomes 1. */
const EDGE_PERCENTILE = 0.95;
/** Gradient that becomes 1 at least, in steps of one channel from 0 to 1: below, an image is taken to have no edges. */
const LEAST_EDGE = 0.1;

/**
 * The edges of an image: the magnitude of its gradient (Sobel) over the three channels, smoothed by a pixel, with the 95th
 * percentile and all above as 1.
 *
 * @param image shape [32, 32, 3], in [0, 1].
 * @returns shape [32, 32], in [0, 1]; all 0 for an image of one colour.
 * @throws {RangeError} when the image has another size.
 */
export function edgeMap(image: Float32Array): Mask {
  requireLength(image, IMAGE);
  const edges = new Float32Array(PIXELS);
  for (let row = 0; row < SIZE; row++) {
    const above = (row > 0 ? row - 1 : row) * SIZE;
    const below = (row < SIZE - 1 ? row + 1 : row) * SIZE;
    for (let column = 0; column < SIZE; column++) {
      const left = column > 0 ? column - 1 : column;
      const right = column < SIZE - 1 ? column + 1 : column;
      let squared = 0;
      for (let c = 0; c < 3; c++) {
        const at = (start: number, place: number) => image[(start + place) * 3 + c];
        const [topLeft, topRight] = [at(above, left), at(above, right)];
        const [bottomLeft, bottomRight] = [at(below, left), at(below, right)];
        const across = topRight + bottomRight - topLeft - bottomLeft +
          2 * (at(row * SIZE, right) - at(row * SIZE, left));
        const down = bottomLeft + bottomRight - topLeft - topRight + 2 * (at(below, column) - at(above, column));
        squared += across * across + down * down;
      }
      edges[row * SIZE + column] = Math.sqrt(squared) / 4; // 1 for a step of one channel from 0 to 1
    }
  }
  smooth(edges);
  const strong = Math.max(LEAST_EDGE, edges.slice().sort()[Math.floor(EDGE_PERCENTILE * (PIXELS - 1))]);
  for (let i = 0; i < PIXELS; i++) edges[i] = Math.min(1, edges[i] / strong);
  return edges;
}

function requireLength(values: ArrayLike<number>, length: number): void {
  if (values.length !== length) throw new RangeError(`${values.length} values instead of ${length}`);
}
