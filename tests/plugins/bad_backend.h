/* A backend in plain C to which the bad plugins add one fault each. Not a model to copy: see sdk/.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include <tightwad/abi/ext/backend.h>
#include <tightwad/abi/plugin.h>

struct tw_backend {
    const tw_host* host;
};

static inline tw_code bad_create(const tw_host* host, tw_str config, tw_backend** out,
                                 tw_error* error) {
    (void)config;
    (void)error;
    *out = (tw_backend*)malloc(sizeof(tw_backend));
    (*out)->host = host;
    return TW_OK;
}

static inline void bad_destroy(tw_backend* self) {
    free(self);
}

static inline tw_code bad_refuse(tw_error* error) {
    if (error != NULL) {
        error->code = TW_INVALID_ARGUMENT;
        strcpy(error->message, "The request is not a JSON object.");
    }
    return TW_INVALID_ARGUMENT;
}

static inline void bad_answer(const tw_sink* sink) {
    const tw_delta delta = {sizeof(tw_delta), 0, {"hello", 5}};
    const tw_finish finish = {sizeof(tw_finish), TW_FINISH_STOP, 1, 1, NULL};
    sink->emit(sink, &delta);
    sink->done(sink, &finish);
}

/* Answers at once, from within start. */
static inline tw_code bad_start(tw_backend* self, tw_str request, const tw_sink* sink,
                                tw_error* error) {
    (void)self;
    if (request.size == 0 || request.data[0] != '{') return bad_refuse(error);
    bad_answer(sink);
    return TW_OK;
}

#define BAD_TABLE(start_function)                                                                  \
    static const tw_backend_v1 table = {sizeof(tw_backend_v1), NULL, &bad_create, &bad_destroy,    \
                                        start_function};                                           \
    static const void* query(const char* id) {                                                     \
        return strcmp(id, TW_BACKEND_V1) == 0 ? &table : NULL;                                     \
    }

#define BAD_ENTRY(id, min_host_minor)                                                              \
    const tw_plugin tightwad_plugin_v1 = {                                                         \
        sizeof(tw_plugin),          TW_ABI_MINOR, min_host_minor, id, "0.1.0",                     \
        "A plugin with one fault.", query};
