/**
 * .onnx files as graphs. A file is parsed and checked, never executed. The schema and the parser are packages:
 * `@bufbuild/protobuf`, which reads the bytes of tensors without copying them, and `onnx-buf`, ONNX's published schema
 * (1.20, IR 13) compiled for it.
 *
 * @see https://github.com/onnx/onnx/blob/main/docs/IR.md
 * @module
 */
import { createHash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type ValueInfoProto,
} from "onnx-buf";
import { InputError, messageOf } from "../../../errors.ts";
import { type AttributeValue, type Graph, type GraphInput, type GraphNode, sortNodes } from "../graph.ts";
import { kindOfType, nameOfType, openTensor, type ReadExternal, saturate, type StoredArray } from "./arrays.ts";
import { ExternalData } from "./external_data.ts";

/** What a reader accepts. */
export interface ReadLimits {
  /** Versions of the operators' definitions, oldest and newest. */
  readonly opsets: readonly [number, number];
}

/** What PyTorch's exporters write by default, and the versions around it. */
const DEFAULT_LIMITS: ReadLimits = { opsets: [11, 23] };
/** Newest version of the file format. */
const NEWEST_IR = 13;
/** Most entries of a graph: nodes, stored tensors, descriptions of values. The largest published networks have a tenth. */
const MOST_ENTRIES = 200_000;
/** Largest file, in bytes: the format's own limit; larger networks keep their weights beside the file. */
const MOST_BYTES = 2 ** 31 - 1;
/** Where PyTorch's exporter writes the paths of the modules around a node, in the notation of a Python list. */
const SCOPES = "pkg.torch.onnx.name_scopes";
/** Operators that hold graphs of their own. */
const CONTROL_FLOW = ["If", "Loop", "Scan", "SequenceMap"];

/** A graph and the hash of its files. */
export interface OnnxFile {
  readonly graph: Graph;
  /** Sha256 of the file and of those that hold its tensors, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads an .onnx file and the files of tensors beside it.
 *
 * @throws {InputError} when it cannot be read, is no intact ONNX file, or has what is not supported.
 */
export function readOnnx(path: string, limits: ReadLimits = DEFAULT_LIMITS): OnnxFile {
  const bytes = readBytes(path);
  const model = parse(bytes, path);
  const external = new ExternalData(path);
  const opset = checkModel(model, path, limits);
  const graph = toGraph(model.graph!, path, opset, (tensor, count) => external.read(tensor, count));
  const hash = createHash("sha256").update(bytes);
  external.hashInto(hash);
  return { graph, sha256: hash.digest("hex") };
}

function readBytes(path: string): Uint8Array<ArrayBuffer> {
  try {
    const { size, isFile } = Deno.statSync(path);
    if (!isFile) throw new InputError(`${path} is not a file; name an .onnx file`);
    if (size > MOST_BYTES) throw new InputError(`${path} has ${size} bytes; an .onnx file has less than 2 GiB`);
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`cannot read the network ${path}: ${messageOf(error)}; check the path`);
  }
}

