// A server's side of TLS 1.2 and 1.3.
#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace tapedeck::replayer {

/// Who the server says it is.
struct ServerIdentity {
  std::string cert_file;      ///< PEM, the certificate with its chain
  std::string key_file = {};  ///< PEM; "": the key stands in `cert_file`
};

/// Reads the files. A key that asks for a passphrase is refused.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(
    const ServerIdentity& identity);

}  // namespace tapedeck::replayer
