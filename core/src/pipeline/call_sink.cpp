// Hands on what the reader is sure of.
#include "pipeline/call_sink.hpp"

#include <utility>

namespace tw {

call_sink::call_sink(std::shared_ptr<generation_sink> to, std::unique_ptr<chat_answer> reader)
    : to_(std::move(to)), reader_(std::move(reader)) {}

void call_sink::text(std::string_view piece) { read(piece, chat_answer::state::goes_on); }

void call_sink::likelihoods(std::vector<token_likelihood> tokens) { to_->likelihoods(std::move(tokens)); }

void call_sink::read(std::string_view piece, chat_answer::state how) {
    if (failure_ || !reader_) return;
    auto news = reader_->read(piece, how);
    if (!news) {
        failure_ = news.error();
        return;
    }
    for (auto& each : *news) {
        if (!each.call) to_->text(each.text);
        else to_->call({*each.call, {std::move(each.id), std::move(each.name), std::move(each.text)}});
    }
}

void call_sink::done(generation_result result) {
    const bool stopped = result.reason == finish_reason::stop;
    const bool whole = stopped && result.stopped_by.empty(); // a stop string may stand in the middle of a call
    if (stopped || result.reason == finish_reason::length)
        read("", whole ? chat_answer::state::ended : chat_answer::state::cut_off);
    reader_.reset(); // whoever holds this sink may outlive the model
    if (failure_ && (stopped || result.reason == finish_reason::length)) {
        result.reason = finish_reason::failed;
        result.failure = std::move(failure_);
    }
    to_->done(std::move(result));
}

} // namespace tw
