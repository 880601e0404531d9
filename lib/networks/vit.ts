/**
 * A small vision transformer for 32 px images (Dosovitskiy et al. 2021) in its plain form (Beyer et al. 2022): patches of
 * 4 x 4 px, positions as fixed waves, blocks that normalize before attention and before the MLP, the mean over tokens, one
 * linear classifier. Tensors have timm's names.
 *
 * @module
 */
import { Matrix, SVD } from "ml-matrix";
import { gelu, normalizeLast, tf } from "../engine/mod.ts";
import type { Random } from "../random.ts";
import type { LayerInfo, Size } from "../types.ts";
import { takeWeight, type Weights } from "../weights/mod.ts";
import type { Network, Through, TrainableClassifier } from "./network.ts";
import { colourImage, divideByDeviations, type Normalization } from "./normalize.ts";
import { toTensor } from "./tensors.ts";

/** The images it takes. */
export const VIT_INPUT: Size = { height: 32, width: 32 };
const PATCH = 4;
/** Patches along a side. */
const SIDE = VIT_INPUT.height / PATCH;
const TOKENS = SIDE * SIDE;
/** Features of a token. */
const WIDTH = 128;
/** Length of the mean over tokens, which the classifier reads. */
export const VIT_FEATURES = WIDTH;
const DEPTH = 6;
const HEADS = 4;
const HEAD_WIDTH = WIDTH / HEADS;
/** Twice the width, where four times is usual: what two cores train in two hours. */
const HIDDEN = 2 * WIDTH;
const CLASSES = 10;
/** timm's, and the paper's. */
const EPSILON = 1e-6;

/** Name of the tensor of positions, which is not trained. */
const POSITIONS = "pos_embed";

/** Shapes in PyTorch's layouts. */
const BODY_SHAPES: Readonly<Record<string, readonly number[]>> = {
  "patch_embed.proj.weight": [WIDTH, 3, PATCH, PATCH],
  "patch_embed.proj.bias": [WIDTH],
  ...Object.assign({}, ...Array.from({ length: DEPTH }, (_, block) => shapesOfBlock(`blocks.${block}`))),
  "norm.weight": [WIDTH],
  "norm.bias": [WIDTH],
};
const HEAD_SHAPES: Readonly<Record<string, readonly number[]>> = {
  "head.weight": [CLASSES, WIDTH],
  "head.bias": [CLASSES],
};

function shapesOfBlock(block: string): Record<string, readonly number[]> {
  return {
    [`${block}.norm1.weight`]: [WIDTH],
    [`${block}.norm1.bias`]: [WIDTH],
    [`${block}.attn.qkv.weight`]: [3 * WIDTH, WIDTH],
    [`${block}.attn.qkv.bias`]: [3 * WIDTH],
    [`${block}.attn.proj.weight`]: [WIDTH, WIDTH],
    [`${block}.attn.proj.bias`]: [WIDTH],
    [`${block}.norm2.weight`]: [WIDTH],
    [`${block}.norm2.bias`]: [WIDTH],
    [`${block}.mlp.fc1.weight`]: [HIDDEN, WIDTH],
    [`${block}.mlp.fc1.bias`]: [HIDDEN],
    [`${block}.mlp.fc2.weight`]: [WIDTH, HIDDEN],
    [`${block}.mlp.fc2.bias`]: [WIDTH],
  };
}

/** The scorable layers before the classifier: the patches, four linear maps and the sum of every block. */
export const VIT_BODY_LAYERS: readonly LayerInfo[] = [
  { name: "patch_embed.proj", positions: "grid", units: WIDTH },
  ...Array.from({ length: DEPTH }, (_, block): LayerInfo[] => [
    { name: `blocks.${block}.attn.qkv`, positions: "tokens", units: 3 * WIDTH },
    { name: `blocks.${block}.attn.proj`, positions: "tokens", units: WIDTH },
    { name: `blocks.${block}.mlp.fc1`, positions: "tokens", units: HIDDEN },
    { name: `blocks.${block}.mlp.fc2`, positions: "tokens", units: WIDTH },
    { name: `blocks.${block}`, positions: "tokens", units: WIDTH },
  ]).flat(),
];

/** The scorable layers: those, and the class scores. */
export const VIT_LAYERS: readonly LayerInfo[] = [
  ...VIT_BODY_LAYERS,
  { name: "head", positions: "none", units: CLASSES },
];

/**
 * Where each patch lies, as sines and cosines of its row and column at WIDTH / 4 wavelengths each.
 *
 * @returns shape [TOKENS, WIDTH], entries in [-1, 1].
 * @see Beyer et al. (2022), "Better plain ViT baselines for ImageNet-1k", posemb_sincos_2d
 */
