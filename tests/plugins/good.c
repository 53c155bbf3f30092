/* A sound plugin in plain C, built from a frozen copy of contract 1.0: every host of major 1 loads
 * it. */
#include "bad_backend.h"

BAD_TABLE(&bad_start)
BAD_ENTRY("good", 0)
