// Calls from the pipelines' threads to the server's.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

namespace tw::front {

/// What any thread may call: `call` follows on the loop, while `box` still lives there.
template <class Box, class Call>
std::function<void()> on_loop(boost::asio::any_io_executor loop, std::weak_ptr<Box> box, Call call) {
    return [loop, box, call] {
        boost::asio::post(loop, [box, call] {
            if (const auto self = box.lock()) call(*self);
        });
    };
}

} // namespace tw::front
