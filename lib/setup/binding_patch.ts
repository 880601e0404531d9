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
 * The binding knows of one device. With several cards it would make tensors on the last, while TensorFlow computes on the
 * first. Here the first is taken, `useDevice(type, index)` has one thread compute on another, `deviceOf(tensor)` says where a
 * tensor lies, and the variable `POLYSEM_TENSORFLOW_CONFIG` gives TensorFlow's settings (a `ConfigProto`, in hexadecimal digits).
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
  { file: "tfjs_backend.cc", text: "#include <set>", by: "#include <cstdlib>\n#include <mutex>\n#include <set>" },
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
  {
    file: "tfjs_backend.cc",
    text: "  tfe_context_ = TFE_NewContext(tfe_options, tf_status.status);",
    by: `  if (const char *digits = getenv("POLYSEM_TENSORFLOW_CONFIG")) {
    std::string config;
    for (size_t i = 0; digits[i] != 0 && digits[i + 1] != 0; i += 2) {
      const char pair[] = {digits[i], digits[i + 1], 0};
      config.push_back(static_cast<char>(strtol(pair, nullptr, 16)));
    }
    TFE_ContextOptionsSetConfig(tfe_options, config.data(), config.size(),
                                tf_status.status);
    if (TF_GetCode(tf_status.status) != TF_OK) {
      NAPI_THROW_ERROR(env, "POLYSEM_TENSORFLOW_CONFIG is no ConfigProto");
    }
  }
  tfe_context_ = TFE_NewContext(tfe_options, tf_status.status);`,
  },
  {
    file: "tfjs_backend.cc",
    text: `} else if (strcmp(device_type, "GPU") == 0) {`,
    by: `} else if (strcmp(device_type, "GPU") == 0 && device_name.empty()) {`,
  },
  {
    file: "tfjs_backend.cc",
    text: "  TFE_AutoOp tfe_op(TFE_NewOp(tfe_context_, op_name.c_str(), tf_status.status));\n" +
      "  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);\n",
    by: `  TFE_AutoOp tfe_op(TFE_NewOp(tfe_context_, op_name.c_str(), tf_status.status));
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);

  if (is_device_chosen_) {
    TFE_OpSetDevice(tfe_op.op, device_name.c_str(), tf_status.status);
    ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  }
`,
  },
  {
    file: "tfjs_backend.cc",
    text: "TFJSBackend *TFJSBackend::Create(napi_env env) { return new TFJSBackend(env); }",
    by: `TFJSBackend *TFJSBackend::Create(napi_env env) { return new TFJSBackend(env); }

napi_value TFJSBackend::UseDevice(napi_env env, napi_value type_value,
                                  napi_value index_value) {
  std::string type;
  ENSURE_NAPI_OK_RETVAL(env, GetStringParam(env, type_value, type), nullptr);
  int32_t index;
  ENSURE_NAPI_OK_RETVAL(env, napi_get_value_int32(env, index_value, &index),
                        nullptr);
  TF_AutoStatus tf_status;
  TF_DeviceList *devices =
      TFE_ContextListDevices(tfe_context_, tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  const int count = TF_DeviceListCount(devices);
  int32_t seen = 0;
  bool found = false;
  for (int i = 0; i < count && !found; i++) {
    if (type != TF_DeviceListType(devices, i, tf_status.status)) continue;
    found = seen++ == index;
    if (found) device_name = TF_DeviceListName(devices, i, tf_status.status);
  }
  TF_DeleteDeviceList(devices);
  if (!found) {
    NAPI_THROW_ERROR(env, "TensorFlow has no device %s:%d", type.c_str(), index);
    return nullptr;
  }
  is_device_chosen_ = true;
  napi_value result;
  ENSURE_NAPI_OK_RETVAL(env,
                        napi_create_string_utf8(env, device_name.c_str(),
                                                NAPI_AUTO_LENGTH, &result),
                        nullptr);
  return result;
}

napi_value TFJSBackend::DeviceOf(napi_env env, napi_value tensor_id_value) {
  int32_t tensor_id;
  ENSURE_NAPI_OK_RETVAL(
      env, napi_get_value_int32(env, tensor_id_value, &tensor_id), nullptr);
  auto entry = tfe_handle_map_.find(tensor_id);
  if (entry == tfe_handle_map_.end()) {
    NAPI_THROW_ERROR(env, "deviceOf() of an unknown tensor %d", tensor_id);
    return nullptr;
  }
  TF_AutoStatus tf_status;
  const char *name =
      TFE_TensorHandleBackingDeviceName(entry->second, tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  napi_value result;
  ENSURE_NAPI_OK_RETVAL(
      env, napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &result),
      nullptr);
  return result;
}`,
  },
  {
    file: "tfjs_backend.h",
    text: "  // Get number of tensor handles in the backend:\n",
    by: `  // Has all that follows computed on the device of a type, such as "GPU", and
  // a number among those of its type; returns TensorFlow's name for it.
  napi_value UseDevice(napi_env env, napi_value type_value,
                       napi_value index_value);

  // TensorFlow's name for the device on which a tensor lies.
  napi_value DeviceOf(napi_env env, napi_value tensor_id_value);

  // Get number of tensor handles in the backend:
`,
  },
  {
    file: "tfjs_backend.h",
    text: "  std::string device_name;\n",
    by: "  std::string device_name;\n  bool is_device_chosen_ = false;\n",
  },
  {
    file: "tfjs_binding.cc",
    text: "static napi_value GetNumOfSavedModels(napi_env env, napi_callback_info info) {",
    by: `static napi_value UseDevice(napi_env env, napi_callback_info info) {
  size_t argc = 2;
  napi_value args[2];
  ENSURE_NAPI_OK_RETVAL(
      env, napi_get_cb_info(env, info, &argc, args, nullptr, nullptr), nullptr);
  TFJSBackend *const backend = GetTFJSBackend(env);
  if (!backend) return nullptr;
  return backend->UseDevice(env, args[0], args[1]);
}

static napi_value DeviceOf(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value args[1];
  ENSURE_NAPI_OK_RETVAL(
      env, napi_get_cb_info(env, info, &argc, args, nullptr, nullptr), nullptr);
  TFJSBackend *const backend = GetTFJSBackend(env);
  if (!backend) return nullptr;
  return backend->DeviceOf(env, args[0]);
}

static napi_value GetNumOfSavedModels(napi_env env, napi_callback_info info) {`,
  },
  {
    file: "tfjs_binding.cc",
    text: `      {"TF_Version", nullptr, nullptr, nullptr, nullptr, tf_version,\n       napi_default, nullptr},\n`,
    by: `      {"TF_Version", nullptr, nullptr, nullptr, nullptr, tf_version,
       napi_default, nullptr},
      {"useDevice", nullptr, UseDevice, nullptr, nullptr, nullptr, napi_default,
       nullptr},
      {"deviceOf", nullptr, DeviceOf, nullptr, nullptr, nullptr, napi_default,
       nullptr},
`,
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
