// Which addresses may be dialled for a URL: the rule against forged requests.
#pragma once

#include <span>
#include <string_view>

namespace tw::net {

// Who wrote the URL. What an operator wrote into the configuration may lead into the own network, for that is
// where home servers are; what came with a request may not.
enum class url_author { operator_of_this_host, stranger };

// Why an address must not be dialled, as the end of "… is "; empty = it may. `address` is 4 or 16 bytes in network
// order, those really dialled: a name's look-up may answer differently each time. Any thread.
[[nodiscard]] std::string_view forbidden_address(std::span<const unsigned char> address, url_author author);

} // namespace tw::net
