#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *file;
static long violations;

static void line(const char *start, const char *format, va_list values) {
    pthread_mutex_lock(&lock);
    if (!file) {
        const char *path = getenv("FAKE_LOG");
        file = path ? fopen(path, "a") : stderr;
        if (!file) file = stderr;
        setvbuf(file, NULL, _IOLBF, 0);
    }
    fputs(start, file);
    vfprintf(file, format, values);
    fputc('\n', file);
    pthread_mutex_unlock(&lock);
}

void fake_note(const char *format, ...) {
    va_list values;
    va_start(values, format);
    line("", format, values);
    va_end(values);
}

void fake_violation(const char *format, ...) {
    va_list values;
    violations++;
    va_start(values, format);
    line("VIOLATION ", format, values);
    va_end(values);
}

int fake_flag(const char *variable) { return getenv(variable) != NULL; }

long fake_number(const char *variable, long otherwise) {
    const char *text = getenv(variable);
    return text ? atol(text) : otherwise;
}
