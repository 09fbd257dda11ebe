// What TLS needs to know before the first connection, and what its failures mean.
#pragma once

#include <memory>
#include <string>

#include <boost/system/error_code.hpp>

#include "core/base/result.hpp"

namespace boost::asio::ssl {
class context;
class verify_context;
}  // namespace boost::asio::ssl

namespace tapedeck::recorder {

struct TlsOptions {
  std::string ca_file =
      {};              ///< PEM; whom to trust in the place of the system's store; "": that store
  bool verify = true;  ///< false: whoever answers is believed
  std::string cert_file = {};  ///< PEM, the client's certificate with its chain; "" for none
  std::string key_file = {};   ///< PEM; "": the key stands in `cert_file`
};

/// A client's side of TLS 1.2 and 1.3. Shared by its connections; not thread-safe.
class TlsContext {
 public:
  /// Reads the files. A key that asks for a passphrase is refused.
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> make(const TlsOptions& options);
  ~TlsContext();

  [[nodiscard]] boost::asio::ssl::context& native() { return *context_; }
  [[nodiscard]] bool verifies() const { return verifies_; }
  [[nodiscard]] bool has_certificate() const { return has_certificate_; }

 private:
  explicit TlsContext(const TlsOptions& options);

  std::unique_ptr<boost::asio::ssl::context> context_;
  bool verifies_;
  bool has_certificate_;
};

/// Why the certificate that is being verified cannot be trusted, and what to do; a clause.
[[nodiscard]] std::string explain_distrust(boost::asio::ssl::verify_context& context,
                                           const std::string& host);

/// What an error of a connection means, of TLS or not; a clause. `has_certificate`: we had one to
/// show.
[[nodiscard]] std::string explain(const boost::system::error_code& error, bool has_certificate);

}  // namespace tapedeck::recorder
