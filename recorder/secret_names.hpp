// Which names say that what stands under them is a secret.
#pragma once

#include <string_view>

namespace tapedeck::recorder {

/// What a parameter, header or field of this name holds, e.g. "TOKEN" for "x-auth-token" and "PIN"
/// for "pin", in any case of letters; "" where it is no secret. There are some dozens of kinds,
/// whatever the names are.
[[nodiscard]] std::string_view secret_kind(std::string_view name);

/// What stands for "there is none" where a secret would stand: `pin: none`, `"pin": "required"`.
[[nodiscard]] bool is_no_secret(std::string_view value);

}  // namespace tapedeck::recorder
