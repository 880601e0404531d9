/**
 * Soft silhouettes of photographs, by arithmetic alone.
 *
 * @module
 */
import { IMAGE, PIXELS, requireLength, SIZE, smooth } from "./planes.ts";
import type { Mask } from "./shapes.ts";

/** Steepness of the soft threshold. A pixel .1 above the threshold gets logistic(1) = .73. */
const STEEPNESS = 10;
/** Largest barrier distance, summed over the three planes, of an image in which nothing stands out. */
const FLAT = 0.03;
/** Rounds of judging pixels by the colours of foreground and background. */
const COLOUR_ROUNDS = 2;
/**
 * How much it counts in those rounds that a pixel stands out, as a share of {@linkcode STEEPNESS}; its colour counts
 * beside it.
 */
const STANDING_SHARE = 0.8;
/** Steepness of the mask in the evidence of those rounds, which lies between about -10 and 10. */
const EVIDENCE_STEEPNESS = 1.5;

/**
 * The soft silhouette of what stands out in an image, found without any learned network.
 *
 * 1. A pixel stands out when every path from the border to it crosses a contrast (minimum barrier distance), and when
 *    its colour is unlike those along the sides of the image (Mahalanobis distance). Pixels near the centre count more.
 * 2. Otsu's threshold separates foreground from background.
 * 3. Twice, each pixel is judged again by how often its colour occurs in the foreground and in the background, and
 *    holes of the foreground are filled.
 *
 * The method knows nothing of objects. If two things stand out, it takes both. If an object fills the frame, it takes
 * the parts that differ from the object's rim.
 *
 * @param image shape [32, 32, 3], in [0, 1].
 * @returns shape [32, 32], in [0, 1]; for an image of one colour a soft disk in the centre.
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
    for (let i = 0; i < PIXELS; i++) evidence[i] += STANDING_SHARE * STEEPNESS * (standing[i] - threshold);
    smooth(evidence);
    mask = fillHoles(evidence.map((value) => logistic(EVIDENCE_STEEPNESS * value)));
  }
  return mask;
}

/** Weight of each pixel, from 1 in the centre to 1/e in the corners: photographs have their objects in the middle. */
const CENTRE_PRIOR = Float32Array.from(
  { length: PIXELS },
  (_, i) => Math.exp(-(fromCentre(Math.floor(i / SIZE)) ** 2 + fromCentre(i % SIZE) ** 2) / 2),
);

/** Where a row or column lies, from -1 to 1; the centre is 0. */
function fromCentre(index: number): number {
  return (2 * index + 1) / SIZE - 1;
}

/** The mask of an image in which nothing stands out: a soft disk whose diameter is two thirds of the image's side. */
function centredDisk(): Mask {
  return CENTRE_PRIOR.map((prior) => logistic(STEEPNESS * (prior - 0.8)));
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * Three planes of an image: lightness, red against green, and yellow against blue. They are smoothed, against noise.
 */
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

/** Stretches values in place, so that the lowest becomes 0 and the highest 1. If all are equal, all become 0. */
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
 * Adds to each pixel its minimum barrier distance to the border. The barrier of a path is the highest value on it minus
 * the lowest; the distance is the smallest barrier of all paths. Two raster scans there and back come close to it.
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

/**
 * Visits each inner pixel from its left and upper neighbours, in order from the top left; then from its right and lower
 * neighbours, in the opposite order.
 */
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

/** Width of the strips along the four sides of the image, in pixels. */
const SIDE = 3;
/** Indices of the pixels of each of the four strips. */
const SIDES: readonly Uint16Array[] = [
  (row: number, _: number) => row < SIDE,
  (row: number, _: number) => row >= SIZE - SIDE,
  (_: number, column: number) => column < SIDE,
  (_: number, column: number) => column >= SIZE - SIDE,
].map((isOn) =>
  Uint16Array.from(Array.from({ length: PIXELS }, (_, i) => i).filter((i) => isOn(Math.floor(i / SIZE), i % SIZE)))
);
/**
 * Added to the variances of a strip, so that a strip of one colour has an inverse covariance: a standard deviation of
 * .02.
 */
const LEAST_VARIANCE = 0.0004;

/**
 * Adds to each pixel how unlike its colour is to those of the four strips: the sum of its Mahalanobis distances to
 * their colours, each as a share of the farthest pixel's. The largest of the four is left out, so that an object may
 * touch one side.
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

/**
 * The threshold, one of 64 levels, that divides values in [0, 1] into two groups with the most variance between them
 * (Otsu 1979).
 */
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

/** Bins along each of the three colour axes: 512 in all for 1,024 pixels. */
const BINS = 8;
/** Smallest range that an axis is divided over: noise within it does not count as different colours. */
const LEAST_SPAN = 0.15;

/** The colour bin of each pixel. Bins divide the range that the image's own colours span. */
function colourBins(planes: readonly Float32Array[]): Uint16Array {
  const bins = new Uint16Array(PIXELS);
  for (const plane of planes) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < PIXELS; i++) {
      if (plane[i] < low) low = plane[i];
      if (plane[i] > high) high = plane[i];
    }
    const bin = Math.max(high - low, LEAST_SPAN) / BINS;
    for (let i = 0; i < PIXELS; i++) {
      bins[i] = bins[i] * BINS + Math.min(BINS - 1, Math.floor((plane[i] - low) / bin));
    }
  }
  return bins;
}

/**
 * How much the colour of each pixel speaks for the foreground: .7 of the logarithm of its frequency in the foreground
 * over that in the background, cut off at -3 and 3.
 */
function colourEvidence(bins: Uint16Array, mask: Mask): Float32Array {
  const front = new Float32Array(BINS ** 3);
  const back = new Float32Array(BINS ** 3);
  let frontSum = 1; // not 0, by which an image that is all background would be divided
  for (let i = 0; i < PIXELS; i++) {
    front[bins[i]] += mask[i];
    back[bins[i]] += 1 - mask[i];
    frontSum += mask[i];
  }
  const backSum = PIXELS + 2 - frontSum;
  const rare = 0.002; // two pixels: colours that hardly occur say little
  const evidence = new Float32Array(PIXELS);
  for (let i = 0; i < PIXELS; i++) {
    const ratio = (front[bins[i]] / frontSum + rare) / (back[bins[i]] / backSum + rare);
    evidence[i] = Math.max(-3, Math.min(3, 0.7 * Math.log(ratio)));
  }
  return evidence;
}

/**
 * Fills holes of the foreground. Each pixel is raised to the height that no path from the border can avoid: the
 * smallest, over all paths, of the largest value on the path.
 */
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
