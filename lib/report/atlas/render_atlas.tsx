/**
 * A run as one page: summary, figures, and every unit with its images.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { renderToString } from "preact-render-to-string";
import type { ImageBatch } from "../../types.ts";
import { isPartial, plannedUnits, type RunData, summarizeLayers, unitName } from "../../run_data.ts";
import { areApart } from "./client/numbers.ts";
import { clientScript } from "./client_script.ts";
import { type AtlasFigure, type ComparisonSummary, Page } from "./page.tsx";
import type { PageIndex, Sheet, UnitBlock, UnitEntry } from "./page_data.ts";
import { comparedFacts, criterionInWords, elbowRule, runFacts } from "./settings.ts";
import { encodeSheet, sheetLayout } from "./sheet.ts";
import { scoreNumbers, sheetImages, unitBlock, unitEntry } from "./unit_data.ts";

/** JPEG qualities, best first. The page takes the first one that keeps it within its limit. */
const QUALITIES = [0.9, 0.85, 0.75] as const;
/** Units that are encoded at each quality to estimate the size of the page. */
const SAMPLE = 8;

/** The other run of a page of two. */
export interface AtlasComparison {
  readonly run: RunData;
  /** Settings in which the two differ, in words; none when they were made alike. */
  readonly settings: readonly string[];
}

