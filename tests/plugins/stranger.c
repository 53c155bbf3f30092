/* Not a plugin at all: a shared library that exports something else. */
__attribute__((visibility("default"))) const int something = 1;
