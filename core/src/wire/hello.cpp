// Why two hosts, or two models, do not go together.
#include "wire/hello.hpp"

#include "plugin/sha256.hpp"

namespace tw::wire {
namespace {

std::string text(protocol_version v) {
    return std::to_string(v.major_number) + '.' + std::to_string(v.minor_number);
}

std::string peer(const hello& theirs) {
    return "The peer \"" + theirs.machine + "\" (Tightwad " + theirs.tightwad + ')';
}

} // namespace

result<void> compare(const hello& mine, const hello& theirs) {
    const auto here = "this host (Tightwad " + mine.tightwad + ')';
    if (mine.protocol.major_number != theirs.protocol.major_number)
        return fail(code::unsupported, peer(theirs) + " speaks protocol " + text(theirs.protocol) + " and " + here +
                                           " speaks " + text(mine.protocol) + "; update the older of the two.");
    if (mine.sampler != theirs.sampler)
        return fail(code::unsupported, peer(theirs) + " has sampler revision " + std::to_string(theirs.sampler) + " and " +
                                           here + " has " + std::to_string(mine.sampler) +
                                           ", so their picks would differ; update the older of the two.");
    return {};
}

std::string exactness_digest(const served_engine& target) {
    if (target.identity.empty() || target.exactness != exactness_class::bitwise) return {};
    sha256 digest;
    digest.update("tightwad.exactness/1");
    for (const auto* part : {&target.identity, &target.build, &target.device, &target.settings}) {
        digest.update(std::to_string(part->size()) + ':'); // no text can imitate a border
        digest.update(*part);
    }
    return digest.hex();
}

result<void> compare(const served_engine& mine, const served_engine& theirs) {
    if (mine.vocabulary == theirs.vocabulary) return {};
    return fail(code::unsupported, "The peer's model \"" + theirs.name + "\" has another vocabulary (" +
                                       theirs.vocabulary.substr(0, 12) + ") than \"" + mine.name + "\" (" +
                                       mine.vocabulary.substr(0, 12) + "); use two models of one family.");
}

} // namespace tw::wire
