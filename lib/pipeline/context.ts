/**
 * What scoring needs, in two parts: a subject, whose units are scored, and the instruments that measure it. Each can be
 * written as plain data, a reference, from which a worker or another host loads it.
 *
 * @module
 */
import {
  type Instruments,
  type InstrumentsRef,
  type LoadedInstruments,
  loadInstruments,
  type OnMean,
} from "./instruments.ts";
import { type LoadedSubject, loadSubject, type Subject, type SubjectRef } from "./subject.ts";

/** What every job of a run shares. */
export interface PipelineContext extends Subject, Instruments {
  /** Seed of the run. */
  readonly seed: number;
}

/** A context as plain data. */
export interface ContextRef {
  readonly subject: SubjectRef;
  readonly instruments: InstrumentsRef;
  readonly seed: number;
}

/** A loaded context, the hashes that a manifest states, and what a worker loads the same by. */
export interface LoadedContext extends PipelineContext {
  readonly lpips: LoadedInstruments["lpips"];
  readonly embedder: LoadedInstruments["embedder"];
  readonly modelSha256: string;
  readonly ref: ContextRef;
  /** Frees all networks. */
  dispose(): void;
}

/**
 * Loads everything a run needs. The backend must be ready (`useBackend`).
 *
 * @param onMean as of `loadInstruments`.
 * @throws {InputError} when a model, dataset, embedder or metric is unknown, or its files are missing or altered.
 */
export async function loadContext(
  { subject, instruments, seed }: ContextRef,
  onMean?: OnMean,
): Promise<LoadedContext> {
  const loadedSubject = await loadSubject(subject);
  try {
    return joinContext(loadedSubject, await loadInstruments(instruments, loadedSubject.dataset, onMean), seed);
  } catch (error) {
    loadedSubject.dispose();
    throw error;
  }
}

/** A context of a subject and instruments that are loaded already; it frees both. */
export function joinContext(subject: LoadedSubject, instruments: LoadedInstruments, seed: number): LoadedContext {
  return {
    network: subject.network,
    dataset: subject.dataset,
    modelSha256: subject.modelSha256,
    profile: instruments.profile,
    lpips: instruments.lpips,
    embedder: instruments.embedder,
    meanEmbedding: instruments.meanEmbedding,
    seed,
    ref: { subject: subject.ref, instruments: instruments.ref, seed },
    dispose: () => {
      subject.dispose();
      instruments.dispose();
    },
  };
}
