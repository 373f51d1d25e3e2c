/* cuDNN 9's graph API: descriptors that hold nothing, and one engine for everything. The numbers are those of its interface. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

typedef int Status;
enum { EXECUTION_PLAN = 5 };
enum {
    ENGINE_HEURISTIC_RESULTS = 202,
    ENGINE_CONFIG_ENGINE = 300,
    ENGINE_CONFIG_WORKSPACE_SIZE = 303,
    ENGINE_CONFIG_SHARED_MEMORY = 304,
    PLAN_WORKSPACE_SIZE = 402,
    ENGINE_COUNT = 802,
    ENGINE_NUMBER = 1301,
};

typedef struct {
    void *stream;
} Handle;

typedef struct {
    int type;
} Descriptor;

static long plans;

size_t cudnnGetVersion(void) { return (size_t)fake_number("FAKE_CUDNN", 92000); }
size_t cudnnGetCudartVersion(void) { return 13000; }
const char *cudnnGetErrorString(Status status) {
    (void)status;
    return "an error";
}
void cudnnGetLastErrorString(char *text, size_t bytes) {
    if (bytes) text[0] = 0;
}

Status cudnnCreate(Handle **handle) {
    *handle = calloc(1, sizeof(Handle));
    return 0;
}

Status cudnnDestroy(Handle *handle) {
    free(handle);
    return 0;
}

Status cudnnSetStream(Handle *handle, void *stream) {
    handle->stream = stream;
    return 0;
}

Status cudnnGetStream(Handle *handle, void **stream) {
    *stream = handle->stream;
    return 0;
}

Status cudnnBackendCreateDescriptor(int type, Descriptor **descriptor) {
    *descriptor = calloc(1, sizeof(Descriptor));
    (*descriptor)->type = type;
    return 0;
}

Status cudnnBackendDestroyDescriptor(Descriptor *descriptor) {
    (void)descriptor;
    return 0;
}

Status cudnnBackendSetAttribute(Descriptor *descriptor, int name, int type, int64_t count, const void *values) {
    (void)descriptor, (void)name, (void)type, (void)count, (void)values;
    return 0;
}

Status cudnnBackendFinalize(Descriptor *descriptor) {
    if (descriptor->type == EXECUTION_PLAN) fake_note("plan %ld", ++plans);
    return 0;
}

Status cudnnBackendGetAttribute(Descriptor *descriptor, int name, int type, int64_t room, int64_t *count, void *value) {
    (void)descriptor, (void)type, (void)room;
    int64_t found = 1;
    switch (name) {
    case ENGINE_HEURISTIC_RESULTS:
    case ENGINE_CONFIG_ENGINE: break;
    case ENGINE_NUMBER:
        if (value) *(int64_t *)value = 0;
        break;
    case ENGINE_COUNT:
        if (value) *(int64_t *)value = 1;
        break;
    case ENGINE_CONFIG_SHARED_MEMORY:
        if (value) *(int *)value = 0;
        break;
    case ENGINE_CONFIG_WORKSPACE_SIZE:
    case PLAN_WORKSPACE_SIZE:
        if (value) *(int64_t *)value = fake_number("FAKE_WORKSPACE", 1 << 20);
        break;
    default: found = 0;
    }
    if (count) *count = found;
    return 0;
}

Status cudnnBackendExecute(Handle *handle, Descriptor *plan, Descriptor *values) {
    (void)plan, (void)values;
    fake_library_launch("cudnnBackendExecute", handle->stream);
    return 0;
}

Status cudnnAddTensor(Handle *handle) {
    fake_library_launch("cudnnAddTensor", handle->stream);
    return 0;
}

Status cudnnCreateTensorDescriptor(void **descriptor) {
    *descriptor = calloc(1, 64);
    return 0;
}

Status cudnnDestroyTensorDescriptor(void *descriptor) {
    free(descriptor);
    return 0;
}
