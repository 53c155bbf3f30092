/* A sound plugin in plain C: each bad one differs from it by a single fault. */
#include "bad_backend.h"

BAD_TABLE(&bad_start)
BAD_ENTRY("good", 0)
