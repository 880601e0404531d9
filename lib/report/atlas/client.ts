/**
 * The script of the page. It runs in the browser, on its own: each function here is put into the page as source text (see
 * `client_script.ts`), so it may use the browser, its arguments and the other functions of this file, and nothing else; from
 * elsewhere it imports types alone.
 *
 * All text goes into the page as text nodes or attributes, never as markup.
 *
 * @module
 */
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { PageIndex, ScoreNumbers, Sheet, UnitBlock, UnitEntry } from "./page_data.ts";

type Child = Node | string | null;
type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** An HTML element; attributes that are null or false are left out. */
export function html<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** An SVG element. */
export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A number with so many decimals, a dash for none. */
export function fixed(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined ? "–" : value.toFixed(digits).replace("-", "−");
}

/** A number of any size in about so many digits. */
export function short(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const text = size >= 10000 || (size < 0.001 && size > 0)
    ? value.toExponential(digits - 1)
    : value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(Math.max(size, 0.1)))));
  return text.replace("-", "−");
}

/** A flag's name for reading, and what it says. */
export function flagInWords(flag: string): { name: string; meaning: string } {
  const known: Readonly<Record<string, [string, string]>> = {
    dead: ["dead", "Its gradient is zero from every start: it has no images to score."],
    dataset_higher: [
      "dataset higher",
      "Some of its visualizations activate it less than the best image of the dataset does.",
    ],
    k_at_limit: ["K at its limit", "The largest K that was tried is the one chosen: there may be more clusters."],
    some_without_gradient: ["some without gradient", "Some of its images never left their start."],
    noise_start: ["noise start", "Without a dataset, the ascent started from noise."],
    uncentred: ["uncentred", "Embeddings were clustered without the training images' mean subtracted."],
  };
  const [name, meaning] = known[flag] ?? [flag.replaceAll("_", " "), `Flag ${flag} of the run.`];
  return { name, meaning };
}

/** Class of a cluster's colour; its number is always beside it. */
export function clusterClass(cluster: number): string {
  return `k${cluster % 8}`;
}

/** The images of each cluster, in their order. */
export function clusterMembers(assignments: readonly number[]): number[][] {
  const members: number[][] = [];
  assignments.forEach((cluster, image) => (members[cluster] ??= []).push(image));
  return Array.from(members, (each) => each ?? []);
}

/** The block of a unit, out of the page; null while the page is still arriving. */
export function readBlock(id: string): UnitBlock | null {
  const text = document.getElementById(id)?.textContent;
  return text ? JSON.parse(text) as UnitBlock : null;
}

/** The sheet's image, decoded. */
export async function loadSheet(sheet: Sheet): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = sheet.inline ? `data:image/jpeg;base64,${sheet.source}` : sheet.source;
  await image.decode();
  return image;
}

/** Draws chosen images of a sheet on a canvas, in columns. */
export function drawImages(
  canvas: HTMLCanvasElement,
  image: HTMLImageElement,
  sheet: Sheet,
  places: readonly number[],
  columns: number,
  gap: number,
): void {
  const [width, height] = sheet.tile;
  canvas.width = columns * (width + gap) - gap;
  canvas.height = Math.ceil(places.length / columns) * (height + gap) - gap;
  const context = canvas.getContext("2d")!;
  places.forEach((place, i) => {
    context.drawImage(
      image,
      (place % sheet.columns) * sheet.pitch[0],
      Math.floor(place / sheet.columns) * sheet.pitch[1],
      width,
      height,
      (i % columns) * (width + gap),
      Math.floor(i / columns) * (height + gap),
      width,
      height,
    );
  });
}

/** One image of a sheet. */
export function singleImage(image: HTMLImageElement, sheet: Sheet, place: number, label: string): HTMLCanvasElement {
  const canvas = html("canvas", { class: "pixels", role: "img", "aria-label": label, title: label });
  drawImages(canvas, image, sheet, [place], 1, 0);
  return canvas;
}

/** An interval of S for reading. */
export function intervalInWords([low, high]: readonly [number, number]): string {
  return `${fixed(low, 3)} to ${fixed(high, 3)}`;
}

/** A thin bar of a number in [0, 1] with its name and value, and a line across it for its interval. */
export function bar(
  name: string,
  value: number | null,
  strong: boolean,
  interval: UnitEntry["interval"] = null,
): HTMLElement {
  const [low, high] = interval ?? [0, 0];
  return html(
    "div",
    {
      class: strong ? "bar strong" : "bar",
      ...(interval !== null && { title: `90 % interval of ${name}: ${intervalInWords(interval)}` }),
    },
    html("span", { class: "bar-name" }, name),
    html(
      "span",
      { class: "bar-track" },
      html("span", { style: `width:${100 * Math.max(0, Math.min(1, value ?? 0))}%` }),
      interval === null
        ? null
        : html("span", { class: "interval", style: `left:${100 * low}%;width:${100 * (high - low)}%` }),
    ),
    html("span", { class: "bar-value" }, fixed(value)),
  );
}

