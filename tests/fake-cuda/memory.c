/* Device memory has two mappings: one that the host must not touch, which is the address, and one for copies. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake.h"

enum { MOST_BLOCKS = 65536, PAGE = 4096 };

typedef struct {
    Kind kind;
    char *address, *host;
    size_t bytes;
} Block;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Block blocks[MOST_BLOCKS];
static int used_blocks;
static size_t device_bytes;

static Block *find(const void *address) {
    for (int i = used_blocks - 1; i >= 0; i--) {
        Block *block = &blocks[i];
        if (block->kind != FREE && (char *)address >= block->address && (char *)address < block->address + block->bytes)
            return block;
    }
    return NULL;
}

static Block *free_block(void) {
    for (int i = 0; i < used_blocks; i++)
        if (blocks[i].kind == FREE) return &blocks[i];
    return used_blocks < MOST_BLOCKS ? &blocks[used_blocks++] : NULL;
}

static size_t whole_pages(size_t bytes) { return bytes ? (bytes + PAGE - 1) & ~(size_t)(PAGE - 1) : PAGE; }

Kind fake_kind_of(const void *address) {
    pthread_mutex_lock(&lock);
    Block *block = find(address);
    Kind kind = block ? block->kind : FREE;
    pthread_mutex_unlock(&lock);
    return kind;
}

/* Where the host may touch this address. */
static void *touchable(const void *address) {
    pthread_mutex_lock(&lock);
    Block *block = find(address);
    void *place = block ? block->host + ((char *)address - block->address) : (void *)address;
    pthread_mutex_unlock(&lock);
    return place;
}

static size_t total_bytes(void) { return (size_t)fake_number("FAKE_MEM_MB", 80 << 10) << 20; }

cudaError_t cudaMalloc(void **address, size_t bytes) {
    if (fake_state()) return fake_state();
    if (fake_any_capture()) fake_violation("cudaMalloc while a call is recorded");
    size_t whole = whole_pages(bytes);
    pthread_mutex_lock(&lock);
    Block *block = free_block();
    int fits = block && device_bytes + whole <= total_bytes();
    int file = fits ? memfd_create("device", 0) : -1;
    if (file < 0 || ftruncate(file, (off_t)whole)) {
        pthread_mutex_unlock(&lock);
        fake_note("cudaMalloc %zu refused", bytes);
        return cudaErrorMemoryAllocation;
    }
    char *host = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *device = mmap(NULL, whole, PROT_NONE, MAP_SHARED, file, 0);
    close(file);
    *block = (Block){DEVICE, device, host, whole};
    device_bytes += whole;
    size_t total = device_bytes;
    pthread_mutex_unlock(&lock);
    fake_note("cudaMalloc %zu total %zu", bytes, total);
    *address = device;
    return cudaSuccess;
}

cudaError_t cudaFree(void *address) {
    pthread_mutex_lock(&lock);
    Block *block = address ? find(address) : NULL;
    if (block) {
        munmap(block->address, block->bytes);
        munmap(block->host, block->bytes);
        device_bytes -= block->bytes;
        block->kind = FREE;
    }
    pthread_mutex_unlock(&lock);
    if (block && fake_any_capture()) fake_violation("cudaFree while a call is recorded");
    return cudaSuccess;
}

cudaError_t cudaHostAlloc(void **address, size_t bytes, unsigned flags) {
    (void)flags;
    if (fake_state()) return fake_state();
    if (fake_any_capture()) fake_violation("cudaHostAlloc while a call is recorded");
    size_t whole = whole_pages(bytes);
    pthread_mutex_lock(&lock);
    Block *block = free_block();
    char *place = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block) *block = (Block){PINNED, place, place, whole};
    pthread_mutex_unlock(&lock);
    if (!block) return cudaErrorMemoryAllocation;
    fake_note("cudaHostAlloc %zu", bytes);
    *address = place;
    return cudaSuccess;
}

cudaError_t cudaMallocHost(void **address, size_t bytes) { return cudaHostAlloc(address, bytes, 0); }

cudaError_t cudaFreeHost(void *address) {
    pthread_mutex_lock(&lock);
    Block *block = address ? find(address) : NULL;
    if (block) {
        munmap(block->address, block->bytes);
        block->kind = FREE;
    }
    pthread_mutex_unlock(&lock);
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *bytes) {
    if (fake_state()) return fake_state();
    *bytes = total_bytes();
    *free_bytes = *bytes - device_bytes;
    return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes *about, const void *address) {
    memset(about, 0, sizeof *about);
    Kind kind = fake_kind_of(address);
    about->type = kind == DEVICE ? cudaMemoryTypeDevice : kind == PINNED ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
    about->devicePointer = (void *)address;
    about->hostPointer = kind == DEVICE ? NULL : (void *)address;
    return cudaSuccess;
}

/* What a recording must not do, and what it repeats. */
static void record_copy(Stream *stream, const void *source, size_t bytes, Kind from, Kind to) {
    stream->copies++;
    if (from == FREE) fake_violation("a copy from memory that isn't pinned is recorded");
    if (to == FREE) fake_violation("a copy to memory that isn't pinned is recorded");
    if (from == DEVICE || !stream->graph || stream->graph->copies == MOST_RECORDED_COPIES) return;
    RecordedCopy *copy = &stream->graph->copy[stream->graph->copies++];
    *copy = (RecordedCopy){source, malloc(bytes), bytes};
    memcpy(copy->held, source, bytes);
}

static void copy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind direction, Stream *stream) {
    static const char *const names[] = {"H2H", "H2D", "D2H", "D2D"};
    Kind source = fake_kind_of(from), target = fake_kind_of(to);
    int actual = (source == DEVICE ? 2 : 0) + (target == DEVICE ? 1 : 0);
    if (direction != cudaMemcpyDefault && (int)direction != actual)
        fake_violation("a copy %s of %zu bytes says that it is %s", names[actual], bytes, names[direction & 3]);
    if (stream && stream->is_capturing) record_copy(stream, from, bytes, source, target);
    int pinned = source == PINNED || target == PINNED;
    fake_note("copy %s %zu%s%s", names[actual], bytes, pinned ? " pinned" : "", stream && stream->is_capturing ? " recorded" : "");
    memmove(touchable(to), touchable(from), bytes);
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind direction) {
    if (fake_state()) return fake_state();
    if (fake_any_capture()) fake_violation("cudaMemcpy while a call is recorded");
    copy(to, from, bytes, direction, NULL);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind direction, cudaStream_t stream) {
    if (fake_state()) return fake_state();
    copy(to, from, bytes, direction, fake_stream(stream));
    return cudaSuccess;
}

cudaError_t cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width, size_t height,
                              enum cudaMemcpyKind direction, cudaStream_t stream) {
    (void)to, (void)to_pitch, (void)from, (void)from_pitch, (void)direction;
    fake_note("copy 2D %zu", width * height);
    if (fake_stream(stream)->is_capturing) fake_stream(stream)->copies++;
    return fake_state();
}

cudaError_t cudaMemset(void *address, int value, size_t bytes) {
    memset(touchable(address), value, bytes);
    return fake_state();
}

cudaError_t cudaMemsetAsync(void *address, int value, size_t bytes, cudaStream_t stream) {
    fake_stream(stream)->sets++;
    return cudaMemset(address, value, bytes);
}
