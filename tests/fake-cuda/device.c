/* The card, and its errors. */
#include <string.h>

#include "fake.h"

static long graphs;
static cudaError_t last;

void fake_graph_launched(void) { graphs++; }
void fake_set_last(cudaError_t error) { last = error; }

cudaError_t fake_state(void) {
    if (fake_flag("FAKE_NO_GPU")) return cudaErrorNoDevice;
    long most = fake_number("FAKE_FAIL_AFTER", -1);
    return most >= 0 && graphs > most ? cudaErrorIllegalAddress : cudaSuccess;
}

cudaError_t cudaPeekAtLastError(void) { return fake_state() ? fake_state() : last; }

cudaError_t cudaGetLastError(void) {
    cudaError_t error = cudaPeekAtLastError();
    last = cudaSuccess;
    return error;
}

cudaError_t cudaGetDeviceCount(int *count) {
    *count = 1;
    return fake_state();
}

cudaError_t cudaGetDevice(int *device) {
    *device = 0;
    return fake_state();
}

cudaError_t cudaSetDevice(int device) { return device == 0 ? fake_state() : cudaErrorInvalidDevice; }

/* An H100. */
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *about, int device) {
    (void)device;
    if (fake_state()) return fake_state();
    memset(about, 0, sizeof *about);
    strcpy(about->name, "no GPU: a stand-in for CUDA");
    about->totalGlobalMem = 80ul << 30;
    about->major = 9;
    about->multiProcessorCount = 132;
    about->warpSize = 32;
    about->sharedMemPerBlock = 48 << 10;
    about->sharedMemPerBlockOptin = 227 << 10;
    about->sharedMemPerMultiprocessor = 228 << 10;
    about->regsPerBlock = about->regsPerMultiprocessor = 65536;
    about->maxThreadsPerBlock = 1024;
    about->maxThreadsPerMultiProcessor = 2048;
    about->maxBlocksPerMultiProcessor = 32;
    about->maxThreadsDim[0] = about->maxThreadsDim[1] = 1024;
    about->maxThreadsDim[2] = 64;
    about->maxGridSize[0] = 2147483647;
    about->maxGridSize[1] = about->maxGridSize[2] = 65535;
    about->l2CacheSize = 50 << 20;
    about->cooperativeLaunch = about->unifiedAddressing = about->memoryPoolsSupported = 1;
    return cudaSuccess;
}

cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *about, const void *function) {
    (void)function;
    memset(about, 0, sizeof *about);
    about->maxThreadsPerBlock = 1024;
    return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, const void *function, int threads, size_t shared_bytes,
                                                                   unsigned flags) {
    (void)function, (void)threads, (void)shared_bytes, (void)flags;
    *blocks = 2;
    return cudaSuccess;
}

const char *cudaGetErrorName(cudaError_t error) {
    switch (error) {
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorNoKernelImageForDevice: return "cudaErrorNoKernelImageForDevice";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    default: return "cudaError";
    }
}

const char *cudaGetErrorString(cudaError_t error) {
    switch (error) {
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidDevice: return "invalid device ordinal";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorNoKernelImageForDevice: return "no kernel image is available for execution on the device";
    case cudaErrorIllegalAddress: return "an illegal memory access was encountered";
    default: return "an error";
    }
}

cudaError_t cudaGetDriverEntryPointByVersion(const char *symbol, void **function, unsigned version, unsigned long long flags,
                                             enum cudaDriverEntryPointQueryResult *result) {
    (void)symbol, (void)version, (void)flags;
    *function = (void *)cudaGetErrorName;
    if (result) *result = cudaDriverEntryPointSuccess;
    return cudaSuccess;
}
