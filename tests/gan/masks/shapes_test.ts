import assert from "node:assert/strict";
import { LETTERS } from "../../../lib/gan/masks/letters.ts";
import {
  checkMask,
  drawShape,
  gaussianBlur,
  type Mask,
  MASK_SIZE,
  parseShape,
  randomShape,
  SHAPE_NAMES,
} from "../../../lib/gan/masks/shapes.ts";
import { InputError } from "../../../lib/errors.ts";
import { createRandom } from "../../../lib/random.ts";

const N = 32;
const at = (mask: Mask, row: number, column: number) => mask[row * N + column];
const area = (mask: Mask) => mask.reduce((sum, value) => sum + value, 0);
const made = (value: (row: number, column: number) => number): Mask =>
  Float32Array.from({ length: N * N }, (_, i) => value(Math.floor(i / N), i % N));

/** Centre of mass: pixels to the right of the image's centre and above it. */
function centre(mask: Mask): [number, number] {
  let [x, y] = [0, 0];
  for (let row = 0; row < N; row++) {
    for (let column = 0; column < N; column++) {
      x += at(mask, row, column) * (column + 0.5 - N / 2);
      y += at(mask, row, column) * (N / 2 - row - 0.5);
    }
  }
  return [x / area(mask), y / area(mask)];
}

function near(found: number, expected: number, share: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= share * Math.abs(expected), `${what}: ${found} instead of ${expected}`);
}

function refused(act: () => unknown, pattern: RegExp): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof InputError, `${(error as Error).stack}`);
    assert.ok(!error.message.includes("\n"), error.message);
    assert.match(error.message, pattern);
    return true;
  });
}

Deno.test("drawShape() covers the areas of the figures", () => {
  assert.equal(MASK_SIZE, N);
  for (const size of [0.3, 0.6, 0.9]) {
    const h = size * N / 2; // half the extent in pixels
    near(area(drawShape("disk", { size })), Math.PI * h ** 2, 0.01, `disk of ${size}`);
    // turned by an odd angle, edges do not run along the points that are looked at
    const angle = 17;
    near(area(drawShape("ring", { size, angle })), Math.PI * h ** 2 * (1 - 0.6 ** 2), 0.02, `ring of ${size}`);
    near(area(drawShape("square", { size: size / 1.5, angle })), (2 * h / 1.5) ** 2, 0.02, `square of ${size / 1.5}`);
    near(area(drawShape("triangle", { size, angle })), 3 * Math.sqrt(3) / 4 * h ** 2, 0.02, `triangle of ${size}`);
    near(area(drawShape("bar", { size, angle })), 2 * h * h / 2, 0.04, `bar of ${size}`);
    // two bars of 2 by 2/3, less the square of 2/3 that both have
    near(area(drawShape("cross", { size, angle })), (2 * 4 / 3 - 4 / 9) * h ** 2, 0.03, `cross of ${size}`);
  }
  // edges on the borders of pixels: 4 x 4 fields of 8 pixels, half of them filled
  assert.equal(area(drawShape("checker", { size: 1 })), N * N / 2);
  assert.deepEqual(drawShape("checker", { size: 1 }), made((row, column) => ((row >> 3) + (column >> 3) + 1) % 2));
  assert.deepEqual(
    drawShape("square", { size: 0.5 }),
    made((row, column) => Number(row >= 8 && row < 24 && column >= 8 && column < 24)),
  );
});

Deno.test("drawShape() gives partly covered pixels their share", () => {
  // a square from 7.25 to 24.75 pixels: its edge covers three quarters of a pixel, its corners nine sixteenths
  const square = drawShape("square", { size: 17.5 / N });
  assert.deepEqual([at(square, 7, 15), at(square, 16, 24), at(square, 7, 24), at(square, 6, 15)], [
    0.75,
    0.75,
    0.5625,
    0,
  ]);
});

Deno.test("drawShape() makes a ring of the difference of two disks", () => {
  const outer = drawShape("disk", { size: 0.8, x: 0.1 });
  const hole = drawShape("disk", { size: 0.48, x: 0.1 });
  assert.deepEqual(drawShape("ring", { size: 0.8, x: 0.1 }), outer.map((value, i) => value - hole[i]));
});

Deno.test("drawShape() turns anticlockwise: a bar by a quarter is its transpose, T lies on its left side", () => {
  const bar = drawShape("bar", { size: 0.7 });
  const turned = drawShape("bar", { size: 0.7, angle: 90 });
  assert.deepEqual(turned, made((row, column) => at(bar, column, row)));
  assert.deepEqual(drawShape("bar", { size: 0.7, angle: -270 }), turned);
  assert.deepEqual(drawShape("bar", { size: 0.7, angle: 180 }), bar);
  // where a pixel at (x, y) goes by a quarter turn: to (-y, x)
  const letter = drawShape("letter-T");
  assert.deepEqual(drawShape("letter-T", { angle: 90 }), made((row, column) => at(letter, column, N - 1 - row)));
  assert.ok(centre(letter)[1] > 1 && centre(drawShape("letter-T", { angle: 90 }))[0] < -1);
  // rising from left to right
  const rising = drawShape("bar", { angle: 45 });
  assert.ok(at(rising, 11, 20) === 1 && at(rising, 11, 11) === 0);
});

