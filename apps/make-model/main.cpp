// tightwad-make-model: writes stories15M as GGUF, quantises and inflates models, for the demo, the tests and the benches.
#include "commands.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace {

constexpr const char* usage = R"(usage:
  tightwad-make-model stories LLAMA2C_FILE VOCABULARY.gguf OUT.gguf
      write a llama2.c model as F32 GGUF with the tokenizer of another GGUF
  tightwad-make-model quantize IN.gguf OUT.gguf q4_0|q8_0
      quantise a GGUF, already quantised or not
  tightwad-make-model inflate IN.gguf OUT.gguf BLOCKS
      append BLOCKS blocks that change nothing but the cost to a llama GGUF, for benches
  tightwad-make-model widen IN.gguf OUT.gguf WIDTH INNER
      pad a llama GGUF with zeros to that width and feed-forward size, heads of 128: a small model that costs a GPU
      what a large one does (4096 11008, then inflate to 32 blocks: the shape of a 7B), for benches
  tightwad-make-model mix IN.gguf OUT.gguf EXPERTS
      make a llama GGUF a mixture of so many experts that are all the same, for tests
  tightwad-make-model split IN.gguf PREFIX
      divide a GGUF between PREFIX-00001-of-00002.gguf and PREFIX-00002-of-00002.gguf, for tests
  tightwad-make-model vocabulary TOKENIZER.json OUT.gguf
      write a GGUF with that byte-level BPE vocabulary and weights that are all zero, for tests
)";

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const bool wants_help = words.size() == 1 && (words[0] == "--help" || words[0] == "-h");
    if (wants_help) {
        std::fputs(usage, stdout);
        return 0;
    }
    try {
        if (words.size() == 4 && words[0] == "stories") {
            tw::make_model::write_stories(words[1], words[2], words[3]);
        } else if (words.size() == 4 && words[0] == "quantize") {
            tw::make_model::quantize(words[1], words[2], words[3]);
        } else if (words.size() == 4 && words[0] == "inflate") {
            tw::make_model::inflate(words[1], words[2], words[3]);
        } else if (words.size() == 5 && words[0] == "widen") {
            tw::make_model::widen(words[1], words[2], words[3], words[4]);
        } else if (words.size() == 4 && words[0] == "mix") {
            tw::make_model::mix(words[1], words[2], words[3]);
        } else if (words.size() == 3 && words[0] == "split") {
            tw::make_model::split(words[1], words[2]);
        } else if (words.size() == 3 && words[0] == "vocabulary") {
            tw::make_model::write_vocabulary(words[1], words[2]);
        } else {
            std::fputs(usage, stderr);
            return 2;
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 1;
    }
    return 0;
}
