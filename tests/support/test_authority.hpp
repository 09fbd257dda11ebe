// A certificate authority that lives as long as a test does.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace tapedeck::test {

/// A certificate and its key, in PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

/// Whom a certificate is for, and from when to when it is good, in days from now.
struct Subject {
  std::vector<std::string> names;  ///< as OpenSSL writes them: "DNS:node.test", "IP:127.0.0.1"
  int first_day = -1;
  int last_day = 1;
};

class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();

  /// Its own certificate, in PEM.
  [[nodiscard]] const std::string& certificate() const;

  [[nodiscard]] Identity issue(const Subject& subject) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tapedeck::test