export function positionWaves(): Float32Array {
  const count = WIDTH / 4;
  const waves = new Float32Array(TOKENS * WIDTH);
  for (let token = 0; token < TOKENS; token++) {
    const [row, column] = [Math.floor(token / SIDE), token % SIDE];
    for (let i = 0; i < count; i++) {
      const frequency = 10_000 ** -(i / (count - 1));
      const angles = [column * frequency, row * frequency];
      angles.forEach((angle, which) => {
        waves[token * WIDTH + (2 * which) * count + i] = Math.sin(angle);
        waves[token * WIDTH + (2 * which + 1) * count + i] = Math.cos(angle);
      });
    }
  }
  return waves;
}

/** A linear map of the last axis. */
function linear(parameters: ReadonlyMap<string, tf.Tensor>, name: string, x: tf.Tensor): tf.Tensor {
  const weight = parameters.get(`${name}.weight`) as tf.Tensor2D;
  const [inputs, outputs] = weight.shape;
  const y = tf.add(tf.matMul(x.reshape([-1, inputs]), weight), parameters.get(`${name}.bias`)!);
  return y.reshape([...x.shape.slice(0, -1), outputs]);
}

/** Normalizes tokens, then scales and shifts their features. */
function normalize(parameters: ReadonlyMap<string, tf.Tensor>, name: string, x: tf.Tensor): tf.Tensor {
  return tf.add(
    tf.mul(normalizeLast(x, EPSILON), parameters.get(`${name}.weight`)!),
    parameters.get(`${name}.bias`)!,
  );
}

/**
 * Attention of every token to every other.
 *
 * @param qkv queries, keys and values, shape [N, T, 3 WIDTH].
 * @returns shape [N, T, WIDTH].
 * @see Vaswani et al. (2017)
 */
function attend(qkv: tf.Tensor): tf.Tensor {
  const count = qkv.shape[0];
  const heads = qkv.reshape([count, TOKENS, 3, HEADS, HEAD_WIDTH]).transpose([2, 0, 3, 1, 4]);
  const [query, key, value] = heads.unstack() as tf.Tensor4D[];
  // the factor before the product: there are fewer queries' entries than scores
  const scores: tf.Tensor = tf.matMul(tf.mul(query, 1 / Math.sqrt(HEAD_WIDTH)), key, false, true);
  return tf.matMul(tf.softmax(scores), value).transpose([0, 2, 1, 3]).reshape([count, TOKENS, WIDTH]);
}

/**
 * The network up to a layer.
 *
 * @param patches of the images, after the first convolution and without positions, shape [N, SIDE, SIDE, WIDTH].
 * @param last index into `VIT_LAYERS` of the deepest layer that is needed.
 * @param keep called with every layer on the way, the first one not; the pass goes on from what it returns.
 * @returns the mean over normalized tokens, shape [N, WIDTH]; null where the pass ended before it.
 */
function run(
  parameters: ReadonlyMap<string, tf.Tensor>,
  positions: tf.Tensor,
  patches: tf.Tensor4D,
  last: number,
  keep: (layer: string, x: tf.Tensor) => tf.Tensor,
): tf.Tensor2D | null {
  let x = tf.add(patches.reshape([patches.shape[0], TOKENS, WIDTH]), positions);
  let done = 0; // index of the last layer that was computed
  const step = (layer: string, y: tf.Tensor) => {
    done++;
    return keep(layer, y);
  };
  for (let block = 0; block < DEPTH && done < last; block++) {
    const name = `blocks.${block}`;
    const qkv = step(
      `${name}.attn.qkv`,
      linear(parameters, `${name}.attn.qkv`, normalize(parameters, `${name}.norm1`, x)),
    );
    if (done === last) return null;
    x = tf.add(x, step(`${name}.attn.proj`, linear(parameters, `${name}.attn.proj`, attend(qkv))));
    if (done === last) return null;
    const hidden = step(
      `${name}.mlp.fc1`,
      linear(parameters, `${name}.mlp.fc1`, normalize(parameters, `${name}.norm2`, x)),
    );
    if (done === last) return null;
    const change = step(`${name}.mlp.fc2`, linear(parameters, `${name}.mlp.fc2`, gelu(hidden)));
    if (done === last) return null;
    x = step(name, tf.add(x, change));
  }
  return done < last ? tf.mean<tf.Tensor2D>(normalize(parameters, "norm", x), 1) : null;
}

/**
 * A vision transformer to train. Queries, keys and values begin as in trained networks: each token attends to its
 * neighbours, which saves a short training much of its time.
 *
 * @see Trockman and Kolter (2023), "Mimetic initialization of self-attention layers"
 */
