import assert from "node:assert/strict";
import { CALIBRATED, chooseFirstImages, chooseImages } from "../../lib/pipeline/mod.ts";

const OPTIONS = { ...CALIBRATED.cluster, seed: 0 };
const EMBEDDINGS = { rows: 4, cols: 2, data: Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31) };

Deno.test("chooseImages() takes rows of the embeddings in the order asked for", () => {
  const { embeddings, options } = chooseImages(EMBEDDINGS, OPTIONS, [2, 0]);
  assert.deepEqual(embeddings, { rows: 2, cols: 2, data: Float32Array.of(20, 21, 0, 1) });
  assert.equal(options, OPTIONS);
  const doubles = { ...EMBEDDINGS, data: Float64Array.from(EMBEDDINGS.data) };
  assert.ok(chooseImages(doubles, OPTIONS, [3]).embeddings.data instanceof Float64Array);
});

Deno.test("chooseImages() takes the distances of its pairs along", () => {
  // pairs (1,0) (2,0) (2,1) (3,0) (3,1) (3,2) are at 10, 20, 21, 30, 31, 32; of images 3, 1, 2 they are (1,3) (2,3) (2,1)
  const perceptual = { distances: [10, 20, 21, 30, 31, 32], weight: 2 };
  const { options } = chooseImages(EMBEDDINGS, { ...OPTIONS, perceptual }, Uint32Array.of(3, 1, 2));
  assert.deepEqual([...Array.from(options.perceptual!.distances)], [31, 32, 21]);
  assert.equal(options.perceptual!.weight, 2);
  assert.deepEqual(
    Array.from(chooseImages(EMBEDDINGS, { ...OPTIONS, perceptual }, [1, 1]).options.perceptual!.distances),
    [
      0,
    ],
  );
});

Deno.test("chooseImages() refuses images that are not there", () => {
  assert.throws(() => chooseImages(EMBEDDINGS, OPTIONS, [0, 4]), /no image 4 among 4/);
  assert.throws(() => chooseImages(EMBEDDINGS, OPTIONS, [0.5]), RangeError);
});

Deno.test("chooseFirstImages() takes the first images with the pairs among them", () => {
  const perceptual = { distances: [10, 20, 21, 30, 31, 32], weight: 2 };
  const { embeddings, options } = chooseFirstImages(EMBEDDINGS, { ...OPTIONS, perceptual }, 3);
  assert.deepEqual(embeddings, { rows: 3, cols: 2, data: Float32Array.of(0, 1, 10, 11, 20, 21) });
  assert.deepEqual(Array.from(options.perceptual!.distances), [10, 20, 21]);
  assert.throws(() => chooseFirstImages(EMBEDDINGS, OPTIONS, 5), /no image 4 among 4/);
});
