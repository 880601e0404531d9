/* NVIDIA's two libraries in one file, for tests: the functions that polysem calls, with the signatures of cuda.h and nvml.h.
   What they answer comes from the environment, so that one build stands for many machines. */
#include <stdlib.h>
#include <string.h>

typedef int CUresult;
typedef int CUdevice;
typedef struct nvmlDevice_st *nvmlDevice_t;
typedef struct {
  unsigned long long total, free, used;
} nvmlMemory_t;

static long long number(const char *name, int device, long long otherwise) {
  char full[64] = "MADE_UP_";
  strcat(full, name);
  size_t end = strlen(full);
  full[end] = (char)('0' + device);
  full[end + 1] = 0;
  const char *value = getenv(full);
  return value ? atoll(value) : otherwise;
}

CUresult cuInit(unsigned int flags) { return flags == 0 ? (CUresult)number("INIT", 0, 0) : 1; }

CUresult cuDeviceGetCount(int *count) {
  *count = (int)number("COUNT", 0, 1);
  return 0;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  *device = ordinal + 40; /* a handle, no index */
  return 0;
}

CUresult cuDeviceGetName(char *name, int len, CUdevice dev) {
  strncpy(name, dev == 40 ? "Made-up One" : "Made-up Two", (size_t)len);
  return 0;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice dev) {
  *bytes = (size_t)number("TOTAL", dev - 40, 8000000000LL);
  return 0;
}

CUresult cuDeviceGetAttribute(int *pi, int attrib, CUdevice dev) {
  *pi = attrib == 75 ? (int)number("MAJOR", dev - 40, 8) : attrib == 76 ? (int)number("MINOR", dev - 40, 6) : -1;
  return 0;
}

CUresult cuDeviceGetPCIBusId(char *id, int len, CUdevice dev) {
  strncpy(id, dev == 40 ? "0000:01:00.0" : "0000:02:00.0", (size_t)len);
  return 0;
}

int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }

int nvmlDeviceGetHandleByPciBusId_v2(const char *id, nvmlDevice_t *device) {
  if (strcmp(id, "0000:01:00.0") && strcmp(id, "0000:02:00.0")) return 6;
  *device = (nvmlDevice_t)(size_t)(0x7f0000000000ULL + (unsigned)(id[6] - '1'));
  return 0;
}

int nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
  size_t index = (size_t)device - 0x7f0000000000ULL;
  memory->total = 8000000000ULL;
  memory->free = (unsigned long long)number("FREE", (int)index, 7000000000LL);
  memory->used = memory->total - memory->free;
  return 0;
}
