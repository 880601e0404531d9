/**
 * What of generated images drives a unit: its label or its contour.
 *
 * @module
 */
export { PROBE_SHAPES, type ProbeDesign, probeMasks, probeSize, probeUnits, type UnitProbe } from "./probe.ts";
