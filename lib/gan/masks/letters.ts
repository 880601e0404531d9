/**
 * The letters A to Z as strokes of one thickness. A stroke goes through points of a grid of 4 x 6 cells; round letters
 * are polygons.
 *
 * @module
 */

/**
 * The strokes of each letter, with blanks between them. A stroke is a list of points, and a point two digits: its
 * column 0 .. 4 and its row 0 .. 6 from the top left.
 */
const LINES: Readonly<Record<string, string>> = {
  A: "062046 1434",
  B: "06003041423303 3344453606",
  C: "4130100105163645",
  D: "06003041453606",
  E: "40000646 0333",
  F: "400006 0333",
  G: "41301001051636454323",
  H: "0006 4046 0343",
  I: "1030 2026 1636",
  J: "1040 3035261605",
  K: "0006 400346",
  L: "000646",
  M: "0600234046",
  N: "06004640",
  O: "103041453616050110",
  P: "06003041423303",
  Q: "103041453616050110 2446",
  R: "06003041423303 2346",
  S: "413010010213334445361605",
  T: "0040 2026",
  U: "000516364540",
  V: "002640",
  W: "0016223640",
  X: "0046 4006",
  Y: "002340 2326",
  Z: "00400646",
};

/** The letters that can be drawn. */
export const LETTERS: readonly string[] = Object.keys(LINES);

/** Half the thickness of a stroke, in cells of the grid. */
const HALF_THICKNESS = 0.6;
/** Half the height of a letter in cells: half the grid, plus half the thickness of a stroke along its edge. */
const HALF_HEIGHT = 3 + HALF_THICKNESS;

/**
 * A letter as a set of points. It is centred on 0, and reaches from -1 to 1 upwards and from -.72 to .72 to the right.
 *
 * @param letter one of {@linkcode LETTERS}.
 * @returns tells whether the point u to the right and v upwards belongs to the letter.
 */
export function letterShape(letter: string): (u: number, v: number) => boolean {
  const segments = LINES[letter].split(" ").flatMap((line) => {
    const points = line.match(/\d\d/g)!.map(([column, row]) => [Number(column) - 2, 3 - Number(row)]);
    return points.slice(1).map(([x1, y1], i) => {
      const [x0, y0] = points[i];
      return { x0, y0, dx: x1 - x0, dy: y1 - y0, squaredLength: (x1 - x0) ** 2 + (y1 - y0) ** 2 };
    });
  });
  return (u, v) => {
    const x = u * HALF_HEIGHT;
    const y = v * HALF_HEIGHT;
    for (const { x0, y0, dx, dy, squaredLength } of segments) {
      // the nearest point of a segment is the foot of the perpendicular, or one of its ends
      const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / squaredLength));
      if ((x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2 <= HALF_THICKNESS ** 2) return true;
    }
    return false;
  };
}
