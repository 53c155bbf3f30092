/* A bad plugin: needs a host that does not exist yet. */
#include "bad_backend.h"

BAD_TABLE(&bad_start)
BAD_ENTRY("newer_minor", 9)
