/* Kernels: registered by the provider's initializers, launched, and never run. */
#include <stdlib.h>

#include "fake.h"

enum { MOST_KERNELS = 60000 };

typedef struct {
    const void *function;
    const char *name;
} Kernel;

static Kernel kernels[MOST_KERNELS];
static int known;

typedef struct {
    dim3 grid, block;
    size_t shared_bytes;
    void *stream;
} Launch;

static __thread Launch next_launch;

static const char *name_of(const void *function) {
    for (int i = 0; i < known; i++)
        if (kernels[i].function == function) return kernels[i].name;
    return "unknown";
}

static cudaError_t launch(const char *kind, const char *name, void *handle) {
    if (fake_state()) return fake_state();
    /* What a card says for which the library has no code. */
    if (fake_flag("FAKE_NO_CODE")) {
        fake_set_last(cudaErrorNoKernelImageForDevice);
        return cudaErrorNoKernelImageForDevice;
    }
    Stream *stream = fake_stream(handle);
    fake_count_launch(stream);
    fake_note("%s %s%s", kind, name, stream->is_capturing ? " recorded" : "");
    return cudaSuccess;
}

void fake_library_launch(const char *name, void *stream) { launch("library", name, stream); }

void **__cudaRegisterFatBinary(void *binary) {
    (void)binary;
    return malloc(sizeof(void *));
}
void __cudaRegisterFatBinaryEnd(void **handle) { (void)handle; }
void __cudaUnregisterFatBinary(void **handle) { free(handle); }
void __cudaRegisterVar(void) {}

void __cudaRegisterFunction(void **handle, const char *function, char *device_function, const char *name) {
    (void)handle, (void)device_function;
    if (known < MOST_KERNELS) kernels[known++] = (Kernel){function, name};
}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared_bytes, void *stream) {
    next_launch = (Launch){grid, block, shared_bytes, stream};
    return 0;
}

cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared_bytes, void *stream) {
    *grid = next_launch.grid;
    *block = next_launch.block;
    *shared_bytes = next_launch.shared_bytes;
    *(void **)stream = next_launch.stream;
    return cudaSuccess;
}

cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *function) {
    *kernel = (cudaKernel_t)function;
    return cudaSuccess;
}

cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void **values, size_t shared_bytes, cudaStream_t stream) {
    (void)grid, (void)block, (void)values, (void)shared_bytes;
    return launch("kernel", name_of((const void *)kernel), stream);
}

cudaError_t cudaLaunchKernel(const void *function, dim3 grid, dim3 block, void **values, size_t shared_bytes, cudaStream_t stream) {
    (void)grid, (void)block, (void)values, (void)shared_bytes;
    return launch("kernel", name_of(function), stream);
}

cudaError_t cudaLaunchCooperativeKernel(const void *function, dim3 grid, dim3 block, void **values, size_t shared_bytes,
                                        cudaStream_t stream) {
    return cudaLaunchKernel(function, grid, block, values, shared_bytes, stream);
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *config, const void *function, void **values) {
    (void)values;
    return launch("kernel", name_of(function), config->stream);
}