/** Chips of a unit's flags. */
export function flagChips(flags: readonly string[]): HTMLElement | null {
  if (flags.length === 0) return null;
  return html(
    "ul",
    { class: "flags", "aria-label": "Flags" },
    ...flags.map((flag) => {
      const { name, meaning } = flagInWords(flag);
      return html("li", { class: flag === "dead" ? "flag serious" : "flag", title: meaning }, name);
    }),
  );
}

/** A change from one run to the other. */
export function change(value: number | null, digits: number): HTMLElement {
  const sign = value === null || Math.abs(value) < 0.5 * 10 ** -digits ? "same" : value > 0 ? "more" : "less";
  const text = value === null ? "–" : sign === "same" ? "0" : `${value > 0 ? "+" : ""}${fixed(value, digits)}`;
  return html("span", { class: `change ${sign}` }, text);
}

/** The difference of a number in the two runs, the other less this; null where either has none. */
export function difference(entry: UnitEntry, part: "S" | "K"): number | null {
  const [here, there] = [entry.score?.[part] ?? null, entry.other?.[part] ?? null];
  return here === null || there === null ? null : there - here;
}

/** The card of a unit, without its images. */
export function unitCard(entry: UnitEntry, place: number): HTMLLIElement {
  const { score } = entry;
  return html(
    "li",
    { class: "card", "data-place": place, "data-unit": entry.id },
    html(
      "div",
      { class: "card-head" },
      html("h3", {}, html("a", { href: `#${encodeURIComponent(entry.id).replaceAll("%3A", ":")}` }, entry.id)),
      html(
        "dl",
        { class: "numbers" },
        ...(["K", "I"] as const).flatMap((name) => [
          html("div", {}, html("dt", {}, name), html("dd", {}, score === null ? "–" : String(score[name]))),
        ]),
      ),
      bar("S", score?.S ?? null, true, entry.interval),
      bar("C", score?.C ?? null, false),
      bar("D", score?.D ?? null, false),
      entry.other === undefined ? null : html(
        "p",
        { class: "against" },
        "other run: ",
        change(difference(entry, "S"), 2),
        " S, ",
        change(difference(entry, "K"), 0),
        " K",
      ),
      flagChips(entry.flags),
    ),
    html("div", { class: "card-images" }),
  );
}

/** Puts the images of a unit into its card: a block four images high for each cluster, then the dataset's best. */
export async function fillCard(card: HTMLElement, entry: UnitEntry, block: UnitBlock): Promise<void> {
  const room = card.querySelector<HTMLElement>(".card-images")!;
  if (block.sheet === null) {
    room.replaceChildren(html("p", { class: "quiet" }, "no images"));
    return;
  }
  const { sheet } = block;
  let image: HTMLImageElement;
  try {
    image = await loadSheet(sheet);
  } catch {
    const folder = sheet.source.split("/")[0];
    room.replaceChildren(
      html(
        "p",
        { class: "quiet" },
        sheet.inline
          ? "The images cannot be read."
          : `Its images are missing: keep the folder ${folder} beside this page.`,
      ),
    );
    return;
  }
  const high = 4;
  const group = (label: string, description: string, kind: string, places: readonly number[]) => {
    const canvas = html("canvas", { class: "pixels", role: "img", "aria-label": description });
    const columns = Math.max(1, Math.ceil(places.length / high));
    drawImages(canvas, image, sheet, places, columns, 1);
    canvas.style.setProperty("--columns", String(columns));
    canvas.style.setProperty("--rows", String(Math.ceil(places.length / columns)));
    return html("figure", { class: `group ${kind}` }, html("figcaption", {}, label), canvas);
  };
  const made = block.activations.length;
  const clusters = clusterMembers(block.assignments);
  const groups = clusters.map((members, k) =>
    group(
      clusters.length === 1 ? `${members.length} images` : String(members.length),
      `Cluster ${k + 1} of ${clusters.length} of ${entry.id}: ${members.length} visualizations`,
      clusters.length === 1 ? "only" : clusterClass(k),
      members,
    )
  );
  if (clusters.length === 0 && made > 0) {
    const places = Array.from({ length: Math.min(made, 16) }, (_, i) => i);
    groups.push(group("not scored", `Images of ${entry.id} that were not scored`, "best", places));
  }
  if (block.bestPictured) {
    groups.push(group(
      "dataset best",
      `The ${block.best.length} images of the dataset that activate ${entry.id} most`,
      "best",
      block.best.map((_, i) => made + i),
    ));
  }
  room.replaceChildren(...groups);
}

/** Values at which an axis is marked: round, about so many. */
export function axisTicks(low: number, high: number, about: number): number[] {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-6; tick += step) {
    ticks.push(Number(tick.toPrecision(10)));
  }
  return ticks;
}

