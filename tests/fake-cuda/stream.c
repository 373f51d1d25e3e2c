/* Streams, events, and recordings. */
#include <stdlib.h>
#include <string.h>

#include "fake.h"

static Stream default_stream;
static int captures;

Stream *fake_stream(void *stream) {
    /* 1 and 2 are names of the default stream. */
    return stream && stream != (void *)1 && stream != (void *)2 ? stream : &default_stream;
}

int fake_any_capture(void) { return captures > 0; }

void fake_count_launch(Stream *stream) {
    if (stream->is_capturing) stream->launches++;
}

cudaError_t cudaStreamCreate(cudaStream_t *stream) {
    if (fake_state()) return fake_state();
    *stream = calloc(1, sizeof(Stream));
    return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags) {
    (void)flags;
    return cudaStreamCreate(stream);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    if (fake_stream(stream)->is_capturing) fake_violation("a stream that records is waited for");
    fake_note("sync of a stream");
    return fake_state();
}

cudaError_t cudaDeviceSynchronize(void) {
    if (captures) fake_violation("the device is waited for while a call is recorded");
    fake_note("sync of the device");
    return fake_state();
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus *status) {
    *status = fake_stream(stream)->is_capturing ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
    return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, enum cudaStreamCaptureMode mode) {
    (void)mode;
    *fake_stream(handle) = (Stream){.is_capturing = 1, .graph = calloc(1, sizeof(Graph))};
    captures++;
    return fake_state();
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t *graph) {
    Stream *stream = fake_stream(handle);
    stream->is_capturing = 0;
    captures--;
    fake_note("recorded %d kernels, %d copies, %d sets", stream->launches, stream->copies, stream->sets);
    *graph = (cudaGraph_t)stream->graph;
    return fake_state();
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *program, cudaGraph_t graph, unsigned long long flags) {
    (void)flags;
    *program = (cudaGraphExec_t)graph;
    return fake_state();
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t program, cudaStream_t stream) {
    (void)stream;
    const Graph *graph = (const Graph *)program;
    fake_note("replay");
    for (int i = 0; i < graph->copies; i++) {
        const RecordedCopy *copy = &graph->copy[i];
        if (fake_kind_of(copy->source) == FREE)
            fake_violation("a replay copies %zu bytes of pinned memory that was freed", copy->bytes);
        else if (memcmp(copy->source, copy->held, copy->bytes))
            fake_violation("a replay copies %zu bytes that have changed since they were recorded", copy->bytes);
    }
    fake_graph_launched();
    return fake_state();
}

cudaError_t cudaEventCreate(cudaEvent_t *event) {
    *event = malloc(1);
    return fake_state();
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags) {
    (void)flags;
    return cudaEventCreate(event);
}
