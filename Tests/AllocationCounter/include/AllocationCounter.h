/// Counts the calls of the C allocator that the calling thread makes, from everywhere in the process.
#pragma once
#include <stdint.h>

/// How often the calling thread has allocated or freed memory so far. Always 0 where calls cannot be counted.
uint64_t tinytensor_allocation_count(void);

/// How many allocations the calling thread has made so far and not freed, less those of other threads that it has freed.
/// Always 0 where calls cannot be counted.
int64_t tinytensor_live_allocation_count(void);

/// Whether calls can be counted on this system.
int tinytensor_counts_allocations(void);
