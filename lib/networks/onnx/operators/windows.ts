/**
 * Windows that slide over positions: what convolutions and pools have in common.
 *
 * @module
 */
import { attribute } from "../graph.ts";
import { type Call, checkedShape, refuse } from "./operator.ts";

/** Windows along one axis. */
export interface WindowAxis {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Positions added before and after. */
  readonly before: number;
  readonly after: number;
}

/** Size of a kernel with its holes. */
export function extent({ kernel, dilation }: WindowAxis): number {
  return (kernel - 1) * dilation + 1;
}

/** Number of windows along an axis of `size` positions. */
export function windowsOf(axis: WindowAxis, size: number): number {
  return Math.floor((size + axis.before + axis.after - extent(axis)) / axis.stride) + 1;
}

/**
 * The windows that a node's attributes describe.
 *
 * @param sizes positions along each axis.
 * @param kernels sizes of the kernel along each.
 */
export function windowAxes(call: Call, sizes: readonly number[], kernels: readonly number[]): WindowAxis[] {
  const { node } = call;
  const strides = attribute.numbers(node, "strides") ?? sizes.map(() => 1);
  const dilations = attribute.numbers(node, "dilations") ?? sizes.map(() => 1);
  const pads = attribute.numbers(node, "pads") ?? sizes.flatMap(() => [0, 0]);
  if (
    kernels.length !== sizes.length || strides.length !== sizes.length || dilations.length !== sizes.length ||
    pads.length !== 2 * sizes.length
  ) refuse(call, `has attributes for another number of axes than its input's ${sizes.length}`);
  if ([...kernels, ...strides, ...dilations].some((n) => n < 1) || pads.some((n) => n < 0)) {
    refuse(call, "has a kernel, stride or dilation below 1, or a negative padding");
  }
  checkedShape(call, sizes.map((size, i) => size + pads[i] + pads[i + sizes.length]));
  const auto = attribute.text(node, "auto_pad", "NOTSET");
  return sizes.map((size, i) => {
    const axis = { kernel: kernels[i], stride: strides[i], dilation: dilations[i] };
    if (auto === "NOTSET" || auto === "") {
      return { ...axis, before: pads[i], after: pads[i + sizes.length] };
    }
    if (auto === "VALID") return { ...axis, before: 0, after: 0 };
    const total = Math.max(
      0,
      (Math.ceil(size / axis.stride) - 1) * axis.stride + extent({ ...axis, before: 0, after: 0 }) - size,
    );
    const less = Math.floor(total / 2);
    return auto === "SAME_UPPER"
      ? { ...axis, before: less, after: total - less }
      : { ...axis, before: total - less, after: less };
  });
}

/**
 * Windows of a pool whose last one may reach beyond the padding (`ceil_mode`), as windows with more padding after.
 *
 * @returns the windows, and how many positions were added for the last one.
 */
export function withCeiling(
  axes: readonly WindowAxis[],
  sizes: readonly number[],
): { axes: WindowAxis[]; added: number[] } {
  const added = axes.map((axis, i) => {
    const room = sizes[i] + axis.before + axis.after - extent(axis);
    let count = Math.ceil(room / axis.stride) + 1;
    // a window that begins in the padding after the last position does not count
    if ((count - 1) * axis.stride >= sizes[i] + axis.before) count--;
    return Math.max(0, (count - 1) * axis.stride - room);
  });
  return { axes: axes.map((axis, i) => ({ ...axis, after: axis.after + added[i] })), added };
}
