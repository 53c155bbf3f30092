/* A plugin of contract 1.0 that includes no header of ours: what it spells out here, every host of major 1
 * must load for ever. Never edit it; a test that fails on it has found a breaking change. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *data;
    size_t size;
};
struct error {
    uint32_t size;
    int32_t code;
    int64_t retry_after_ms;
    char message[1008];
};
struct delta {
    uint32_t size;
    uint32_t choice;
    struct text text;
};
struct finish {
    uint32_t size;
    int32_t reason;
    int64_t prompt_tokens, completion_tokens;
    const struct error *error;
};
struct sink {
    uint32_t size;
    void *ctx;
    void (*emit)(const struct sink *self, const struct delta *delta);
    void (*done)(const struct sink *self, const struct finish *finish);
    int32_t (*cancelled)(const struct sink *self);
};
struct backend_v1 {
    uint32_t size;
    const void *const *options;
    int32_t (*create)(const void *host, struct text config, void **out, struct error *error);
    void (*destroy)(void *self);
    int32_t (*start)(void *self, struct text request, const struct sink *sink, struct error *error);
};
struct plugin {
    uint32_t size;
    uint32_t abi_minor;
    uint32_t min_host_minor;
    const char *id;
    const char *version;
    const char *summary;
    const void *(*query)(const char *interface_id);
};

static int instance;

static int32_t create(const void *host, struct text config, void **out, struct error *error) {
    (void)host, (void)config, (void)error;
    *out = &instance;
    return 0;
}
static void destroy(void *self) { (void)self; }
static int32_t start(void *self, struct text request, const struct sink *sink, struct error *error) {
    const struct delta hello = {sizeof hello, 0, {"hello from 1.0", 14}};
    const struct finish end = {sizeof end, 0, 1, 4, NULL};
    (void)self;
    if (request.size == 0 || request.data[0] != '{') {
        error->code = 1;
        strcpy(error->message, "The request is not a JSON object.");
        return 1;
    }
    sink->emit(sink, &hello);
    sink->done(sink, &end);
    return 0;
}

static const struct backend_v1 backend = {sizeof backend, NULL, create, destroy, start};
static const void *query(const char *interface_id) {
    return strcmp(interface_id, "tightwad.backend/1") == 0 ? &backend : NULL;
}

__attribute__((visibility("default"))) const struct plugin tightwad_plugin_v1 = {
    sizeof(struct plugin), 0, 0, "frozen_1_0", "1.0.0", "Built once, loaded for ever.", query};
