// SVG written by hand: a frame, grid lines, dots.
#include "commands/bench_plot.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tw::cli {
namespace {

constexpr double left = 50, top = 30, width = 560, height = 240;

template <class... Values> std::string text(const char* format, Values... values) {
    char out[256];
    std::snprintf(out, sizeof out, format, values...);
    return out;
}

std::string escaped(const std::string& raw) {
    std::string out;
    for (const char byte : raw) {
        if (byte == '<') out += "&lt;";
        else if (byte == '&') out += "&amp;";
        else out += byte;
    }
    return out;
}

} // namespace

std::string to_svg(const bench_report& report, const std::vector<bench_pair>& pairs) {
    double most = 1;
    for (const auto& pair : pairs) most = std::max(most, pair.ratio());
    const double step = most > 4 ? 1 : most > 2 ? 0.5 : 0.25;
    most = std::ceil(most / step + 0.2) * step;
    const auto y = [&](double ratio) { return top + height * (1 - ratio / most); };

    auto out = text("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" font-family=\"sans-serif\" "
                    "font-size=\"11\" fill=\"#888\">\n",
                    left + width + 20, top + height + 40);
    out += "<text x=\"50\" y=\"18\">" + escaped(report.pipeline) +
           text(": speed-up %.2f (%.2f to %.2f), answers equal in %zu of %zu pairs</text>\n", report.ratio,
                report.ratio_95.low, report.ratio_95.high, report.equal, report.pairs);
    for (double line = 0; line < most + step / 2; line += step)
        out += text("<path d=\"M%g %.1fh%g\" stroke=\"#888\" stroke-opacity=\"%s\"/>"
                    "<text x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                    left, y(line), width, line == 1 ? "1" : ".25", left - 6, y(line) + 4, line);
    out += text("<path d=\"M%g %.1fh%g\" stroke=\"#2a7\" stroke-width=\"2\" stroke-dasharray=\"6 3\"/>\n", left,
                y(report.ratio), width);
    const double column = width / static_cast<double>(std::max<std::size_t>(report.prompts, 1));
    for (const auto& pair : pairs)
        out += text("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\" fill-opacity=\".6\"/>\n",
                    left + column * (static_cast<double>(pair.prompt) + 0.5), y(pair.ratio()),
                    pair.equal() ? "#27c" : "#c22");
    out += text("<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">prompts; one dot a pair, red = answers differ, dashed = "
                "median, 1 = the target alone</text>\n</svg>\n",
                left + width / 2, top + height + 24);
    return out;
}

} // namespace tw::cli
