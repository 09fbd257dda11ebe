#include "replayer/tls.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/x509err.h>

namespace tapedeck::replayer {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

Failure refuse_key(const ServerIdentity& identity, const std::string& file, const error_code& error,
                   bool asked_passphrase) {
  if (asked_passphrase) {
    return fail_io("the key in '" + file +
                   "' asks for a passphrase; give a copy without one, made by 'openssl pkey'");
  }
  const int reason = error.category() == boost::asio::error::get_ssl_category()
                         ? ERR_GET_REASON(static_cast<unsigned long>(error.value()))
                         : 0;
  if (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH) {
    return fail_io("the key in '" + file + "' does not belong to the certificate in '" +
                   identity.cert_file + "'");
  }
  return fail_io("cannot read a private key in PEM from '" + file + "': " + error.message() +
                 (identity.key_file.empty() ? "; give its file with --key" : ""));
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_tls_context(const ServerIdentity& identity) {
  const auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  error_code error;
  context->use_certificate_chain_file(identity.cert_file, error);
  if (error) {
    return fail_io("cannot read a certificate in PEM from '" + identity.cert_file +
                   "': " + error.message());
  }
  bool asked_passphrase = false;
  context->set_password_callback(
      [&asked_passphrase](std::size_t /*length*/, ssl::context::password_purpose /*purpose*/) {
        asked_passphrase = true;
        return std::string();
      },
      error);
  const std::string& key_file = identity.key_file.empty() ? identity.cert_file : identity.key_file;
  context->use_private_key_file(key_file, ssl::context::pem, error);
  if (error) {
    return refuse_key(identity, key_file, error, asked_passphrase);
  }
  return context;
}

}  // namespace tapedeck::replayer
