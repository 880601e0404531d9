/**
 * The page: summary, figures, comparison, and the frame that the script fills with units. It is rendered to text once. Whatever
 * comes from outside is text or an attribute, which the renderer escapes.
 *
 * @module
 */
import type { JSX } from "preact";
import { orderNumber } from "./client/filters.ts";
import { flagInWords } from "./client/format.ts";
import type { LayerSummary } from "../../run_data.ts";
import type { KShares } from "../../types.ts";
import { jsonForScript } from "./json_script.ts";
import type { PageIndex, UnitBlock } from "./page_data.ts";
import type { Fact } from "./settings.ts";
import { timeInWords } from "./time_in_words.ts";

/** A chart at the top of the page. */
export interface AtlasFigure {
  readonly title: string;
  /** One SVG document, made by us: it goes into the page as it is. */
  readonly svg: string;
}

/** What differs between two runs, in sum. */
export interface ComparisonSummary {
  readonly names: readonly [string, string];
  /** Settings in which the runs differ, in words. */
  readonly settings: readonly string[];
  /** Units that have a score in both. */
  readonly both: number;
  readonly meanChange: number | null;
  readonly changedK: number;
  /** Units whose intervals of S have no number in common. */
  readonly apart: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** S of the first and the second run, a pair per unit that has both. */
  readonly points: readonly { readonly id: string; readonly x: number; readonly y: number }[];
}

/** All that the page shows. */
export interface PageProps {
  readonly runName: string;
  readonly facts: readonly Fact[];
  readonly layers: readonly LayerSummary[];
  /** Units committed and planned. */
  readonly committed: number;
  readonly planned: number;
  readonly notices: readonly string[];
  readonly figures: readonly AtlasFigure[];
  readonly comparison: ComparisonSummary | null;
  readonly index: PageIndex;
  /** The scores of all units as CSV; null to do without. */
  readonly csv: string | null;
  /** A block for each unit of the index. */
  readonly blocks: readonly UnitBlock[];
  /** The blocks of the same units in the run compared with; null for a unit that it does not have. */
  readonly otherBlocks: readonly (UnitBlock | null)[];
  readonly style: string;
  readonly script: string;
  /** `sha256-...` of the script: the only one that the page lets run. */
  readonly scriptHash: string;
}

const two = (value: number | null) => value === null ? "–" : value.toFixed(2).replace("-", "−");
const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** The whole document, without its doctype. */
export function Page(props: PageProps): JSX.Element {
  const { runName, index, comparison } = props;
  // the page may fetch images beside it and nothing else, and run our script and no other
  const policy = `default-src 'none'; img-src data: 'self' file:; style-src 'unsafe-inline'; ` +
    `script-src '${props.scriptHash}'; base-uri 'none'; form-action 'none'`;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={policy} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>
          {`${runName}${comparison ? ` and ${comparison.names[1]}` : ""} – polysemanticity of ${
            plural(index.units.length, "unit")
          }`}
        </title>
        <link rel="icon" href="data:," />
        <style dangerouslySetInnerHTML={{ __html: props.style }} />
      </head>
      <body>
        <a class="skip" href="#atlas">Skip to the units</a>
        <header class="top">
          <div>
            <p class="over">polysem · atlas of units</p>
            <h1>
              {runName}
              {comparison && <span class="versus">compared with {comparison.names[1]}</span>}
            </h1>
          </div>
          <button type="button" id="theme" hidden>Theme: auto</button>
        </header>
        <main>
          {props.notices.map((notice) => <p class="notice" key={notice}>{notice}</p>)}
          <p class="notice" id="unknown" role="status" hidden></p>
          <p class="notice" id="unfit" role="status" hidden></p>
          <noscript>
            <p class="notice">Scripts are off: the summary and figures show, the units and their images do not.</p>
          </noscript>
          <Summary {...props} />
          {comparison && <Comparison {...comparison} />}
          <Figures figures={props.figures} />
          <Atlas index={index} csv={props.csv} csvName={`${runName}-scores.csv`} />
        </main>
        <footer>
          <p>
            S = C + D − C D, with C = (K − 1) / (I − 1) for the number of clusters and D for the angles between them. S
            is high when either part is. For the same K it falls as I grows: read it beside I, K, C and D. The line on
            the bar of S is its 90 % interval. The bar of K shows how sure K is: in how many random halves of the images
            it is 1, 2, or 3 and more. Images here are compressed for the page; the run file keeps them exact.
          </p>
        </footer>
        <UnitDialog />
        <script type="application/json" id="index" dangerouslySetInnerHTML={{ __html: jsonForScript(index) }} />
        <script dangerouslySetInnerHTML={{ __html: props.script }} />
        {props.blocks.map((block, i) => <Block id={`unit-${i}`} block={block} key={i} />)}
        {props.otherBlocks.map((block, i) => block && <Block id={`other-${i}`} block={block} key={i} />)}
      </body>
    </html>
  );
}

