/* A bad plugin: its backend has no start. */
#include "bad_backend.h"

BAD_TABLE(NULL)
BAD_ENTRY("null_slot", 0)
