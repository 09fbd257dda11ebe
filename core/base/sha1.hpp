// SHA-1 (FIPS 180-4), for name-based uuids (RFC 9562, version 5); not for secrets.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tapedeck {

[[nodiscard]] std::array<std::uint8_t, 20> sha1(std::string_view bytes);

}  // namespace tapedeck