export function createTrainableViT(random: Random): TrainableClassifier {
  const parameters = new Map<string, tf.Variable>();
  for (const [name, shape] of Object.entries({ ...BODY_SHAPES, ...HEAD_SHAPES })) {
    const size = shape.reduce((product, n) => product * n, 1);
    const data = new Float32Array(size);
    if (/norm\d?\.weight$/.test(name)) data.fill(1);
    else if (shape.length > 1) {
      const fanIn = size / shape[0];
      const bound = Math.sqrt(6 / (fanIn + shape[0])); // Glorot and Bengio (2010)
      for (let i = 0; i < size; i++) data[i] = bound * (2 * random.uniform() - 1);
    }
    parameters.set(name, tf.tidy(() => tf.variable(toTensor({ shape, data }), true)));
  }
  for (let block = 0; block < DEPTH; block++) {
    const { qkv, proj } = mimeticAttention(random);
    tf.tidy(() => {
      parameters.get(`blocks.${block}.attn.qkv.weight`)!.assign(tf.tensor2d(qkv, [WIDTH, 3 * WIDTH]));
      parameters.get(`blocks.${block}.attn.proj.weight`)!.assign(tf.tensor2d(proj, [WIDTH, WIDTH]));
    });
  }
  const positions = tf.tidy(() => tf.variable(tf.tensor3d(positionWaves(), [1, TOKENS, WIDTH]), false));
  return {
    parameters,
    buffers: new Map([[POSITIONS, positions]]),
    logits: (images) => {
      return linear(parameters, "head", vitFeatures(images, parameters, positions)) as tf.Tensor2D;
    },
    dispose: () => tf.dispose([positions, ...parameters.values()]),
  };
}

/** All but the classifier of a trained vision transformer, as variables to train further. */
export function vitVariables(weights: Weights, source: string): {
  readonly parameters: Map<string, tf.Variable>;
  readonly buffers: Map<string, tf.Variable>;
  readonly positions: tf.Tensor;
} {
  const array = takeWeight(weights, POSITIONS, [1, TOKENS, WIDTH], source);
  const arrays = Object.entries(BODY_SHAPES).map(([key, shape]) =>
    [key, takeWeight(weights, key, shape, source)] as const
  );
  const parameters = new Map(arrays.map(([key, each]) => [key, tf.tidy(() => tf.variable(toTensor(each), true))]));
  const positions = tf.tidy(() => tf.variable(toTensor(array), false));
  return { parameters, buffers: new Map([[POSITIONS, positions]]), positions };
}

/**
 * What the classifier reads, in training.
 *
 * @param images normalized, shape [N, 32, 32, 3].
 * @returns shape [N, VIT_FEATURES].
 */
export function vitFeatures(
  images: tf.Tensor4D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  positions: tf.Tensor,
): tf.Tensor2D {
  return run(parameters, positions, embedPatches(images, parameters), VIT_LAYERS.length - 1, (_, x) => x)!;
}

/** The first convolution. */
function embedPatches(images: tf.Tensor4D, parameters: ReadonlyMap<string, tf.Tensor>): tf.Tensor4D {
  const filter = parameters.get("patch_embed.proj.weight") as tf.Tensor4D;
  return tf.add<tf.Tensor4D>(patchProducts(images, filter), parameters.get("patch_embed.proj.bias")!);
}