/** How a page is made. */
export interface AtlasOptions {
  /** Charts under the summary. */
  readonly figures?: readonly AtlasFigure[];
  /** The run to compare with. */
  readonly compare?: AtlasComparison;
  /** Most bytes of images inside the page, as they stand there; 17 million unless given. */
  readonly inlineLimit?: number;
  /** Saves an image that does not go into the page; gives the address at which the page finds it. */
  readonly saveImage: (name: string, bytes: Uint8Array) => Promise<string>;
  /** The scores of all units as CSV, which a link of the page keeps as a file; none unless given. */
  readonly csv?: string;
  /** Notices at the top of the page, after its own. */
  readonly notices?: readonly string[];
  /** Called as units are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A page that was made. */
export interface Atlas {
  readonly html: string;
  /** Whether the images are in the page; if not, they were saved beside it. */
  readonly inline: boolean;
  /** Quality of the images, of 1. */
  readonly quality: number;
}

/**
 * Makes the page. If all images fit, they go into it; if not, those of each unit are saved as one file beside it.
 *
 * @returns the document; with `inline` false it needs the files that were saved.
 */
export async function renderAtlas(run: RunData, options: AtlasOptions): Promise<Atlas> {
  const { compare, figures = [], inlineLimit = 17_000_000, onProgress = () => {} } = options;
  const other = compare?.run ?? null;
  const otherUnits = new Map(other?.units.map((unit) => [unitName(unit), unit]));
  const pairs = run.units.map((unit) => ({ unit, other: otherUnits.get(unitName(unit)) ?? null }));
  const total = pairs.length + pairs.filter((pair) => pair.other !== null).length;

  const { quality, inline } = await chooseQuality(run, total, inlineLimit);
  let done = 0;
  const blockOf = async (of: RunData, { layer, unit }: UnitEntry | RunData["units"][number], name: string) => {
    const details = of.unit(layer, unit);
    const { batches, bestPictured } = await sheetImages(of, details);
    const sheet = batches.length === 0 ? null : await makeSheet(batches, quality, inline, name, options.saveImage);
    onProgress(++done, total);
    return unitBlock(details, sheet, bestPictured, of.dataset);
  };
  const blocks: UnitBlock[] = [];
  const otherBlocks: (UnitBlock | null)[] = [];
  const entries: UnitEntry[] = [];
  for (const [place, pair] of pairs.entries()) {
    const entry = unitEntry(pair.unit, run.manifest.modelClasses);
    const there = pair.other && unitEntry(pair.other);
    entries.push(
      other === null ? entry : { ...entry, other: there?.score ?? null, otherInterval: there?.interval ?? null },
    );
    blocks.push(await blockOf(run, pair.unit, `unit-${place}.jpg`));
    if (other !== null) {
      otherBlocks.push(pair.other === null ? null : await blockOf(other, pair.other, `other-${place}.jpg`));
    }
  }

  const mine = new Set(entries.map(({ id }) => id));
  const index: PageIndex = {
    units: entries,
    layers: run.layers.map(({ name }) => name),
    elbow: elbowRule(run.manifest),
    criterion: criterionInWords(run.manifest),
    datasetCount: run.dataset?.count ?? null,
    runs: other === null ? null : distinctNames(run.name, other.name),
    onlyOther: (other?.units ?? []).filter((unit) => !mine.has(unitName(unit)))
      .map((unit) => ({ id: unitName(unit), layer: unit.layer, score: scoreNumbers(unit.score) })),
  };
  const script = clientScript();
  const html = renderToString(
    <Page
      runName={run.name}
      facts={other === null ? runFacts(run.manifest) : comparedFacts(run.manifest, other.manifest)}
      layers={summarizeLayers(run.layers, run.units, run.manifest.dataset !== null)}
      committed={run.units.length}
      planned={plannedUnits(run)}
      notices={[...partialNotices(run, other), ...(options.notices ?? [])]}
      figures={figures}
      comparison={compare ? comparisonSummary(compare, index) : null}
      index={index}
      csv={options.csv ?? null}
      blocks={blocks}
      otherBlocks={otherBlocks}
      style={Deno.readTextFileSync(new URL("./style.css", import.meta.url))}
      script={script}
      scriptHash={`sha256-${createHash("sha256").update(script).digest("base64")}`}
    />,
  );
  return { html: `<!doctype html>\n${html}\n`, inline, quality };
}

function partialNotices(...runs: readonly (RunData | null)[]): string[] {
  return runs.flatMap((run) =>
    run === null || !isPartial(run) ? [] : [
      `Partial: run ${run.name} has ${run.units.length} of its ${plannedUnits(run)} units. ` +
      "Run the same score-all command again to go on, then make this page anew.",
    ]
  );
}

/**
 * The best quality at which all images fit into the page, as estimated from a sample of the units. If they fit at none, they go
 * beside the page, at the best quality.
 */
async function chooseQuality(
  run: RunData,
  sheets: number,
  limit: number,
): Promise<{ quality: number; inline: boolean }> {
  const every = Math.max(1, Math.ceil(run.units.length / SAMPLE));
  const sample = run.units.filter((_, i) => i % every === Math.floor(every / 2));
  const batches: ImageBatch[][] = [];
  for (const { layer, unit } of sample) {
    const { batches: images } = await sheetImages(run, run.unit(layer, unit));
    if (images.length > 0) batches.push(images);
  }
  if (batches.length === 0) return { quality: QUALITIES[0], inline: true };
  for (const quality of QUALITIES) {
    let bytes = 0;
    for (const each of batches) bytes += (await encodeSheet(each, quality)).length * 4 / 3; // as base64
    if (bytes / batches.length * sheets <= limit) return { quality, inline: true };
  }
  return { quality: QUALITIES[0], inline: false };
}

async function makeSheet(
  batches: readonly ImageBatch[],
  quality: number,
  inline: boolean,
  name: string,
  save: AtlasOptions["saveImage"],
): Promise<Sheet> {
  const bytes = await encodeSheet(batches, quality);
  const layout = sheetLayout(batches[0].width, batches[0].height);
  return { ...layout, inline, source: inline ? bytes.toBase64() : await save(name, bytes) };
}

/** The names of two runs, told apart where their folders have one name. */
function distinctNames(first: string, second: string): [string, string] {
  return first === second ? [`${first} (first)`, `${second} (second)`] : [first, second];
}

function comparisonSummary({ settings, run }: AtlasComparison, index: PageIndex): ComparisonSummary {
  const both = index.units.filter(({ score, other }) => score !== null && other !== null && other !== undefined);
  const points = both.flatMap(({ id, score, other }) =>
    score!.S === null || other!.S === null ? [] : [{ id, x: score!.S, y: other!.S! }]
  );
  const theirs = new Set(run.units.map(unitName));
  return {
    names: index.runs!,
    settings,
    both: both.length,
    meanChange: points.length === 0 ? null : points.reduce((sum, { x, y }) => sum + y - x, 0) / points.length,
    apart: both.filter(({ interval, otherInterval }) => areApart(interval, otherInterval)).length,
    changedK: both.filter(({ score, other }) => score!.K !== other!.K).length,
    onlyFirst: index.units.filter(({ id }) => !theirs.has(id)).length,
    onlySecond: index.onlyOther.length,
    points,
  };
}
