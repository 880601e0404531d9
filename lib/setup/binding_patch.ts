/**
 * What our build of tfjs-node-gpu's C++ binding changes in its sources.
 *
 * The binding keeps the names of attributes in a set that all threads of the process share, and inserts into it without a
 * lock: two workers that meet a new name at the same moment corrupt it, and the process dies of a segmentation fault. Here
 * the set is behind a lock, and is never destroyed, so that a thread that still computes while the process ends finds it.
 *
 * Nor does it know attributes that are lists of texts or of types, without which TensorFlow's fused convolution, bias and
 * activation cannot be called. Here an array of either is passed on.
 *
 * The rest of the binding has no state that threads share: what else it holds belongs to the `TFJSBackend` of one
 * environment, a worker's own.
 *
 * @module
 */
import { join } from "node:path";

/** One change of a source file: a text that must be there once, and what takes its place. */
interface Replacement {
  readonly file: string;
  readonly text: string;
  readonly by: string;
}

const REPLACEMENTS: readonly Replacement[] = [
  {
    file: "tfjs_backend.cc",
    text: "static std::set<std::string> ATTR_NAME_SET;",
    by: `static const char *KeepAttrName(const std::string &name) {
  static std::mutex mutex;
  static std::set<std::string> *names = new std::set<std::string>();
  std::lock_guard<std::mutex> lock(mutex);
  return names->insert(name).first->c_str();
}`,
  },
  {
    file: "tfjs_backend.cc",
    text: "ATTR_NAME_SET.insert(attr_name_string.c_str()).first->c_str();",
    by: "KeepAttrName(attr_name_string);",
  },
  { file: "tfjs_backend.cc", text: "#include <set>", by: "#include <mutex>\n#include <set>" },
  {
    file: "tfjs_backend.cc",
    text: `    case TF_ATTR_STRING: {
      // NOTE`,
    by: `    case TF_ATTR_STRING: {
      if (IsArray(env, nstatus, &js_value)) {
        uint32_t length;
        nstatus = napi_get_array_length(env, js_value, &length);
        ENSURE_NAPI_OK(env, nstatus);
        std::vector<std::string> strings(length);
        std::vector<const void *> values(length);
        std::vector<size_t> lengths(length);
        for (uint32_t i = 0; i < length; ++i) {
          napi_value element;
          nstatus = napi_get_element(env, js_value, i, &element);
          ENSURE_NAPI_OK(env, nstatus);
          nstatus = GetStringParam(env, element, strings[i]);
          ENSURE_NAPI_OK(env, nstatus);
          values[i] = strings[i].data();
          lengths[i] = strings[i].size();
        }
        TFE_OpSetAttrStringList(tfe_op, attr_name, values.data(), lengths.data(), static_cast<int>(length));
        break;
      }
      // NOTE`,
  },
  {
    file: "tfjs_backend.cc",
    text: `    case TF_ATTR_TYPE: {
      TF_DataType`,
    by: `    case TF_ATTR_TYPE: {
      if (IsArray(env, nstatus, &js_value)) {
        uint32_t length;
        nstatus = napi_get_array_length(env, js_value, &length);
        ENSURE_NAPI_OK(env, nstatus);
        std::vector<TF_DataType> types(length);
        for (uint32_t i = 0; i < length; ++i) {
          napi_value element;
          nstatus = napi_get_element(env, js_value, i, &element);
          ENSURE_NAPI_OK(env, nstatus);
          int32_t type;
          nstatus = napi_get_value_int32(env, element, &type);
          ENSURE_NAPI_OK(env, nstatus);
          types[i] = static_cast<TF_DataType>(type);
        }
        TFE_OpSetAttrTypeList(tfe_op, attr_name, types.data(), static_cast<int>(length));
        break;
      }
      TF_DataType`,
  },
];

/**
 * Copies the binding's sources with our changes.
 *
 * @param sources the folder `binding` of tfjs-node-gpu.
 * @param target a folder, which is made.
 * @throws {Error} when a text that is to be replaced is not there exactly once: another version of the package, of which
 * nobody has checked that it needs the change.
 */
export async function patchBinding(sources: string, target: string): Promise<void> {
  await Deno.mkdir(target);
  for await (const { name, isFile } of Deno.readDir(sources)) {
    if (!isFile) continue;
    let source = await Deno.readTextFile(join(sources, name));
    for (const { text, by } of REPLACEMENTS.filter(({ file }) => file === name)) {
      const count = source.split(text).length - 1;
      if (count !== 1) throw new Error(`binding/${name} has ${JSON.stringify(text)} ${count} times instead of once`);
      source = source.replace(text, () => by);
    }
    await Deno.writeTextFile(join(target, name), source);
  }
  for (const { file } of REPLACEMENTS) await Deno.stat(join(target, file));
}
