import type { TopLevelSpec } from "vega-lite";
import type { PrincipalComponents } from "../pca.ts";
import { chart, type ChartTitle, groupColour, groupShape, panelName, panelTitle, PRINT_WIDTH } from "./theme.ts";

/** One image of a unit, where its embedding lies. */
export interface EmbeddedImage {
  /** Coordinates along two principal components, in units of the embedding. */
  readonly at: readonly [number, number];
  /** Cluster, from 0. */
  readonly cluster: number;
  /** The image as a `data:` URL. */
  readonly url: string;
}

/** The map of one unit. */
export interface EmbeddingPanel {
  /** Such as `fc3:8: K = 3, S = 0.22`. */
  readonly heading: string;
  readonly images: readonly EmbeddedImage[];
  /** Share of the variance along the two components. */
  readonly shares: readonly [number, number];
}

/** The panel of one unit. It shows the images that were clustered: the first I rows of the components. */
export function embeddingPanel(
  heading: string,
  { coordinates, shares }: PrincipalComponents,
  clusters: readonly number[],
  urls: readonly string[],
): EmbeddingPanel {
  return {
    heading,
    images: clusters.map((cluster, i) => ({ at: [coordinates[i][0], coordinates[i][1]], cluster, url: urls[i] })),
    shares: [shares[0], shares[1]],
  };
}

/** Side of a thumbnail in pixels, and with its frame. */
const THUMBNAIL = 23;
const FRAMED = THUMBNAIL + 4;

/**
 * Images of units by the first two principal components of their embeddings, with the same scale on both axes. The frame's
 * colour and the shape at its corner say which cluster an image is in. Thumbnails are moved apart until at most a quarter
 * of each side is hidden.
 *
 * @param panels one or two units, each of at least one image.
 */
export function embeddingMap(panels: readonly EmbeddingPanel[], title: ChartTitle): TopLevelSpec {
  const side = panels.length > 1 ? Math.floor(PRINT_WIDTH / panels.length - 58) : 420;
  const clusters = Math.max(...panels.flatMap(({ images }) => images.map(({ cluster }) => cluster + 1)));
  const names = Array.from({ length: clusters }, (_, i) => `${i + 1}`);
  const group = { field: "cluster", type: "nominal", title: "cluster", sort: null };
  return chart(title, "Thumbnails of visualizations by the first two principal components of their embeddings.", {
    spacing: 24,
    hconcat: panels.map(({ heading, images, shares }) => {
      const { domains, thumbnails } = layOut(images.map(({ at }) => at), side);
      const values = images.map(({ cluster, url }, i) => ({
        x: thumbnails[i][0],
        y: thumbnails[i][1],
        cluster: names[cluster],
        colour: groupColour(cluster),
        url,
      }));
      const axis = (letter: 0 | 1) => ({
        type: "quantitative",
        title: `principal component ${letter + 1} (${(100 * shares[letter]).toFixed(0)} % of variance)`,
        scale: { domain: domains[letter], nice: false, zero: false },
        axis: { tickCount: 5, grid: false },
      });
      const colour = { ...group, scale: { domain: names, range: names.map((_, i) => groupColour(i)) } };
      const shape = { ...group, scale: { domain: names, range: names.map((_, i) => groupShape(i)) } };
      const place = { x: { ...axis(0), field: "x" }, y: { ...axis(1), field: "y" } };
      return {
        width: side,
        height: side,
        data: { values },
        layer: [
          {
            mark: { type: "point", shape: "square", filled: true, size: FRAMED ** 2, opacity: 1 },
            encoding: { ...place, fill: { field: "colour", type: "nominal", scale: null } },
          },
          {
            mark: { type: "image", width: THUMBNAIL, height: THUMBNAIL, smooth: false },
            encoding: { ...place, url: { field: "url", type: "nominal" } },
          },
          {
            mark: {
              type: "point",
              filled: true,
              size: 60,
              opacity: 1,
              stroke: "white",
              strokeWidth: 1,
              xOffset: -THUMBNAIL / 2,
              yOffset: -THUMBNAIL / 2,
            },
            encoding: { ...place, color: colour, shape },
          },
          ...panelTitle(side, panelName(side, heading)),
        ],
      };
    }),
  });
}

/**
 * Lays a panel out: domains of the two axes with one scale, and places of the thumbnails. Thumbnails start at their points
 * and push each other away until they overlap little.
 */
function layOut(
  points: readonly (readonly [number, number])[],
  side: number,
): { domains: [[number, number], [number, number]]; thumbnails: [number, number][] } {
  const bounds = ([0, 1] as const).map((axis) => {
    const values = points.map((point) => point[axis]);
    return [Math.min(...values), Math.max(...values)];
  });
  const extent = Math.max(bounds[0][1] - bounds[0][0], bounds[1][1] - bounds[1][0]) || 1;
  const span = extent * (side / (side - 2 * FRAMED)); // with room for a thumbnail at every edge
  const domains = bounds.map(([low, high]) => [(low + high - span) / 2, (low + high + span) / 2]);
  const perPixel = span / side;
  const pixels = points.map(([x, y]) => [(x - domains[0][0]) / perPixel, (y - domains[1][0]) / perPixel]);
  const places = pixels.map(([x, y]) => [x, y]);
  const apart = 0.75 * FRAMED;
  for (let round = 0; round < 3000; round++) {
    let moved = false;
    for (let i = 0; i < places.length; i++) {
      for (let j = 0; j < i; j++) {
        const [dx, dy] = [places[i][0] - places[j][0], places[i][1] - places[j][1]];
        const [overlapX, overlapY] = [apart - Math.abs(dx), apart - Math.abs(dy)];
        if (overlapX <= 0 || overlapY <= 0) continue;
        moved = true;
        // along the axis of the smaller overlap; every eighth time along the other, or a full row would stay as it is
        const axis = (overlapX < overlapY) === (round % 8 < 7) ? 0 : 1;
        const step = 0.26 * [overlapX, overlapY][axis] * ((axis === 0 ? dx : dy) < 0 ? -1 : 1);
        places[i][axis] += step;
        places[j][axis] -= step;
      }
    }
    for (const place of places) {
      for (const axis of [0, 1]) {
        place[axis] = Math.min(side - FRAMED / 2, Math.max(FRAMED / 2 + 4, place[axis]));
      }
    }
    if (!moved) break;
  }
  return {
    domains: domains as [[number, number], [number, number]],
    thumbnails: places.map(([x, y]) => [domains[0][0] + x * perPixel, domains[1][0] + y * perPixel]),
  };
}
