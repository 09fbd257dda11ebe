#include "recorder/tls.hpp"

#include <array>
#include <ctime>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "recorder/response.hpp"

namespace tapedeck::recorder {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

constexpr int names_shown_max = 3;

/// The time in UTC as "2026-11-24 10:00:00".
std::string time_text(const ASN1_TIME* time) {
  std::tm parts{};
  std::array<char, 32> text{};
  if (ASN1_TIME_to_tm(time, &parts) != 1 ||
      std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
    return "a time that cannot be read";
  }
  return text.data();
}

std::string name_text(const ASN1_STRING* string) {
  return printable({reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                    static_cast<std::size_t>(ASN1_STRING_length(string))});
}

/// Whom a certificate names: the first of its alternative names.
std::string names_in(const X509* certificate) {
  std::string names;
  int shown = 0;
  auto* all = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all) && shown < names_shown_max; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
    if (name->type == GEN_DNS) {
      names += (names.empty() ? "'" : ", '") + name_text(name->d.dNSName) + "'";
      ++shown;
    }
  }
  GENERAL_NAMES_free(all);
  return names.empty() ? "somebody else" : names;
}

/// The reason that OpenSSL gives for `error`, or 0 where the error is not its own.
int tls_reason(const error_code& error) {
  return error.category() == boost::asio::error::get_ssl_category()
             ? ERR_GET_REASON(static_cast<unsigned long>(error.value()))
             : 0;
}

Failure refuse_key(const TlsOptions& options, const error_code& error, bool asked_passphrase) {
  const std::string& file = options.key_file.empty() ? options.cert_file : options.key_file;
  const int reason = tls_reason(error);
  if (asked_passphrase) {
    return fail_io("the key in '" + file +
                   "' asks for a passphrase; give a copy without one, made by 'openssl pkey'");
  }
  if (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH) {
    return fail_io("the key in '" + file + "' does not belong to the certificate in '" +
                   options.cert_file + "'");
  }
  return fail_io("cannot read a private key in PEM from '" + file + "': " + error.message());
}

}  // namespace

TlsContext::TlsContext(const TlsOptions& options)
    : context_(std::make_unique<ssl::context>(ssl::context::tls_client)),
      verifies_(options.verify),
      has_certificate_(!options.cert_file.empty()) {
  SSL_CTX_set_min_proto_version(context_->native_handle(), TLS1_2_VERSION);
}

TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::make(const TlsOptions& options) {
  std::shared_ptr<TlsContext> made(new TlsContext(options));
  ssl::context& context = made->native();
  error_code error;
  context.set_verify_mode(options.verify ? ssl::verify_peer : ssl::verify_none, error);
  if (options.ca_file.empty()) {
    context.set_default_verify_paths(error);
    if (error) {
      return fail_io("cannot open the system's store of certificates: " + error.message() +
                     "; give the authority with --ca");
    }
  } else if (context.load_verify_file(options.ca_file, error); error) {
    return fail_io("cannot read certificates in PEM from '" + options.ca_file +
                   "': " + error.message());
  }
  if (made->has_certificate_) {
    context.use_certificate_chain_file(options.cert_file, error);
    if (error) {
      return fail_io("cannot read a certificate in PEM from '" + options.cert_file +
                     "': " + error.message());
    }
    // Left to itself OpenSSL would ask on the terminal.
    const auto asked_passphrase = std::make_shared<bool>(false);
    context.set_password_callback(
        [asked_passphrase](std::size_t /*size*/, ssl::context::password_purpose /*purpose*/) {
          *asked_passphrase = true;
          return std::string();
        },
        error);
    context.use_private_key_file(options.key_file.empty() ? options.cert_file : options.key_file,
                                 ssl::context::pem, error);
    if (error) {
      return refuse_key(options, error, *asked_passphrase);
    }
  }
  return made;
}

std::string explain_distrust(ssl::verify_context& context, const std::string& host) {
  X509_STORE_CTX* const store = context.native_handle();
  const X509* const certificate = X509_STORE_CTX_get_current_cert(store);
  const int code = X509_STORE_CTX_get_error(store);
  const std::string instead = "; --insecure would record without knowing who answers";
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "a certificate that it shows expired at " +
             time_text(X509_get0_notAfter(certificate)) + ": it has to be renewed" + instead;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "a certificate that it shows is good only from " +
             time_text(X509_get0_notBefore(certificate)) + " on: is this machine's clock right?" +
             instead;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate is for " + names_in(certificate) + " and not for '" + host +
             "': use a name that it is for" + instead;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its certificate comes from an authority that is not known here: give that "
             "authority's certificate with --ca" +
             instead;
    default:
      return "its certificate cannot be trusted: " +
             std::string(X509_verify_cert_error_string(code)) + instead;
  }
}

std::string explain(const error_code& error, bool has_certificate) {
  if (error == boost::asio::error::eof || error == ssl::error::stream_truncated) {
    return "it closed the connection";
  }
  switch (tls_reason(error)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_UNKNOWN_PROTOCOL:
      return "what answers there does not speak TLS; if it speaks plain HTTP, use http://";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "it speaks neither TLS 1.2 nor 1.3, and older versions are not safe";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return has_certificate ? "it does not accept the certificate given with --cert"
                             : "it wants a client's certificate; give one with --cert and --key";
    default:
      return error.message();
  }
}

}  // namespace tapedeck::recorder