/** The convolution of a patch with its own kernel: one product of matrices, since patches do not overlap. */
function patchProducts(images: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D {
  const count = images.shape[0];
  const rows = images.reshape([count * SIDE, PATCH, SIDE, PATCH * 3]).transpose([0, 2, 1, 3])
    .reshape([count * TOKENS, PATCH * PATCH * 3]) as tf.Tensor2D;
  return tf.matMul(rows, filter.reshape([PATCH * PATCH * 3, WIDTH])).reshape([count, SIDE, SIDE, WIDTH]);
}

/**
 * Weights of attention whose products are near the identity and its negative, as those of trained transformers are:
 * W_q W_k^T of each head near .7 Z + .7 I, W_v W_proj near .4 Z - .4 I, with Z of independent normal entries of variance
 * 1 / d, both halves from the singular value decomposition.
 *
 * @returns `qkv` of shape [WIDTH, 3 WIDTH] and `proj` of shape [WIDTH, WIDTH], inputs first.
 */
function mimeticAttention(random: Random): { qkv: Float32Array; proj: Float32Array } {
  const noise = () =>
    Matrix.from1DArray(WIDTH, WIDTH, Array.from({ length: WIDTH * WIDTH }, () => random.normal() / Math.sqrt(WIDTH)));
  const halves = (matrix: Matrix, rank: number) => {
    const { leftSingularVectors, rightSingularVectors, diagonal } = new SVD(matrix);
    const root = Matrix.diag(diagonal.slice(0, rank).map(Math.sqrt));
    const first = (vectors: Matrix) => vectors.subMatrix(0, WIDTH - 1, 0, rank - 1).mmul(root);
    return [first(leftSingularVectors), first(rightSingularVectors)];
  };
  const qkv = new Float32Array(WIDTH * 3 * WIDTH);
  const put = (part: Matrix, column: number) => {
    for (let i = 0; i < part.rows; i++) {
      for (let j = 0; j < part.columns; j++) qkv[i * 3 * WIDTH + column + j] = part.get(i, j);
    }
  };
  for (let head = 0; head < HEADS; head++) {
    const near = noise().mul(0.7).add(Matrix.eye(WIDTH, WIDTH).mul(0.7));
    const [query, key] = halves(near, HEAD_WIDTH);
    put(query, head * HEAD_WIDTH);
    put(key, WIDTH + head * HEAD_WIDTH);
  }
  const [value, proj] = halves(noise().mul(0.4).sub(Matrix.eye(WIDTH, WIDTH).mul(0.4)), WIDTH);
  put(value, 2 * WIDTH);
  return { qkv, proj: Float32Array.from(proj.transpose().to1DArray()) };
}

/** The part of a trained vision transformer that comes before its classifier. */
export interface ViTBody {
  /**
   * The network up to the features, or to the deepest of some layers.
   *
   * @param images pixels in [0, 1], shape [N, 32, 32, 3].
   * @param layers which to keep; `beyond` the last of them where the features are wanted.
   */
  run(images: tf.Tensor4D, layers: readonly string[], beyond: boolean, through?: Through): {
    readonly kept: ReadonlyMap<string, tf.Tensor>;
    readonly features: tf.Tensor2D | null;
  };
  /** Frees the weights. */
  dispose(): void;
}

/**
 * Loads all but the classifier.
 *
 * @param weights timm's names, PyTorch's layouts.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing, or has another shape or numbers that are not finite.
 */
export function loadViTBody(weights: Weights, source: string, { mean, std }: Normalization): ViTBody {
  const positionArray = takeWeight(weights, POSITIONS, [1, TOKENS, WIDTH], source);
  const arrays = Object.entries(BODY_SHAPES).map(([key, shape]) =>
    [key, takeWeight(weights, key, shape, source)] as const
  );
  const parameters = new Map(
    arrays.map(([key, array]) =>
      [key, toTensor(key === "patch_embed.proj.weight" ? divideByDeviations(array, std) : array)] as const
    ),
  );
  const positions = toTensor(positionArray);
  const meanImage = colourImage(mean, VIT_INPUT);
  const order = VIT_LAYERS.map((layer) => layer.name);
  return {
    run: (images, layers, beyond, through = (_, x) => x) => {
      const last = beyond ? order.length - 1 : Math.max(...layers.map((layer) => order.indexOf(layer)));
      const kept = new Map<string, tf.Tensor>();
      const keep = (layer: string, x: tf.Tensor) => {
        if (!layers.includes(layer)) return x;
        const y = through(layer, x);
        kept.set(layer, y);
        return y;
      };
      const patches = keep(order[0], embedPatches(tf.sub(images, meanImage), parameters)) as tf.Tensor4D;
      const features = run(parameters, positions, patches, last, keep);
      return { kept, features };
    },
    dispose: () => tf.dispose([positions, meanImage, ...parameters.values()]),
  };
}

/**
 * A trained vision transformer.
 *
 * @param weights timm's names, PyTorch's layouts.
 * @param source the weights' file, for errors.
 * @throws {InputError} when a tensor is missing, or has another shape or numbers that are not finite.
 */
export function createViT(weights: Weights, source: string, name: string, normalization: Normalization): Network {
  // all is checked before the first tensor is made, so that none is left behind by an error
  const arrays = Object.entries(HEAD_SHAPES).map(([key, shape]) =>
    [key, takeWeight(weights, key, shape, source)] as const
  );
  const body = loadViTBody(weights, source, normalization);
  const head = new Map(arrays.map(([key, array]) => [key, toTensor(array)] as const));
  const activations = (images: tf.Tensor4D, layers: readonly string[], through?: Through): tf.Tensor[] => {
    const unknown = layers.find((layer) => !VIT_LAYERS.some((each) => each.name === layer));
    if (unknown !== undefined) throw new RangeError(`the vision transformer has no layer ${unknown}`);
    const { kept, features } = body.run(images, layers, layers.includes("head"), through);
    return layers.map((layer) => layer === "head" ? linear(head, "head", features!) : kept.get(layer)!);
  };
  return {
    name,
    input: VIT_INPUT,
    layers: VIT_LAYERS,
    activations: (images, layers, through) => tf.tidy(() => activations(images, layers, through)),
    dispose: () => {
      body.dispose();
      tf.dispose([...head.values()]);
    },
  };
}
