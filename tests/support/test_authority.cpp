#include "tests/support/test_authority.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "core/base/check.hpp"

namespace tapedeck::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key make_key() {
  return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

template <class Write>
std::string pem(Write write) {
  BIO* const memory = BIO_new(BIO_s_mem());
  check(write(memory) == 1, "PEM");
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

void add_extension(X509& certificate, X509& issuer, int kind, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  check(extension != nullptr && X509_add_ext(&certificate, extension, -1) == 1, "extension");
  X509_EXTENSION_free(extension);
}

/// Not signed yet; `issuer` null: by itself.
Certificate make_certificate(const std::string& name, EVP_PKEY& key, X509* issuer, int first_day,
                             int last_day) {
  static long serial = 0;
  Certificate certificate{X509_new(), X509_free};
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  constexpr long day_s = 24L * 60 * 60;
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), first_day * day_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), last_day * day_s);
  X509_set_pubkey(certificate.get(), &key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(),
                       X509_get_subject_name(issuer != nullptr ? issuer : certificate.get()));
  return certificate;
}

std::string certificate_pem(X509& certificate) {
  return pem([&](BIO* out) { return PEM_write_bio_X509(out, &certificate); });
}

}  // namespace

struct TestAuthority::State {
  Key key = make_key();
  Certificate certificate{nullptr, X509_free};
  std::string certificate_pem;
};

TestAuthority::TestAuthority() : state_(std::make_unique<State>()) {
  static int authorities = 0;
  State& state = *state_;
  const std::string name = "Test authority " + std::to_string(++authorities);
  state.certificate = make_certificate(name, *state.key, nullptr, -10, 10);
  add_extension(*state.certificate, *state.certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(*state.certificate, *state.certificate, NID_key_usage, "critical,keyCertSign");
  add_extension(*state.certificate, *state.certificate, NID_subject_key_identifier, "hash");
  check(X509_sign(state.certificate.get(), state.key.get(), EVP_sha256()) != 0, "sign");
  state.certificate_pem = certificate_pem(*state.certificate);
}

TestAuthority::~TestAuthority() = default;

const std::string& TestAuthority::certificate() const {
  return state_->certificate_pem;
}

Identity TestAuthority::issue(const Subject& subject) const {
  const Key key = make_key();
  const Certificate certificate = make_certificate("A test's node", *key, state_->certificate.get(),
                                                   subject.first_day, subject.last_day);
  std::string names;
  for (const std::string& name : subject.names) {
    names += (names.empty() ? "" : ",") + name;
  }
  add_extension(*certificate, *state_->certificate, NID_subject_alt_name, names);
  check(X509_sign(certificate.get(), state_->key.get(), EVP_sha256()) != 0, "sign");
  return {certificate_pem(*certificate), pem([&](BIO* out) {
            return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace tapedeck::test