/** A chart of points joined by a line, with marked places. */
export function lineChart(options: {
  readonly title: string;
  readonly description: string;
  readonly x: { readonly name: string; readonly integer: boolean };
  readonly y: { readonly name: string; readonly fromZero: boolean };
  readonly points: readonly (readonly [number, number])[];
  readonly second?: readonly (readonly [number, number])[];
  readonly marks: readonly { readonly x: number; readonly text: string; readonly kind: string }[];
  readonly dots: boolean;
}): HTMLElement {
  const [width, height, left, right, top, bottom] = [360, 220, 46, 12, 14, 38];
  const caption = html("figcaption", {}, options.title);
  const { points } = options;
  if (points.length === 0) {
    return html("figure", { class: "chart" }, caption, html("p", { class: "quiet" }, "Nothing to draw."));
  }
  const all = [...points, ...(options.second ?? [])];
  const xs = [...all.map(([x]) => x), ...options.marks.map(({ x }) => x)];
  const ys = all.map(([, y]) => y);
  let [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  if (x0 === x1) [x0, x1] = [x0 - 1, x1 + 1];
  let [y0, y1] = [options.y.fromZero ? 0 : Math.min(...ys), Math.max(...ys)];
  if (y0 === y1) [y0, y1] = [y0 - 0.5, y1 + 0.5];
  const room = (y1 - y0) * 0.08;
  y1 += room;
  if (!options.y.fromZero) y0 -= room;
  const px = (x: number) => left + ((x - x0) / (x1 - x0)) * (width - left - right);
  const py = (y: number) => height - bottom - ((y - y0) / (y1 - y0)) * (height - top - bottom);
  const path = (line: readonly (readonly [number, number])[]) =>
    line.map(([x, y], i) => `${i === 0 ? "M" : "L"}${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join("");
  const step = axisTicks(y0, y1, 4);
  const digits = step.length > 1 ? Math.max(0, Math.min(4, Math.ceil(-Math.log10(step[1] - step[0]) - 1e-9))) : 2;
  const chart = svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": options.description },
    ...step.map((y) =>
      svg(
        "g",
        {},
        svg("line", { class: "grid", x1: left, x2: width - right, y1: py(y), y2: py(y) }),
        svg("text", { x: left - 6, y: py(y) + 3.5, "text-anchor": "end" }, y.toFixed(digits)),
      )
    ),
    ...axisTicks(x0, x1, options.dots ? 12 : 6).filter((x) => !options.x.integer || Number.isInteger(x)).map((x) =>
      svg("text", { x: px(x), y: height - bottom + 15, "text-anchor": "middle" }, String(x))
    ),
    svg("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }),
    svg(
      "text",
      { class: "name", x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" },
      options.x.name,
    ),
    svg("text", { class: "name", x: 2, y: 9 }, options.y.name),
    ...options.marks.map(({ x, text, kind }, i) =>
      svg(
        "g",
        { class: `mark ${kind}` },
        svg("line", { x1: px(x), x2: px(x), y1: top + 4, y2: height - bottom }),
        svg(
          "text",
          {
            x: px(x) + (px(x) > width / 2 ? -5 : 5),
            y: top + 14 + 13 * i,
            "text-anchor": px(x) > width / 2 ? "end" : "start",
          },
          text,
        ),
      )
    ),
    options.second ? svg("path", { class: "line second", d: path(options.second) }) : null,
    svg("path", { class: "line", d: path(points) }),
    ...(options.dots ? points : []).map(([x, y]) =>
      svg("circle", {
        class: options.marks.some((mark) => mark.x === x) ? "dot chosen" : "dot",
        cx: px(x),
        cy: py(y),
        r: options.marks.some((mark) => mark.x === x) ? 4.5 : 3,
      })
    ),
  );
  return html("figure", { class: "chart" }, caption, chart);
}

/** Mean distance as images are added, with both stops. */
export function elbowChart(entry: UnitEntry, block: UnitBlock, index: PageIndex): HTMLElement {
  const stops = [
    ...(entry.paper === null ? [] : [{ x: entry.paper.I, text: `literal stop, ${entry.paper.I}`, kind: "literal" }]),
    ...(entry.score === null ? [] : [{
      x: entry.score.I,
      text: `${entry.stop === "elbow" ? "stop" : "maximum"}, ${entry.score.I}`,
      kind: "own",
    }]),
  ];
  const rule = index.elbow === null
    ? ""
    : ` Ends after ${index.elbow.patience} changes in a row below ${index.elbow.threshold}, with ${index.elbow.minImages} to ${index.elbow.maxImages} images.`;
  const chart = lineChart({
    title: "Elbow: mean LPIPS as images are added",
    description: `Mean pairwise LPIPS distance of ${entry.id} after 2 to ${block.curve.length + 1} images.${rule}`,
    x: { name: "images", integer: true },
    y: { name: "mean pairwise LPIPS", fromZero: false },
    points: block.curve.map((distance, i) => [i + 2, distance] as const),
    marks: stops,
    dots: false,
  });
  chart.append(html("p", { class: "note" }, rule.trim()));
  return chart;
}

/** The criterion by K. */
export function criterionChart(entry: UnitEntry, block: UnitBlock, index: PageIndex): HTMLElement {
  const points = block.candidates.flatMap(({ k, value }) => value === null ? [] : [[k, value] as const]);
  const chart = lineChart({
    title: `Choice of K: ${index.criterion}`,
    description: `${index.criterion} of ${entry.id} by number of clusters: ${
      points.map(([k, value]) => `K ${k}: ${short(value, 4)}`).join(", ")
    }`,
    x: { name: "clusters K", integer: true },
    y: { name: `${index.criterion}, lower is better`, fromZero: false },
    points,
    marks: entry.score === null ? [] : [{ x: entry.score.K, text: `K = ${entry.score.K}`, kind: "own" }],
    dots: true,
  });
  chart.append(
    html(
      "p",
      { class: "note" },
      `Inertia: ${block.candidates.map(({ k, inertia }) => `${k}: ${short(inertia)}`).join(" · ")}`,
    ),
  );
  return chart;
}

/** The embeddings on their principal plane, each as its image in the colour of its cluster. */
export function embeddingMap(entry: UnitEntry, block: UnitBlock, image: HTMLImageElement): HTMLElement {
  const { map, mapShares, sheet } = block;
  const [xs, ys] = [map.map(([x]) => x), map.map(([, y]) => y)];
  const middle = (values: number[]) => (Math.min(...values) + Math.max(...values)) / 2;
  const reach = (values: number[]) => (Math.max(...values) - Math.min(...values)) / 2;
  const [mx, my] = [middle(xs), middle(ys)];
  const scale = Math.max(reach(xs) / 1.5, reach(ys), 1e-9); // one scale for both axes: distances are to be seen
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const field = html("div", {
    class: "map",
    role: "img",
    "aria-label":
      `Embeddings of the ${map.length} images of ${entry.id} on their first two principal components, which hold ${
        percent(mapShares[0])
      } and ${percent(mapShares[1])} of the variance`,
  });
  map.forEach(([x, y], i) => {
    const dot = html("canvas", {
      class: `pixels ${clusterClass(block.assignments[i])}`,
      "aria-hidden": "true",
      title: `image ${i + 1}, cluster ${block.assignments[i] + 1}`,
    });
    drawImages(dot, image, sheet!, [i], 1, 0);
    dot.style.left = `${50 + 44 * (x - mx) / scale / 1.5}%`;
    dot.style.top = `${50 - 42 * (y - my) / scale}%`;
    field.append(dot);
  });
  return html(
    "figure",
    { class: "chart" },
    html("figcaption", {}, "Embedding map: first two principal components"),
    field,
    html(
      "p",
      { class: "note" },
      `Across ${percent(mapShares[0])} of the variance, up ${percent(mapShares[1])}; one scale. Frames are clusters.`,
    ),
  );
}

/** Angles between centres as a table. */
export function angleTable(entry: UnitEntry, theta: readonly (readonly number[])[]): HTMLElement | null {
  if (theta.length < 2) return null;
  const chip = (k: number) => html("span", { class: `swatch ${clusterClass(k)}` }, String(k + 1));
  return html(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": `Angles between the clusters of ${entry.id}` },
    html("h3", { class: "angles-title" }, "Angles between cluster centres, in degrees"),
    html(
      "table",
      { class: "angles" },
      html("thead", {}, html("tr", {}, html("td", {}), ...theta.map((_, k) => html("th", { scope: "col" }, chip(k))))),
      html(
        "tbody",
        {},
        ...theta.map((row, k) =>
          html(
            "tr",
            {},
            html("th", { scope: "row" }, chip(k)),
            ...row.map((value, j) => html("td", {}, j === k ? "" : (180 * value).toFixed(0))),
          )
        ),
      ),
    ),
  );
}

/** A score with its parts, as a sentence of numbers. */
export function scoreLine(score: ScoreNumbers | null): string {
  return score === null
    ? "no score"
    : `S ${fixed(score.S, 3)} · C ${fixed(score.C, 3)} · D ${fixed(score.D, 3)} · K ${score.K} · I ${score.I}`;
}

/** The clusters as rows of images. */
export function clusterRows(
  entry: UnitEntry,
  score: ScoreNumbers | null,
  block: UnitBlock,
  image: HTMLImageElement,
): HTMLElement[] {
  const { sheet, activations } = block;
  const one = (i: number) => singleImage(image, sheet!, i, `image ${i + 1}, activation ${short(activations[i])}`);
  const members = clusterMembers(block.assignments);
  const rows = members.map((images, k) =>
    html(
      "section",
      { class: `cluster ${members.length === 1 ? "only" : clusterClass(k)}` },
      html(
        "h3",
        {},
        html("span", { class: `swatch ${members.length === 1 ? "only" : clusterClass(k)}` }, String(k + 1)),
        `Cluster ${k + 1}`,
        html(
          "span",
          { class: "quiet" },
          ` ${images.length} of ${score?.I ?? activations.length} images, mean activation ${
            short(images.reduce((sum, i) => sum + activations[i], 0) / Math.max(1, images.length))
          }`,
        ),
      ),
      html("div", { class: "tiles" }, ...images.map(one)),
    )
  );
  const rest = activations.map((_, i) => i).slice(block.assignments.length);
  if (rest.length > 0) {
    rows.push(html(
      "section",
      { class: "cluster uncounted" },
      html("h3", {}, score === null ? "Images that were not scored" : "Made beyond the stop, not counted"),
      html("div", { class: "tiles" }, ...rest.map(one)),
    ));
  }
  if (rows.length === 0) rows.push(html("p", { class: "quiet" }, `${entry.id} has no images.`));
  return rows;
}

/** Everything about one unit, for the dialog. */
export async function unitDetails(
  entry: UnitEntry,
  block: UnitBlock,
  other: UnitBlock | null,
  index: PageIndex,
): Promise<DocumentFragment> {
  const view = document.createDocumentFragment();
  const { score, paper } = entry;
  const dead = score === null;
  const parts = dead
    ? html("p", { class: "lead" }, "Dead: its gradient is zero from every start, so there is nothing to score.")
    : html(
      "div",
      { class: "parts" },
      html(
        "div",
        { class: "part big" },
        html("span", { class: "part-name" }, "S"),
        html("strong", {}, fixed(score.S, 3)),
        entry.interval === null
          ? null
          : html("span", { class: "quiet", title: "90 % interval" }, intervalInWords(entry.interval)),
      ),
      html("span", { class: "sign", "aria-hidden": "true" }, "="),
      html(
        "div",
        { class: "part" },
        html("span", { class: "part-name" }, "C"),
        html("strong", {}, fixed(score.C, 3)),
        html("span", { class: "quiet" }, `(${score.K} − 1) / (${score.I} − 1)`),
      ),
      html("span", { class: "sign", "aria-hidden": "true" }, "+"),
      html(
        "div",
        { class: "part" },
        html("span", { class: "part-name" }, "D"),
        html("strong", {}, fixed(score.D, 3)),
        html("span", { class: "quiet" }, score.K === 1 ? "one cluster" : "angles between centres"),
      ),
      html("span", { class: "sign", "aria-hidden": "true" }, "−"),
      html(
        "div",
        { class: "part" },
        html("span", { class: "part-name" }, "C D"),
        html("strong", {}, score.C === null ? "–" : fixed(score.C * score.D, 3)),
      ),
    );
  const fact = (name: string, value: string) => html("div", {}, html("dt", {}, name), html("dd", {}, value));
  const facts = html(
    "dl",
    { class: "facts" },
    ...(dead ? [] : [
      fact("clusters K", String(score.K)),
      fact("images I", String(score.I)),
      fact("mean angle of pairs", entry.angle === null ? "–" : `${(180 * entry.angle).toFixed(1)}°`),
    ]),
    ...(paper === null ? [] : [fact("literal rule", scoreLine(paper))]),
    ...(entry.mean === null
      ? []
      : [fact("activation, mean", short(entry.mean)), fact("activation, lowest", short(entry.lowest))]),
    ...(entry.datasetMax === null ? [] : [
      fact(
        index.datasetCount === null ? "dataset, best" : `best of ${index.datasetCount} dataset images`,
        short(entry.datasetMax),
      ),
    ]),
    ...(entry.above === null ? [] : [fact("images above it", `${Math.round(100 * entry.above)} %`)]),
  );
  view.append(
    parts,
    ...(entry.flags.length === 0 ? [] : [html(
      "ul",
      { class: "flag-list" },
      ...entry.flags.map((flag) => {
        const { name, meaning } = flagInWords(flag);
        return html("li", {}, html("b", {}, name), ` ${meaning}`);
      }),
    )]),
    facts,
  );
  if (index.runs !== null) {
    view.append(html(
      "p",
      { class: "against" },
      `In ${index.runs[1]}: ${scoreLine(entry.other ?? null)}. Change: `,
      change(difference(entry, "S"), 3),
      " S, ",
      change(difference(entry, "K"), 0),
      " K.",
    ));
  }
  let image: HTMLImageElement | null = null;
  if (block.sheet !== null) {
    try {
      image = await loadSheet(block.sheet);
    } catch {
      view.append(
        html(
          "p",
          { class: "notice" },
          block.sheet.inline
            ? "The images of this unit cannot be read."
            : `The images of this unit are missing: keep the folder ${
              block.sheet.source.split("/")[0]
            } beside this page.`,
        ),
      );
    }
  }
  if (image !== null) view.append(...clusterRows(entry, score, block, image));
  if (image !== null && block.bestPictured) {
    view.append(html(
      "section",
      { class: "cluster uncounted" },
      html(
        "h3",
        {},
        "Dataset’s best",
        html("span", { class: "quiet" }, ` the ${block.best.length} images that activate ${entry.id} most, best first`),
      ),
      html(
        "div",
        { class: "tiles" },
        ...block.best.map(({ index, activation }, i) => {
          const label = `test image ${index}, activation ${short(activation)}`;
          return singleImage(image, block.sheet!, block.activations.length + i, label);
        }),
      ),
    ));
  } else if (block.best.length > 0) {
    view.append(html(
      "p",
      { class: "quiet" },
      `Dataset’s best: ${
        block.best.map(({ index, activation }) => `test image ${index} (${short(activation)})`).join(", ")
      }. The dataset was not at hand when this page was made.`,
    ));
  }
  if (!dead) {
    const charts = html(
      "div",
      { class: "charts" },
      elbowChart(entry, block, index),
      criterionChart(entry, block, index),
    );
    if (image !== null && block.map.length > 1) charts.append(embeddingMap(entry, block, image));
    view.append(charts);
    const angles = angleTable(entry, block.theta);
    if (angles !== null) view.append(angles);
  }
  if (other !== null && other.sheet !== null && index.runs !== null) {
    try {
      const otherImage = await loadSheet(other.sheet);
      view.append(
        html("h3", { class: "other-run" }, `The same unit in ${index.runs[1]}`),
        html("p", { class: "quiet" }, scoreLine(entry.other ?? null)),
        ...clusterRows(entry, entry.other ?? null, other, otherImage),
      );
    } catch {
      view.append(html("p", { class: "notice" }, "The images of the other run cannot be read."));
    }
  }
  return view;
}

/**
 * A list that grows as its end comes near: so many items at a time, or by its button.
 *
 * @returns a function that shows other items from the top, and one that shows at least so many.
 */
export function growingList(
  list: HTMLElement,
  more: HTMLButtonElement,
  batch: number,
): { show: (items: readonly (() => HTMLElement)[]) => void } {
  let waiting: readonly (() => HTMLElement)[] = [];
  let shown = 0;
  const grow = () => {
    list.append(...waiting.slice(shown, shown + batch).map((make) => make()));
    shown = Math.min(shown + batch, waiting.length);
    more.hidden = shown >= waiting.length;
    more.textContent = `Show more (${waiting.length - shown} left)`;
  };
  more.addEventListener("click", grow);
  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting) && !more.hidden) grow();
  }, { rootMargin: "1200px" }).observe(more);
  return {
    show(items) {
      waiting = items;
      shown = 0;
      list.replaceChildren();
      grow();
    },
  };
}

/** The theme's switch: as the system has it, light, dark. */
export function startTheme(): void {
  const root = document.documentElement;
  const button = document.getElementById("theme") as HTMLButtonElement;
  const themes = ["auto", "light", "dark"];
  const show = (theme: string) => {
    if (theme === "auto") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
    button.textContent = `Theme: ${theme}`;
  };
  let theme = "auto";
  try {
    theme = localStorage.getItem("polysem-theme") ?? "auto"; // a page opened from a file may have no storage
  } catch { /* then it is chosen anew each time */ }
  if (!themes.includes(theme)) theme = "auto";
  show(theme);
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    show(theme);
    try {
      localStorage.setItem("polysem-theme", theme);
    } catch { /* see above */ }
  });
}

/** The table of what changed between two runs. */
export function startComparison(index: PageIndex): void {
  const body = document.getElementById("changes");
  if (body === null) return;
  interface Row {
    readonly id: string;
    readonly order: number;
    readonly a: ScoreNumbers | null;
    readonly b: ScoreNumbers | null;
    readonly note: string;
  }
  const rows: Row[] = [
    ...index.units.map(({ id, score, other }, order) => ({
      id,
      order,
      a: score,
      b: other ?? null,
      note: score !== null && other
        ? ""
        : other
        ? "no score in the first"
        : score !== null
        ? "no score in the second"
        : "no score",
    })),
    ...index.onlyOther.map(({ id, score }, i) => ({
      id,
      order: index.units.length + i,
      a: null,
      b: score,
      note: "only in the second",
    })),
  ];
  const minus = (row: Row, part: "S" | "K") => {
    const [a, b] = [row.a?.[part] ?? null, row.b?.[part] ?? null];
    return a === null || b === null ? null : b - a;
  };
  const columns: Readonly<Record<string, (row: Row) => number | null>> = {
    unit: (row) => -row.order,
    Sa: (row) => row.a?.S ?? null,
    Sb: (row) => row.b?.S ?? null,
    dS: (row) => minus(row, "S"),
    size: (row) => {
      const value = minus(row, "S");
      return value === null ? null : Math.abs(value);
    },
    Ka: (row) => row.a?.K ?? null,
    Kb: (row) => row.b?.K ?? null,
    dK: (row) => minus(row, "K"),
  };
  const list = growingList(body, document.getElementById("more-changes") as HTMLButtonElement, 100);
  const onlyK = document.getElementById("only-k") as HTMLInputElement;
  const known = new Set(index.units.map(({ id }) => id));
  let [column, descending] = ["size", true];
  const cell = (...children: Child[]) => html("td", {}, ...children);
  const show = () => {
    const value = columns[column];
    const chosen = rows.filter((row) => !onlyK.checked || (minus(row, "K") ?? 0) !== 0);
    chosen.sort((first, second) => {
      const [a, b] = [value(first), value(second)];
      if (a === null || b === null) return Number(a === null) - Number(b === null) || first.order - second.order;
      return (descending ? b - a : a - b) || first.order - second.order;
    });
    document.getElementById("changes-count")!.textContent = `${chosen.length} of ${rows.length} units`;
    list.show(chosen.map((row) => () =>
      html(
        "tr",
        { "data-unit": row.id },
        html(
          "th",
          { scope: "row" },
          known.has(row.id)
            ? html("a", { href: `#${encodeURIComponent(row.id).replaceAll("%3A", ":")}` }, row.id)
            : row.id,
        ),
        cell(fixed(row.a?.S, 3)),
        cell(fixed(row.b?.S, 3)),
        cell(change(minus(row, "S"), 3)),
        cell(row.a === null ? "–" : String(row.a.K)),
        cell(row.b === null ? "–" : String(row.b.K)),
        cell(change(minus(row, "K"), 0)),
        html("td", { class: "quiet" }, row.note),
      )
    ));
    for (const head of document.querySelectorAll<HTMLElement>("#comparison th[data-column]")) {
      const mine = head.dataset.column === column || (column === "size" && head.dataset.column === "dS");
      if (mine) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  };
  for (const head of document.querySelectorAll<HTMLElement>("#comparison th[data-column]")) {
    head.querySelector("button")!.addEventListener("click", () => {
      const asked = head.dataset.column!;
      [column, descending] = [asked, column === asked ? !descending : true];
      show();
    });
  }
  onlyK.addEventListener("change", show);
  show();
}

