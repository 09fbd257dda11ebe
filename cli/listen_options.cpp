#include "cli/listen_options.hpp"

#include "cli/output.hpp"

namespace tapedeck::cli {

void add_identity_options(Options& options) {
  options.add()("cert", po::value<std::string>()->value_name("FILE"),
                "with --listen: serve https with this certificate and its chain (PEM)")(
      "key", po::value<std::string>()->value_name("FILE"),
      "the certificate's key (PEM), unless it stands in that file");
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
