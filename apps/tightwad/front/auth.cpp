// The bearer token, or the same in x-api-key.
#include "front/auth.hpp"

namespace tw::front {

authorizer::authorizer(const std::optional<std::string>& token) {
    if (token) token_.emplace(*token);
}

bool authorizer::allows(const request_head& head) const {
    return !token_ || token_->matches(net::bearer_of(head.authorization)) || token_->matches(head.api_key);
}

} // namespace tw::front