/** Starts the page. */
export function startAtlas(): void {
  startTheme();
  const index = JSON.parse(document.getElementById("index")!.textContent!) as PageIndex;
  const { units } = index;
  const places = new Map(units.map(({ id }, place) => [id, place]));
  const control = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

  // cards get their images when they come near, and give them up when they are far again
  const wanted = new Set<HTMLElement>();
  const fill = (card: HTMLElement) => {
    const place = Number(card.dataset.place);
    const block = readBlock(`unit-${place}`);
    if (block === null) return; // the page is still arriving: see below
    wanted.delete(card);
    fillCard(card, units[place], block);
  };
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const card = target as HTMLElement;
      if (isIntersecting) {
        wanted.add(card);
        fill(card);
      } else {
        wanted.delete(card);
        const room = card.querySelector<HTMLElement>(".card-images")!;
        if (room.firstChild) {
          room.style.minHeight = `${room.offsetHeight}px`;
          room.replaceChildren();
        }
      }
    }
  }, { rootMargin: "800px 0px" });
  const list = growingList(control("cards"), control("more"), 60);
  document.addEventListener("DOMContentLoaded", () => {
    for (const card of [...wanted]) fill(card);
    openLinked();
  });

  // what is shown, in which order
  const search = control<HTMLInputElement>("search");
  const layer = control<HTMLSelectElement>("layer");
  const clusters = control<HTMLSelectElement>("clusters");
  const from = control<HTMLInputElement>("s-from");
  const to = control<HTMLInputElement>("s-to");
  const flag = control<HTMLSelectElement>("flag");
  const order = control<HTMLSelectElement>("order");
  const controls = [search, layer, clusters, from, to, flag, order];
  let shown: number[] = [];
  const keys: Readonly<Record<string, (entry: UnitEntry) => number | null>> = {
    S: ({ score }) => score?.S ?? null,
    C: ({ score }) => score?.C ?? null,
    D: ({ score }) => score?.D ?? null,
    K: ({ score }) => score?.K ?? null,
    I: ({ score }) => score?.I ?? null,
    angle: ({ angle }) => angle,
    above: ({ above }) => above,
    change: (entry) => {
      const value = difference(entry, "S");
      return value === null ? null : Math.abs(value);
    },
  };
  const select = () => {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter((word) => word !== "");
    const [low, high] = [from.value === "" ? null : Number(from.value), to.value === "" ? null : Number(to.value)];
    const fits = (entry: UnitEntry) => {
      const text = `${entry.id} ${entry.flags.map((each) => `${each} ${flagInWords(each).name}`).join(" ")}`
        .toLowerCase();
      const S = entry.score?.S ?? null;
      const K = entry.score?.K ?? null;
      return words.every((word) => text.includes(word)) &&
        (layer.value === "" || entry.layer === layer.value) &&
        (clusters.value === "" ||
          (K !== null &&
            (clusters.value.endsWith("+") ? K >= parseInt(clusters.value) : K === Number(clusters.value)))) &&
        (low === null || (S !== null && S >= low)) && (high === null || (S !== null && S <= high)) &&
        (flag.value === "" ||
          (flag.value === "none" ? entry.flags.length === 0 : entry.flags.includes(flag.value.slice(5))));
    };
    shown = units.map((_, place) => place).filter((place) => fits(units[place]));
    const [key, direction] = order.value.split(" ");
    const value = keys[key];
    if (value) {
      shown.sort((first, second) => {
        const [a, b] = [value(units[first]), value(units[second])];
        if (a === null || b === null) return Number(a === null) - Number(b === null) || first - second;
        return (direction === "up" ? a - b : b - a) || first - second;
      });
    }
    control("count").textContent = shown.length === units.length
      ? `${units.length} unit${units.length === 1 ? "" : "s"}`
      : `${shown.length} of ${units.length} units`;
    control("nothing").hidden = shown.length > 0;
    watcher.disconnect();
    wanted.clear();
    list.show(shown.map((place) => () => {
      const card = unitCard(units[place], place);
      watcher.observe(card);
      return card;
    }));
  };
  for (const each of controls) each.addEventListener(each === search ? "input" : "change", select);
  control("reset").addEventListener("click", () => {
    for (const each of controls) {
      if (each instanceof HTMLSelectElement) each.selectedIndex = 0;
      else each.value = "";
    }
    select();
  });

  // one unit, opened by its link
  const dialog = control<HTMLDialogElement>("unit");
  const content = control("unit-content");
  let opened = -1;
  const open = async (place: number) => {
    const entry = units[place];
    const block = readBlock(`unit-${place}`);
    if (block === null) return; // the page is still arriving
    opened = place;
    control("unit-title").textContent = entry.id;
    const position = shown.indexOf(place);
    control<HTMLButtonElement>("previous").disabled = position < 1;
    control<HTMLButtonElement>("next").disabled = position < 0 || position === shown.length - 1;
    control("unit-position").textContent = position < 0 ? "" : `${position + 1} of ${shown.length}`;
    if (!dialog.open) dialog.showModal();
    const view = await unitDetails(entry, block, readBlock(`other-${place}`), index);
    if (opened !== place) return; // another was opened meanwhile
    content.replaceChildren(view);
    content.scrollTop = 0;
    dialog.dataset.shown = entry.id;
  };
  const linked = () => {
    try {
      return decodeURIComponent(location.hash.slice(1));
    } catch {
      return location.hash.slice(1);
    }
  };
  const openLinked = () => {
    const name = linked();
    const place = places.get(name);
    const unknown = control("unknown");
    unknown.hidden = true;
    if (place !== undefined) {
      if (place !== opened) open(place);
      return;
    }
    if (dialog.open) dialog.close();
    if (name !== "" && document.getElementById(name) === null) {
      unknown.textContent = `There is no unit ${name} in this page.`;
      unknown.hidden = false;
    }
  };
  dialog.addEventListener("close", () => {
    const entry = units[opened];
    opened = -1;
    delete dialog.dataset.shown;
    content.replaceChildren();
    if (entry !== undefined && linked() === entry.id) {
      const { scrollX, scrollY } = globalThis;
      history.replaceState(null, "", location.pathname + location.search);
      scrollTo(scrollX, scrollY);
    }
    if (entry !== undefined) {
      const link = [...document.querySelectorAll<HTMLElement>(".card")].find((card) => card.dataset.unit === entry.id);
      link?.querySelector("a")?.focus({ preventScroll: true });
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside the panel
  });
  const step = (by: number) => {
    const next = shown[shown.indexOf(opened) + by];
    if (opened >= 0 && shown.includes(opened) && next !== undefined) {
      location.replace(`#${encodeURIComponent(units[next].id)}`);
    }
  };
  control("close").addEventListener("click", () => dialog.close());
  control("previous").addEventListener("click", () => step(-1));
  control("next").addEventListener("click", () => step(1));
  dialog.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key === "/" && !typing && !dialog.open) {
      event.preventDefault();
      search.focus();
    }
  });
  addEventListener("hashchange", openLinked);
  select();
  startComparison(index);
}
