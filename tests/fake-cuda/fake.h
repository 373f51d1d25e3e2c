/* A CUDA that has no GPU: it keeps books in place of computing. README.md says what for. */
#ifndef FAKE_H
#define FAKE_H

#include <stddef.h>

#include "driver_types.h"
#include "vector_types.h"

enum { MOST_RECORDED_COPIES = 256 };

/* A copy of host memory that a recording repeats, and what the memory held when it was recorded. */
typedef struct {
    const void *source;
    char *held;
    size_t bytes;
} RecordedCopy;

typedef struct {
    int copies;
    RecordedCopy copy[MOST_RECORDED_COPIES];
} Graph;

typedef struct {
    int is_capturing, launches, copies, sets;
    Graph *graph;
} Stream;

typedef enum { FREE, PINNED, DEVICE } Kind;

/* log.c: one line each, to the file that FAKE_LOG names. */
void fake_note(const char *format, ...);
void fake_violation(const char *format, ...);
int fake_flag(const char *variable);
long fake_number(const char *variable, long otherwise);

/* memory.c */
Kind fake_kind_of(const void *address);

/* stream.c */
Stream *fake_stream(void *stream);
int fake_any_capture(void);
void fake_count_launch(Stream *stream);

/* device.c: the error of every call after FAKE_FAIL_AFTER launches of graphs; it never goes away. */
cudaError_t fake_state(void);
void fake_set_last(cudaError_t error);
void fake_graph_launched(void);

/* launch.c: a kernel of cuBLAS or cuDNN. */
void fake_library_launch(const char *name, void *stream);

#endif
