#include "AllocationCounter.h"

#include <stddef.h>

// Sanitizers have an allocator of their own. GCC says so by names, Clang by features.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__linux__) && defined(__GLIBC__) && !defined(SANITIZED)

// The executable's own definitions take the place of the C library's for the whole process; the library offers its
// functions under these second names.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static __thread uint64_t count;
static __thread int64_t live;

static void *counted(void *memory) {
  count++;
  live += memory != NULL;
  return memory;
}

void *malloc(size_t size) {
  return counted(__libc_malloc(size));
}

void *calloc(size_t elements, size_t size) {
  return counted(__libc_calloc(elements, size));
}

void *realloc(void *memory, size_t size) {
  if (!memory) return malloc(size);
  count++;
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  return counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
  return counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  void *result = counted(__libc_memalign(alignment, size));
  if (!result) return 12; // ENOMEM
  *memory = result;
  return 0;
}

void free(void *memory) {
  count++;
  live -= memory != NULL;
  __libc_free(memory);
}

uint64_t tinytensor_allocation_count(void) { return count; }
int64_t tinytensor_live_allocation_count(void) { return live; }
int tinytensor_counts_allocations(void) { return 1; }

#else

uint64_t tinytensor_allocation_count(void) { return 0; }
int64_t tinytensor_live_allocation_count(void) { return 0; }
int tinytensor_counts_allocations(void) { return 0; }

#endif