Deno.test("drawShape() has halves that make a whole, wherever they part and however turned", () => {
  for (const [one, other] of [["half-top", "half-bottom"], ["half-left", "half-right"]]) {
    for (const placement of [{}, { x: 0.13, y: -0.4 }, { angle: 33, x: 0.2 }]) {
      const rest = drawShape(other, placement);
      assert.ok(drawShape(one, placement).every((value, i) => value + rest[i] === 1));
    }
  }
  assert.deepEqual(drawShape("half-top"), made((row) => Number(row < 16)));
  assert.deepEqual(drawShape("half-left"), made((_, column) => Number(column < 16)));
  assert.deepEqual(drawShape("half-top", { y: 0.5 }), made((row) => Number(row < 8)));
  assert.deepEqual(drawShape("half-top", { angle: 90 }), drawShape("half-left"));
});

Deno.test("drawShape() moves the centre of mass by x to the right and y upwards", () => {
  for (const name of ["disk", "ring", "square", "triangle", "bar", "cross"]) {
    const [x0, y0] = centre(drawShape(name, { size: 0.4 }));
    const [x, y] = centre(drawShape(name, { size: 0.4, x: 0.25, y: -0.375 }));
    // a quarter and three eighths of 16 pixels: whole pixels, so nothing but the place changes
    assert.ok(Math.abs(x - x0 - 4) < 1e-4 && Math.abs(y - y0 + 6) < 1e-4, `${name}: ${x - x0}, ${y - y0}`);
    assert.ok(Math.abs(x0) < 0.3 && Math.abs(y0) < 0.3, `${name} is centred: ${x0}, ${y0}`);
  }
});

Deno.test("drawShape() knows every letter, none like another, as high as its size", () => {
  const seen = new Map<string, string>();
  for (const letter of LETTERS) {
    const mask = drawShape(`letter-${letter}`, { size: 0.5 });
    const twin = seen.get(mask.join());
    assert.equal(twin, undefined, `${letter} looks like ${twin}`);
    seen.set(mask.join(), letter);
    const rows = Array.from(
      { length: N },
      (_, row) => mask.subarray(row * N, (row + 1) * N).some((value) => value > 0),
    );
    assert.deepEqual([rows.indexOf(true), rows.lastIndexOf(true)], [8, 23], letter);
  }
  assert.equal(seen.size, 26);
  assert.equal(new Set(SHAPE_NAMES).size, 37);
  // symmetric letters are: to the left and right, to the top and bottom, by half a turn
  for (const letter of "AHIMOTUVWXY") {
    const mask = drawShape(`letter-${letter}`);
    assert.deepEqual(mask, made((row, column) => at(mask, row, N - 1 - column)), letter);
  }
  for (const letter of "BCDEHIKOX") {
    const mask = drawShape(`letter-${letter}`);
    assert.deepEqual(mask, made((row, column) => at(mask, N - 1 - row, column)), letter);
  }
  for (const letter of "HINOXZ") {
    assert.deepEqual(drawShape(`letter-${letter}`, { angle: 180 }), drawShape(`letter-${letter}`), letter);
  }
});

Deno.test("drawShape() draws nothing outside the image, and every shape within [0, 1]", () => {
  for (const name of SHAPE_NAMES) {
    const mask = drawShape(name, { x: -0.7, y: 0.9, size: 2, angle: 200 });
    assert.ok(mask.length === N * N && mask.every((value) => value >= 0 && value <= 1), name);
  }
  // the foot of this L lies below the image, its upright to the left
  assert.equal(area(drawShape("letter-L", { size: 2, x: -1, y: -1 })), 0);
});

Deno.test("drawShape() and parseShape() refuse unknown shapes and numbers out of range", () => {
  refused(
    () => drawShape("circle"),
    /there is no shape "circle"; choose one of disk, ring, .*half-right, letter-A to letter-Z$/,
  );
  for (const name of ["", "letter-a", "letter-AB", "toString", "__proto__"]) {
    refused(() => drawShape(name), /there is no shape/);
  }
  refused(() => drawShape("disk", { x: 1.01 }), /"disk" has the x 1.01; give one from -1 to 1/);
  refused(() => drawShape("disk", { size: NaN }), /has the size NaN; give one from 0.05 to 2/);
  refused(() => drawShape("disk", { angle: Infinity }), /has the angle Infinity; give one from -360 to 360/);
});

