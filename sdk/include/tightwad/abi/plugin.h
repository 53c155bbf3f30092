/* The entry of a plugin: one exported constant, found by name and read before any of its code runs. */
#pragma once

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: a plugin is a shared library that the host finds at run time. The *name* of its one exported
 * symbol carries the major version, so the host can tell what it is from the export table alone.
 *
 * Trust: a plugin runs in the host's process with all of the host's rights. Load only what you trust,
 * pin it by sha256 in the configuration, or keep it on the other side of a transport. A library that
 * was loaded is never unloaded. */
#define TW_ABI_MAJOR 1
#define TW_ABI_MINOR 3
#define TW_PLUGIN_SYMBOL "tightwad_plugin_v1"

typedef struct tw_plugin {
    uint32_t size;
    uint32_t abi_minor;      /* the TW_ABI_MINOR it was built with */
    uint32_t min_host_minor; /* the oldest host it can work with */
    const char *id;          /* unique, lower case, e.g. "llamacpp" */
    const char *version;     /* the plugin's own, e.g. "0.1.0" */
    const char *summary;     /* one sentence for `tightwad plugins` */

    /* [scan] The implementation of an interface such as "tightwad.engine/1", or null. The answer lives
     * as long as the process and is the same at every call. */
    const void *(*query)(const char *interface_id);
} tw_plugin;

#if defined(__GNUC__)
#define TW_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define TW_PLUGIN_EXPORT __declspec(dllexport)
#endif

extern TW_PLUGIN_EXPORT const tw_plugin tightwad_plugin_v1;

#ifdef __cplusplus
}
#endif