function parse(bytes: Uint8Array<ArrayBuffer>, path: string): ModelProto {
  try {
    countEntries(bytes, path);
    return fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path} is not an intact ONNX file (truncated?): ${messageOf(error)}; export it again`);
  }
}

/** Number of a field, from the schema: `graph` in a model. */
const GRAPH_FIELD = 7;

/** Counts a graph's entries before anything is made of them: two bytes can ask for an object of a hundred. */
function countEntries(bytes: Uint8Array, path: string): void {
  const reader = new BinaryReader(bytes);
  let entries = 0;
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field !== GRAPH_FIELD || wire !== WireType.LengthDelimited) {
      reader.skip(wire, field);
      continue;
    }
    const end = reader.uint32() + reader.pos;
    while (reader.pos < Math.min(end, reader.len)) {
      const [inner, innerWire] = reader.tag();
      reader.skip(innerWire, inner);
      if (++entries > MOST_ENTRIES) {
        throw new InputError(
          `${path} has more than ${MOST_ENTRIES} nodes and tensors; no network of that size is read`,
        );
      }
    }
  }
}

/** @returns the version of the operators' definitions. */
function checkModel(model: ModelProto, path: string, { opsets: [oldest, newest] }: ReadLimits): number {
  if (model.graph === undefined || model.graph.node.length === 0) {
    throw new InputError(`${path} is not an ONNX file, or its graph has no nodes; check what it is`);
  }
  if (model.irVersion > NEWEST_IR) {
    throw new InputError(
      `${path} is of IR version ${model.irVersion}; versions up to ${NEWEST_IR} are read; export with an older opset`,
    );
  }
  const opset = Number(model.opsetImport.find(({ domain }) => isOwnDomain(domain))?.version ?? 0n);
  if (opset < oldest || opset > newest) {
    throw new InputError(
      `${path} is of opset ${opset || "(none)"}; ${oldest} to ${newest} are read; export with opset_version=18 or so`,
    );
  }
  if (model.functions.length > 0) {
    throw new InputError(
      `${path} defines functions of its own (${
        model.functions[0].name
      }), which are not supported; inline them when exporting`,
    );
  }
  return opset;
}

function isOwnDomain(domain: string): boolean {
  return domain === "" || domain === "ai.onnx";
}

function toGraph(proto: GraphProto, file: string, opset: number, external: ReadExternal): Graph {
  if (proto.sparseInitializer.length > 0) {
    throw new InputError(
      `${file} stores sparse tensors, which are not supported; export the network with dense weights`,
    );
  }
  refuseNodes(proto.node, file);
  const constants = new Map<string, StoredArray>();
  for (const tensor of proto.initializer) {
    if (constants.has(tensor.name)) {
      throw new InputError(`${file} stores the tensor ${tensor.name} twice; export it again`);
    }
    constants.set(tensor.name, openTensor(tensor, tensor.name, file, external));
  }
  const inputs = proto.input.filter(({ name }) => !constants.has(name)).map((input) => toInput(input, file));
  const known = new Set(["", ...constants.keys()]);
  for (const { name } of inputs) {
    if (known.has(name)) throw new InputError(`${file} has two inputs called ${name}; export it again`);
    known.add(name);
  }
  const nodes = sortNodes(file, proto.node.map((node, i) => toNode(node, i, file, external)), known);
  const outputs = proto.output.map(({ name }) => name);
  const made = new Set([...known, ...nodes.flatMap((node) => node.outputs)]);
  const missing = outputs.find((name) => !made.has(name));
  if (outputs.length === 0 || missing !== undefined) {
    throw new InputError(
      `${file}: ${missing === undefined ? "the graph has no output" : `nobody makes its output ${missing}`}`,
    );
  }
  return { file, opset, inputs, outputs, nodes, constants };
}

/** Refuses what no table of operators could help with: foreign domains, and operators that hold graphs. */
function refuseNodes(nodes: readonly NodeProto[], file: string): void {
  for (const { opType, name, domain } of nodes) {
    if (!isOwnDomain(domain)) {
      throw new InputError(
        `${file}: node ${
          name || opType
        } is ${opType} of the domain ${domain}, which is not supported; export with ONNX's own operators`,
      );
    }
    if (CONTROL_FLOW.includes(opType)) {
      throw new InputError(
        `${file}: node ${
          name || opType
        } is ${opType}, and control flow is not supported; export the network for one fixed path`,
      );
    }
  }
}

function toInput({ name, type }: ValueInfoProto, file: string): GraphInput {
  if (type?.value.case !== "tensorType") {
    throw new InputError(`${file}: its input ${name} is not a tensor; export it again`);
  }
  const { elemType, shape } = type.value.value;
  const kind = kindOfType(elemType);
  if (kind === undefined) {
    throw new InputError(`${file}: its input ${name} is of ${nameOfType(elemType)}; export the network in float32`);
  }
  const dims = (shape?.dim ?? []).map(({ value }) =>
    value.case === "dimValue"
      ? (value.value < 0n ? null : Number(value.value))
      : value.case === "dimParam"
      ? value.value
      : null
  );
  return { name, kind, shape: dims };
}

function toNode(node: NodeProto, index: number, file: string, external: ReadExternal): GraphNode {
  const name = node.name || `${node.opType}_${index}`;
  const attributes = new Map<string, AttributeValue>();
  for (const each of node.attribute) {
    if (attributes.has(each.name)) {
      throw new InputError(`${file}: node ${name} has the attribute ${each.name} twice; export it again`);
    }
    attributes.set(each.name, toAttribute(each, name, file, external));
  }
  const scopes = node.metadataProps.find(({ key }) => key === SCOPES)?.value;
  return {
    name,
    operator: node.opType,
    inputs: node.input,
    outputs: node.output,
    attributes,
    scopes: scopes === undefined ? [] : parseScopes(scopes),
  };
}

function toAttribute(
  attribute: AttributeProto,
  node: string,
  file: string,
  external: ReadExternal,
): AttributeValue {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  switch (attribute.type) {
    case AttributeType.FLOAT:
      return attribute.f;
    case AttributeType.INT:
      return saturate(attribute.i);
    case AttributeType.STRING:
      return text(attribute.s);
    case AttributeType.FLOATS:
      return attribute.floats;
    case AttributeType.INTS:
      return attribute.ints.map(saturate);
    case AttributeType.STRINGS:
      return attribute.strings.map(text);
    case AttributeType.TENSOR:
      if (attribute.t === undefined) break;
      return openTensor(attribute.t, `${attribute.name} of node ${node}`, file, external).read();
  }
  throw new InputError(
    `${file}: node ${node} has an attribute ${attribute.name} of a type that is not supported (${
      AttributeType[attribute.type] ?? attribute.type
    }); export the network again`,
  );
}

/** `['', 'layer1', 'layer1.0']` as a list. */
function parseScopes(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, single, double]) => single ?? double);
}
