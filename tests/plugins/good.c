/* A sound plugin in plain C, the one that a bad plugin differs from by a single fault. */
 * it. */
#include "bad_backend.h"

BAD_TABLE(&bad_start)
BAD_ENTRY("good", 0)
