/** Lloyd's iterations end when no centre moves; this many at most, as in `lloyd`. */
const MAX_ITERATIONS = 100;

/**
 * Two centres whose squared distances to a point differ by less than this share of the largest are a tie as far as sums of
 * distances can tell. Their rounding is below 1e-11 of the largest after a hundred iterations of thousands of points.
 */
const UNDECIDED = 1e-9;

/**
 * Lloyd's algorithm from the squared distances of all pairs, for points of many dimensions: it finds what `lloyd` finds, and
 * costs additions for the points that change their cluster, not the dimensions.
 *
 *     |x - c|^2 = sum over j in c of D_xj / n  -  sum over i, j in c of D_ij / (2 n^2),   c the mean of n points
 *
 * since the mean square distance of x to points is that to their mean and their variance, half their mean square distance.
 *
 * @param distances squared distances D: row i has those of point i to all n points.
 * @param starts K starting centres, each the mean of the points of these indices.
 * @param largest of the distances.
 * @returns cluster of each point, those of `lloyd`; null where rounding could decide between two centres or a cluster runs
 * empty, which `lloyd` settles.
 */
export function lloydByDistances(
  distances: readonly Float64Array[],
  starts: readonly (readonly number[])[],
  largest: number,
): number[] | null {
  const n = distances.length;
  const K = starts.length;
  let sums = sumsOver(distances, starts);
  let sizes = starts.map(({ length }) => length);
  let within = starts.map((members, k) => varianceOf(members, sums[k]));
  let clusters: Int32Array | null = null;

  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const next = nearest(sums, sizes, within, UNDECIDED * largest);
    if (next === null) return null;
    const members = membersOf(next, K);
    if (members.some(({ length }) => length === 0)) return null;
    const before = clusters;
    const moved = before === null ? null : movedPoints(before, next);
    clusters = next;
    if (moved?.length === 0) break;
    if (before === null || moved === null || 2 * moved.length > n) sums = sumsOver(distances, members);
    else for (const j of moved) move(distances[j], sums[before[j]], sums[next[j]]);
    sizes = members.map(({ length }) => length);
    within = members.map((each, k) => varianceOf(each, sums[k]));
  }
  return Array.from(clusters!);
}

/** For each centre the sums of the distances of every point to its members. */
function sumsOver(distances: readonly Float64Array[], sets: readonly (readonly number[])[]): Float64Array[] {
  return sets.map((members) => {
    const sums = new Float64Array(distances.length);
    for (const j of members) {
      const row = distances[j];
      for (let i = 0; i < sums.length; i++) sums[i] += row[i];
    }
    return sums;
  });
}

/** Half the mean squared distance of the members of a centre to each other, themselves included: their variance. */
function varianceOf(members: readonly number[], sums: Float64Array): number {
  let total = 0;
  for (const i of members) total += sums[i];
  return total / (2 * members.length * members.length);
}

/** The nearest centre of each point; null where two are as near as rounding can tell. */
function nearest(
  sums: readonly Float64Array[],
  sizes: readonly number[],
  within: readonly number[],
  undecided: number,
): Int32Array | null {
  const clusters = new Int32Array(sums[0].length);
  for (let i = 0; i < clusters.length; i++) {
    let best = Infinity;
    let second = Infinity;
    for (let k = 0; k < sums.length; k++) {
      const distance = sums[k][i] / sizes[k] - within[k];
      if (distance < best) {
        second = best;
        best = distance;
        clusters[i] = k;
      } else if (distance < second) second = distance;
    }
    if (!(second - best > undecided)) return null;
  }
  return clusters;
}

function membersOf(clusters: Int32Array, K: number): number[][] {
  const members: number[][] = Array.from({ length: K }, () => []);
  clusters.forEach((k, i) => members[k].push(i));
  return members;
}

function movedPoints(before: Int32Array, after: Int32Array): number[] {
  const moved: number[] = [];
  after.forEach((k, i) => k !== before[i] && moved.push(i));
  return moved;
}

function move(distances: Float64Array, from: Float64Array, to: Float64Array): void {
  for (let i = 0; i < distances.length; i++) {
    from[i] -= distances[i];
    to[i] += distances[i];
  }
}
