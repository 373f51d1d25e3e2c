/* cuBLAS: a handle, and products that are only launched. `stubs.py` adds the functions that the provider names. */
#include <stdlib.h>

#include "fake.h"

typedef struct {
    void *stream;
} Handle;

int cublasCreate_v2(Handle **handle) {
    *handle = calloc(1, sizeof(Handle));
    return 0;
}

int cublasSetStream_v2(Handle *handle, void *stream) {
    handle->stream = stream;
    return 0;
}

int cublasGetMathMode(void *handle, int *mode) {
    (void)handle;
    *mode = 0;
    return 0;
}

const char *cublasGetStatusName(int status) {
    (void)status;
    return "an error";
}

const char *cublasGetStatusString(int status) { return cublasGetStatusName(status); }

#define LAUNCH(name)                                \
    int name(Handle *handle) {                      \
        fake_library_launch(#name, handle->stream); \
        return 0;                                   \
    }

#include "blas_stubs.h"
