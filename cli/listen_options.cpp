#include "cli/listen_options.hpp"

#include <utility>

#include "cli/output.hpp"

namespace tapedeck::cli {

void add_identity_options(Options& options) {
  options.add()("cert", po::value<std::string>()->value_name("FILE"),
                "with --listen: serve https with this certificate and its chain (PEM)")(
      "key", po::value<std::string>()->value_name("FILE"),
      "the certificate's key (PEM), unless it stands in that file");
}

void add_pin_options(Options& options) {
  options.add()("pin", po::value<std::string>()->value_name("PIN"),
                "ask for a PIN; who has none comes in as a guest")(
      "guest-pin", po::value<std::string>()->value_name("PIN"), "ask guests for a PIN too");
}

Result<void> read_pins(const Values& values, replayer::Admission& admission) {
  admission.host_pin = values.text("pin").value_or("");
  admission.guest_pin = values.text("guest-pin").value_or("");
  for (const auto& [option, pin] :
       {std::pair{"pin", &admission.host_pin}, std::pair{"guest-pin", &admission.guest_pin}}) {
    if (*pin == "none" || (values.has(option) && pin->empty())) {
      return fail_usage("--" + std::string(option) + ": '" + *pin +
                        "' is what a client says that has none; take another PIN");
    }
  }
  if (!admission.guest_pin.empty() && admission.host_pin.empty()) {
    return fail_usage("--guest-pin goes with --pin: only hosts have none otherwise");
  }
  return {};
}

Result<std::optional<replayer::Address>> read_address(const Values& values, const char* option) {
  const auto given = values.text(option);
  if (!given) {
    return std::optional<replayer::Address>{};
  }
  auto address = replayer::parse_address(*given);
  if (!address) {
    return fail_usage("--" + std::string(option) + ": " + address.error().message);
  }
  return std::optional(*std::move(address));
}

Result<std::optional<replayer::Address>> read_listen(const Values& values) {
  return read_address(values, "listen");
}

Result<void> announce(const std::string& url) {
  Output output;
  output.buffer() = "listening on " + url + '\n';
  return output.flush();
}

Result<std::optional<replayer::ServerIdentity>> read_identity(const Values& values) {
  const auto certificate = values.text("cert");
  const auto key = values.text("key");
  if (!certificate && key) {
    return fail_usage("--key goes with --cert");
  }
  if (!certificate) {
    return std::optional<replayer::ServerIdentity>{};
  }
  return std::optional(replayer::ServerIdentity{*certificate, key.value_or("")});
}

}  // namespace tapedeck::cli
