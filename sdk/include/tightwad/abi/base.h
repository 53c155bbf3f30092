/* Strings, codes, errors and the borrow rule: what every other header of the contract builds on. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The rules that hold for every function of the contract:
 *
 * Borrow    A pointer passed in is borrowed until the call returns. A pointer handed out lives as long
 *           as the comment beside it says. Whoever allocates frees; nothing is freed across the border.
 * Growth    Every struct begins with its `size`, set by whoever fills it. Fields are only ever appended;
 *           a reader looks at a field only when `size` covers it.
 * Errors    A fallible function returns a tw_code and fills the caller's tw_error (which may be null).
 * C only    No exception, no C++ type, no allocator crosses. Text is UTF-8.
 * Threads   Each function carries a tag:
 *             [scan] while plugins are listed; no host services, returns at once
 *             [loop] on a host thread that must not block; returns at once
 *             [pool] on a host worker thread; may block
 *             [any]  from any thread, also from several at once
 */

/* A borrowed string. Not terminated by NUL; `data` may be null when `size` is 0. */
typedef struct tw_str {
    const char *data;
    size_t size; /* bytes */
} tw_str;

typedef int32_t tw_code;
enum {
    TW_OK = 0,
    TW_INVALID_ARGUMENT = 1, /* the caller's input is wrong; trying again does not help */
    TW_NOT_FOUND = 2,        /* a model, file or name that is not there */
    TW_UNSUPPORTED = 3,      /* this implementation cannot do it, and says so */
    TW_CONTEXT_OVERFLOW = 4, /* prompt and answer do not fit the model's context */
    TW_BUSY = 5,             /* every slot is taken; retry_after_ms says when to come back */
    TW_UNAVAILABLE = 6,      /* not ready yet, or lost: a restart or a wait may help */
    TW_TIMED_OUT = 7,
    TW_CANCELLED = 8, /* the host asked for it */
    TW_DENIED = 9,    /* a key or token is missing or wrong; trying again does not help */
    TW_CORRUPT = 10,  /* bytes that are not what they claim to be */
    TW_INTERNAL = 11, /* a defect of the implementation */
};

/* Owned by the caller, so that an error needs no allocation. `message` is one plain sentence that
 * names the thing and the number, ends with NUL, and is cut at a code point when it is too long. */
typedef struct tw_error {
    uint32_t size;
    tw_code code;
    int64_t retry_after_ms; /* 0 = no advice */
    char message[1008];
} tw_error;

/* Takes text of any length from an implementation. `write` may be called several times; the pieces
 * are joined. The bytes are borrowed until `write` returns. */
typedef struct tw_writer {
    uint32_t size;
    void *ctx;
    void (*write)(const struct tw_writer *self, tw_str piece);
} tw_writer;

typedef int32_t tw_option_type;
enum {
    TW_OPTION_STRING = 0,
    TW_OPTION_INTEGER = 1,
    TW_OPTION_NUMBER = 2,
    TW_OPTION_BOOLEAN = 3,
    TW_OPTION_PATH = 4, /* a file; the host resolves it against the configuration's folder */
    TW_OPTION_NAME_OR_PATH = 5, /* likewise; but what has no "/" and no ":" in it and names no file
                                 * of that folder is a name, handed on as it was written */
};

/* One key a plugin understands in its table of the configuration. From these come validation,
 * `tightwad help`, and the table in the plugin's README. */
typedef struct tw_option {
    uint32_t size;
    tw_option_type type;
    const char *name;
    const char *default_value; /* as it would be written in TOML; null = none */
    const char *help;          /* one sentence */
    uint32_t required;         /* 1 = the table must have it */
    double min, max;           /* bounds of an integer or number, both 0 = none */
} tw_option;

#ifdef __cplusplus
}
#endif