function Block({ id, block }: { id: string; block: UnitBlock }): JSX.Element {
  return <script type="application/json" id={id} dangerouslySetInnerHTML={{ __html: jsonForScript(block) }} />;
}

function Summary({ facts, layers, committed, planned, comparison }: PageProps): JSX.Element {
  const sum = (pick: (layer: LayerSummary) => number) => layers.reduce((total, layer) => total + pick(layer), 0);
  const scoredOf = ({ K1, K2, K3 }: LayerSummary) => K1 + K2 + K3; // every unit with a score has a K
  const scored = sum(scoredOf);
  const dead = sum(({ dead }) => dead);
  const S = layers.flatMap((layer) => layer.meanS === null ? [] : [[layer.meanS, scoredOf(layer)] as const]);
  const meanS = scored === 0 ? null : S.reduce((total, [mean, count]) => total + mean * count, 0) / scored;
  const exceeding = layers.some(({ exceeding }) => exceeding !== null) ? sum(({ exceeding }) => exceeding ?? 0) : null;
  const several = sum(({ K2, K3 }) => K2 + K3);
  const known = layers.some(({ kShares }) => kShares !== null);
  const share = (count: number) => scored === 0 ? "" : `${Math.round(100 * count / scored)} % of those scored`;
  return (
    <section class="summary" aria-label="Summary">
      {comparison && <p class="quiet">Numbers of {comparison.names[0]}:</p>}
      <ul class="headline">
        <Headline
          value={committed < planned ? `${committed} of ${planned}` : String(committed)}
          name={committed < planned ? "units so far" : committed === 1 ? "unit" : "units"}
          more={scored === committed
            ? "all scored"
            : scored + dead === committed
            ? `${dead} dead`
            : `${committed - scored} without a score`}
          query={dead > 0 && scored + dead === committed ? "?flag=dead" : "?"}
        />
        <Headline value={two(meanS)} name="mean S" more="over the units with a score" />
        <Headline
          value={String(several)}
          name="with two or more clusters"
          more={share(several)}
          query={several > 0 ? "?K=2%2B" : undefined}
        />
        {exceeding !== null && (
          <Headline value={String(exceeding)} name="exceed the dataset" more="with every visualization" />
        )}
      </ul>
      <div class="summary-columns">
        <div class="scroll" tabIndex={0} role="region" aria-label="Layers">
          <table class="layers">
            <caption>{comparison ? `Layers of ${comparison.names[0]}` : "Layers"}</caption>
            <thead>
              <tr>
                <th scope="col">layer</th>
                <th scope="col" class="number">units</th>
                <th scope="col" class="number">mean S</th>
                <th scope="col" class="number">sd</th>
                <th scope="col">
                  clusters K = 1 / 2 / 3+{known && <small>units, then random halves</small>}
                </th>
                {exceeding !== null && <th scope="col" class="number">exceed dataset</th>}
                <th scope="col" class="number">dead</th>
                <th scope="col" class="number">time</th>
              </tr>
            </thead>
            <tbody>
              {layers.map((layer) => (
                <tr key={layer.layer}>
                  <th scope="row">
                    {layer.units > 0
                      ? <a class="row-name" href={`?layer=${encodeURIComponent(layer.layer)}#atlas`}>{layer.layer}</a>
                      : <span class="row-name">{layer.layer}</span>}
                  </th>
                  <td class="number">
                    {layer.units < layer.planned ? `${layer.units} of ${layer.planned}` : layer.units}
                  </td>
                  <td class="number">{two(layer.meanS)}</td>
                  <td class="number">{two(layer.spreadS)}</td>
                  <td>
                    <Split parts={[layer.K1, layer.K2, layer.K3]} />
                    {layer.kShares !== null && <Shares shares={layer.kShares} />}
                  </td>
                  {exceeding !== null && <td class="number">{layer.exceeding ?? "–"}</td>}
                  <td class="number">{layer.dead}</td>
                  <td class="number">{timeInWords(layer.seconds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <dl class="facts">
          {facts.map(({ name, value, title, other }) => (
            <div key={name} title={title}>
              <dt>{name}</dt>
              <dd>{value}</dd>
              {other !== undefined && <dd class="differs">{`${comparison?.names[1]}: ${other}`}</dd>}
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}

/** A number of the run in sum; `query` is the address of the units that it counts. */
function Headline(
  { value, name, more, query }: { value: string; name: string; more: string; query?: string },
): JSX.Element {
  return (
    <li>
      <strong>{value}</strong>
      <span>{query === undefined ? name : <a href={`${query}#atlas`}>{name}</a>}</span>
      <small>{more}</small>
    </li>
  );
}

/** Mean shares of K in halves of the images of a layer's units. */
function Shares({ shares: { K1, K2, K3 } }: { shares: KShares }): JSX.Element {
  const parts = [K1, K2, K3];
  return <Split parts={parts} text={`${parts.map((share) => Math.round(100 * share)).join(" / ")} %`} />;
}

/** Counts as a bar of coloured parts, with the numbers beside it. */
function Split({ parts, text = parts.join(" / ") }: { parts: readonly number[]; text?: string }): JSX.Element {
  const total = parts.reduce((sum, part) => sum + part, 0);
  return (
    <span class="split">
      <span class="split-bar" aria-hidden="true">
        {parts.map((part, i) =>
          part > 0 && <span class={`part${i + 1}`} style={`width:${100 * part / total}%`} key={i}></span>
        )}
      </span>
      <span class="split-text">{text}</span>
    </span>
  );
}

function Figures({ figures }: { figures: readonly AtlasFigure[] }): JSX.Element | null {
  if (figures.length === 0) return null;
  return (
    <section class="figures" aria-labelledby="figures-title">
      <h2 id="figures-title">Figures</h2>
      <div class="figure-grid">
        {figures.map(({ title, svg }, i) => (
          <figure class="vega scroll" tabIndex={0} role="group" aria-label={title} key={title}>
            <div dangerouslySetInnerHTML={{ __html: asPart(svg, `figure${i}-`) }} />
          </figure>
        ))}
      </div>
    </section>
  );
}

/**
 * A chart as a part of the page. Each chart numbers its clip paths from 0, so they get a prefix: in one page their names must
 * differ. Vega gives roles to groups of marks, which would be pictures without a label: they go, and the chart is one labelled
 * picture. Only tags are changed, never the text between them, which may hold the name of a layer.
 */
function asPart(svg: string, prefix: string): string {
  return svg.replace(/<\?xml[^>]*\?>|<!DOCTYPE[^>]*>/g, "").replace(/<[a-z](?:[^>"]|"[^"]*")*>/gi, (tag) =>
    tag
      .replace(/^(<(?:clipPath|linearGradient|radialGradient|pattern)\b[^>]*?\sid=")([^"]+)"/, `$1${prefix}$2"`)
      .replace(/ role="graphics-[a-z]+" aria-roledescription="[^"]*"/, "")
      .replace(/="url\(#([^")]+)\)"/g, `="url(#${prefix}$1)"`));
}

function Comparison(props: ComparisonSummary): JSX.Element {
  const [first, second] = props.names;
  const head = (column: string, text: string) => (
    <th scope="col" data-column={column} class={column === "unit" ? undefined : "number"}>
      <button type="button">{text}</button>
    </th>
  );
  return (
    <section class="comparison" aria-labelledby="comparison-title">
      <h2 id="comparison-title">What differs</h2>
      <p>
        <b>{first}</b> and <b>{second}</b>: {plural(props.both, "unit")} with a score in both, K differs in{" "}
        {props.changedK}, the intervals of S lie apart in{" "}
        {props.apart}. Mean difference of S, the second run less the first: {props.meanChange === null
          ? "–"
          : <b>{`${props.meanChange > 0 ? "+" : ""}${props.meanChange.toFixed(3).replace("-", "−")}`}</b>}.
        {props.onlyFirst > 0 && ` Only in ${first}: ${props.onlyFirst}.`}
        {props.onlySecond > 0 && ` Only in ${second}: ${props.onlySecond}.`}
      </p>
      {props.settings.length === 0
        ? <p class="quiet">The two runs were made with the same settings.</p>
        : (
          <details open={props.settings.length <= 6}>
            <summary>
              {`${plural(props.settings.length, "setting")} differ${
                props.settings.length === 1 ? "s" : ""
              }: ${first} → ${second}`}
            </summary>
            <ul class="settings">{props.settings.map((setting) => <li key={setting}>{setting}</li>)}</ul>
          </details>
        )}
      <div class="comparison-columns">
        <Scatter {...props} />
        <div>
          <p class="table-tools">
            <label>
              <input type="checkbox" id="only-k" /> only where K differs
            </label>
            <span id="changes-count" class="quiet" role="status"></span>
          </p>
          <p class="note">Marked rows differ in K, or in S by more than the two intervals.</p>
          <div class="scroll tall" id="comparison" tabIndex={0} role="region" aria-label="Differences by unit">
            <table>
              <thead>
                <tr>
                  {head("unit", "unit")}
                  {head("Sa", `S, ${first}`)}
                  {head("Sb", `S, ${second}`)}
                  {head("dS", "difference of S")}
                  {head("Ka", `K, ${first}`)}
                  {head("Kb", `K, ${second}`)}
                  {head("dK", "difference of K")}
                  <th scope="col">note</th>
                </tr>
              </thead>
              <tbody id="changes"></tbody>
            </table>
            <button type="button" id="more-changes" hidden>Show more</button>
          </div>
        </div>
      </div>
    </section>
  );
}

/** S of one run against S of the other, with the diagonal. */
function Scatter({ points, names }: ComparisonSummary): JSX.Element {
  const size = 260;
  const [left, bottom, edge] = [38, 34, 8];
  const most = Math.max(0.1, ...points.flatMap(({ x, y }) => [x, y])) * 1.04;
  const px = (x: number) => left + (x / most) * (size - left - edge);
  const py = (y: number) => size - bottom - (y / most) * (size - bottom - edge);
  const ticks = [0, 0.25, 0.5, 0.75, 1].filter((tick) => tick <= most);
  const labels = ticks.length > 2 ? ticks : [0, Number((most / 2).toFixed(2))];
  return (
    <figure class="chart scatter">
      <figcaption>{`S by unit: across ${names[0]}, upwards ${names[1]}`}</figcaption>
      <svg
        viewBox={`0 0 ${size} ${size}`}
        role="img"
        aria-label={`S of ${points.length} units in ${names[0]} and ${names[1]}`}
      >
        <line class="grid" x1={px(0)} y1={py(0)} x2={px(most)} y2={py(most)} />
        {labels.map((tick) => (
          <g key={tick}>
            <text x={px(tick)} y={size - bottom + 14} text-anchor="middle">{tick}</text>
            <text x={left - 5} y={py(tick) + 4} text-anchor="end">{tick}</text>
          </g>
        ))}
        <line class="axis" x1={left} y1={py(0)} x2={size - edge} y2={py(0)} />
        <line class="axis" x1={left} y1={py(0)} x2={left} y2={edge} />
        <text class="name" x={(left + size) / 2} y={size - 4} text-anchor="middle">S</text>
        <text class="name" x={left + 4} y={edge + 8}>S</text>
        {points.map(({ id, x, y }) => (
          <circle class="point" cx={px(x).toFixed(1)} cy={py(y).toFixed(1)} r="3.2" key={id}>
            <title>{`${id}: ${x.toFixed(3)}, ${y.toFixed(3)}`}</title>
          </circle>
        ))}
      </svg>
    </figure>
  );
}

/** Orders of the units, the first of them at the beginning, each with its words. */
const ORDERS: readonly (readonly [order: string, words: string])[] = [
  ["S down", "S, high to low"],
  ["S up", "S, low to high"],
  ["layer", "by layer"],
  ["K down", "K, most first"],
  ["sure up", "K, least sure first"],
  ["C down", "C, high to low"],
  ["D down", "D, high to low"],
  ["I down", "I, most first"],
  ["angle down", "mean angle, wide to narrow"],
  ["above up", "above the dataset, fewest first"],
  ["change down", "difference of S, largest first"],
];

/** A choice of one; there is none to be seen where it has fewer than two options beside the first, which is for all. */
function Choice({ id, name, all, options }: {
  id: string;
  name: string;
  all: string;
  options: readonly (readonly [value: string, text: string])[];
}): JSX.Element {
  return (
    <label hidden={options.length < 2}>
      <span>{name}</span>
      <select id={id}>
        <option value="">{all}</option>
        {options.map(([value, text]) => <option value={value} key={value}>{text}</option>)}
      </select>
    </label>
  );
}

function Atlas(
  { index: { units, layers }, csv, csvName }: { index: PageIndex; csv: string | null; csvName: string },
): JSX.Element {
  const has = (fits: (entry: PageIndex["units"][number]) => boolean) => units.some(fits);
  const flags = [...new Set(units.flatMap(({ flags }) => flags))].sort();
  const counts = [...new Set(units.flatMap(({ score }) => score?.K ?? []))].sort((a, b) => a - b);
  const least = [2, 3].filter((K) => counts.some((count) => count >= K));
  const orders = ORDERS.filter(([order]) => {
    const number = orderNumber(order.split(" ")[0]);
    return number === undefined || has((entry) => number(entry) !== null);
  });
  return (
    <section class="atlas" aria-labelledby="atlas">
      <div class="section-head">
        <h2 id="atlas" tabIndex={-1}>Units</h2>
        {csv !== null && (
          <a href={`data:text/csv;base64,${new TextEncoder().encode(csv).toBase64()}`} download={csvName}>
            All scores as CSV
          </a>
        )}
      </div>
      <div class="tools" role="search">
        <label class="grow">
          <span>Search</span>
          <input type="search" id="search" placeholder="conv2:3, dead …" autocomplete="off" spellcheck={false} />
        </label>
        <Choice
          id="layer"
          name="Layer"
          all="all layers"
          options={layers.filter((name) => has(({ layer }) => layer === name)).map((name) => [`layer:${name}`, name])}
        />
        <Choice
          id="clusters"
          name="Clusters"
          all="any K"
          options={[
            ...least.map((K) => [`${K}+`, `${K} or more`] as const),
            ...counts.map((K) => [String(K), `K = ${K}`] as const),
          ]}
        />
        <fieldset class="range">
          <legend>S</legend>
          <input type="number" id="s-from" min="0" max="1" step="0.05" placeholder="0" aria-label="S from" />
          <span aria-hidden="true">to</span>
          <input type="number" id="s-to" min="0" max="1" step="0.05" placeholder="1" aria-label="S to" />
        </fieldset>
        <Choice
          id="flag"
          name="Flag"
          all="any or none"
          options={flags.length === 0 ? [] : [
            ...(has((entry) => entry.flags.length === 0) ? [["none", "none"] as const] : []),
            ...flags.map((flag) => [`flag:${flag}`, flagInWords(flag).name] as const),
          ]}
        />
        <label>
          <span>Sort</span>
          <select id="order">
            {orders.map(([order, words]) => <option value={order} key={order}>{words}</option>)}
          </select>
        </label>
        <button type="button" id="reset">Reset</button>
        <output id="count" role="status"></output>
      </div>
      <p id="nothing" class="quiet" hidden>No unit fits. Widen the filters, or reset them.</p>
      <ul id="cards" class="cards"></ul>
      <button type="button" id="more" hidden>Show more</button>
    </section>
  );
}

function UnitDialog(): JSX.Element {
  return (
    <dialog id="unit" aria-labelledby="unit-title">
      <header>
        <h2 id="unit-title"></h2>
        <span id="unit-position" class="quiet"></span>
        <button type="button" id="previous" aria-label="Previous unit">←</button>
        <button type="button" id="next" aria-label="Next unit">→</button>
        <button type="button" id="close" aria-label="Close">✕</button>
      </header>
      <div id="unit-content" tabIndex={0} autofocus role="region" aria-label="About the unit"></div>
      <div id="viewer" popover="auto" role="group" aria-label="Enlarged image">
        <canvas id="viewer-image" class="pixels" role="img"></canvas>
        <p id="viewer-caption" role="status"></p>
        <p class="viewer-tools">
          <button type="button" id="image-before" aria-label="Previous image">←</button>
          <button type="button" id="image-after" aria-label="Next image">→</button>
          <a id="image-file" class="button">Download PNG</a>
          <button type="button" id="image-close" autofocus aria-label="Close the image">✕</button>
        </p>
      </div>
    </dialog>
  );
}
