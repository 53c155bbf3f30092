/* A bad plugin: states another id than its file's name. */
#include "bad_backend.h"

BAD_TABLE(&bad_start)
BAD_ENTRY("something_else", 0)
