/* A bad plugin: its one symbol speaks of a contract that this host does not know. */
__attribute__((visibility("default"))) const unsigned tightwad_plugin_v2[8] = {32};
