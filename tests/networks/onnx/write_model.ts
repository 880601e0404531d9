/**
 * Small models by hand, for tests.
 *
 * @module
 */
import { join } from "node:path";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  type AttributeProtoSchema,
  type GraphProtoSchema,
  ModelProtoSchema,
  TensorProto_DataType as Type,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "onnx-buf";

export type TensorInit = MessageInitShape<typeof TensorProtoSchema>;
export type GraphInit = MessageInitShape<typeof GraphProtoSchema>;
export type AttributeInit = MessageInitShape<typeof AttributeProtoSchema>;
export type ValueInit = MessageInitShape<typeof ValueInfoProtoSchema>;

/** A value of a shape; a name leaves an axis open. */
export function value(name: string, shape: readonly (number | string)[], elemType = Type.FLOAT): ValueInit {
  const dim = shape.map((n) =>
    typeof n === "number"
      ? { value: { case: "dimValue" as const, value: BigInt(n) } }
      : { value: { case: "dimParam" as const, value: n } }
  );
  return { name, type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } } };
}

/** A stored tensor of float32. */
export function floats(name: string, dims: readonly number[], data: readonly number[]): TensorInit {
  return { name, dataType: Type.FLOAT, dims: dims.map(BigInt), floatData: [...data] };
}

/** A stored list of 64-bit integers. */
export function ints(name: string, data: readonly (number | bigint)[]): TensorInit {
  return { name, dataType: Type.INT64, dims: [BigInt(data.length)], int64Data: data.map(BigInt) };
}

/** An attribute of one integer or several. */
export function attributeOf(name: string, entries: number | bigint | readonly (number | bigint)[]): AttributeInit {
  return typeof entries === "object"
    ? { name, type: AttributeType.INTS, ints: entries.map(BigInt) }
    : { name, type: AttributeType.INT, i: BigInt(entries) };
}

/** The bytes of a model. */
export function writeModel(
  graph: GraphInit,
  opset = 18,
  ir = 10,
  functions: readonly { readonly name: string }[] = [],
): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(ir),
      opsetImport: [{ domain: "", version: BigInt(opset) }],
      graph,
      functions: [...functions],
    }),
  );
}

/** Writes a model, alone in a folder, and hands it on. */
export async function withModel(
  bytes: Uint8Array,
  use: (path: string, folder: string) => void | Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "polysem-onnx-" });
  try {
    const path = join(folder, "model.onnx");
    await Deno.writeFile(path, bytes);
    await use(path, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