Deno.test("parseShape() reads a name and settings", () => {
  assert.deepEqual(parseShape("disk"), { name: "disk" });
  assert.deepEqual(parseShape(" half-top : y = -.25 "), { name: "half-top", y: -0.25 });
  assert.deepEqual(parseShape("letter-Q:x=.2,y=-.1,size=4e-1,angle=+30."), {
    name: "letter-Q",
    x: 0.2,
    y: -0.1,
    size: 0.4,
    angle: 30,
  });
});

Deno.test("parseShape() refuses what it cannot read, saying what it takes", () => {
  refused(() => parseShape("blob:x=.2"), /there is no shape "blob" \(in "blob:x=.2"\); choose one of disk/);
  refused(() => parseShape("disk:radius=.2"), /"disk:radius=.2" sets "radius"; a shape has x, y, size and angle/);
  refused(() => parseShape("disk:toString=.2"), /sets "toString"/);
  refused(() => parseShape("disk:x=left"), /has the x "left", which is not a number; give one from -1 to 1/);
  for (const text of ["disk:x=", "disk:x=NaN", "disk:x=0x1", "disk:x=1 2", "disk:x=--1"]) {
    refused(() => parseShape(text), /which is not a number/);
  }
  refused(() => parseShape("disk:size=3"), /"disk:size=3" has the size 3; give one from 0.05 to 2/);
  refused(() => parseShape("disk:x=.1,x=.2"), /sets x twice/);
  for (const text of ["disk:", "disk:x", "disk:x=.1,", "disk:x=.1=2"]) {
    refused(() => parseShape(text), /write settings as in disk:x=.2,y=-.1,size=.4,angle=30/);
  }
});

Deno.test("randomShape() is decided by the generator, in [0, 1], with a contour and some edges blurred", () => {
  const draw = (seed: number) => {
    const random = createRandom(seed, "shapes");
    return Array.from({ length: 60 }, () => randomShape(random));
  };
  const masks = draw(1);
  assert.deepEqual(draw(1), masks);
  assert.notDeepEqual(draw(2), masks);
  assert.ok(new Set(masks.map((mask) => mask.join())).size === 60);
  for (const mask of masks) assert.equal(checkMask(mask, "a random shape"), mask);
  // coverage told from 16 points comes in sixteenths, blurred edges do not
  const blurred = masks.filter((mask) => mask.some((value) => !Number.isInteger(16 * value))).length;
  assert.ok(blurred >= 8 && blurred <= 32, `${blurred} of 60 blurred`); // 18 expected, standard deviation 3.5
});

Deno.test("gaussianBlur() keeps a constant and the sum of what is far from the edge, and spreads a point as a Gaussian", () => {
  for (const value of gaussianBlur(new Float32Array(N * N).fill(0.7), 2)) assert.ok(Math.abs(value - 0.7) < 1e-6);
  const disk = drawShape("disk", { size: 0.2 });
  near(area(gaussianBlur(disk, 1.5)), area(disk), 1e-5, "sum");
  // a point spreads as exp(-d^2 / 2 sigma^2) in every direction
  const point = gaussianBlur(made((row, column) => Number(row === 16 && column === 12)), 1);
  near(at(point, 17, 12), at(point, 16, 12) * Math.exp(-1 / 2), 1e-5, "one below");
  near(at(point, 17, 14), at(point, 16, 12) * Math.exp(-5 / 2), 1e-5, "a knight's move away");
});

Deno.test("checkMask() takes a mask as it is and refuses other numbers", () => {
  const mask = drawShape("disk");
  assert.equal(checkMask(mask, "m"), mask);
  assert.deepEqual(checkMask(Float64Array.from(mask), "m"), mask);
  const faint = new Float32Array(N * N);
  faint[5] = 0.03;
  assert.equal(checkMask(faint, "m"), faint);
  refused(() => checkMask(new Float32Array(784), "m.npy"), /m\.npy has 784 values instead of 32 x 32; resize it/);
  for (const wrong of [NaN, -0.01, 1.5, Infinity]) {
    const values = mask.slice();
    values[2 * N + 3] = wrong;
    refused(
      () => checkMask(values, "m"),
      /the mask m has the value (NaN|-0\.0\d+|1\.5|Infinity) \(row 2, column 3\).*scale it/,
    );
  }
  refused(() => checkMask(new Float32Array(N * N), "m"), /m is empty: no value reaches 0.02; draw/);
  refused(() => checkMask(new Float32Array(N * N).fill(0.019), "m"), /empty/);
  refused(
    () => checkMask(new Float32Array(N * N).fill(1), "m"),
    /m is full: no value is under 0.98.*leave some background/,
  );
  refused(() => checkMask(drawShape("letter-L", { size: 2, x: -1, y: -1 }), "letter-L"), /empty/);
  refused(() => checkMask(drawShape("square", { size: 2 }), "square"), /full/);
});
