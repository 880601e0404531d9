/**
 * The one place where TensorFlow.js comes in; every other room takes `tf` from here (by way of `engine/mod.ts`).
 *
 * @module
 */
import "./polyfill.ts";
import * as tf from "@tensorflow/tfjs";
import "./gradients_on_device.ts";

export { tf };
