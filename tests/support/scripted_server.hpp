// A server on loopback that does to a client what a script says: plain blocking sockets, a thread
// for each connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/test_authority.hpp"

namespace tapedeck::test {

/// A connection as its script sees it. Every wait ends after ten seconds; what fails because the
/// client has gone is no error of the script.
class ScriptedConnection {
 public:
  /// `session`: the OpenSSL session on `fd`, or null.
  explicit ScriptedConnection(int fd, void* session = nullptr) : fd_(fd), session_(session) {}
  ScriptedConnection(const ScriptedConnection&) = delete;
  ScriptedConnection& operator=(const ScriptedConnection&) = delete;
  ~ScriptedConnection() { close(); }

  /// Reads up to the blank line, and the body if a Content-Length says there is one.
  std::string read_request();
  void send(std::string_view bytes);
  /// One byte in each segment.
  void send_bytewise(std::string_view bytes);
  void close();
  /// Ends a TLS connection without saying so, as one that was cut.
  void cut();
  /// Says no more, and closes when the client has: what was said is sure to arrive.
  void let_go();
  /// Ends the connection with a RST.
  void reset();
  /// Passes everything on to and from a port of 127.0.0.1 until one side has closed.
  void tunnel_to(std::uint16_t port);
  /// Waits until the client has closed it.
  void wait_for_client();

 private:
  std::ptrdiff_t read(char* bytes, std::size_t size);
  std::ptrdiff_t write(std::string_view bytes);

  int fd_;
  void* session_;
};

/// What a server with TLS needs.
struct ServerTls {
  Identity identity;
  std::string client_authority;  ///< PEM; clients have to show a certificate of it; "": none
  bool outdated = false;         ///< speaks TLS 1.1 and nothing newer
};

class ScriptedServer {
 public:
  /// Runs after the request was read; the connection is closed when it returns.
  using Script = std::function<void(ScriptedConnection&)>;

  /// The n-th connection gets the n-th script; after the last one the port is closed. Listens on a
  /// free port of 127.0.0.1. A connection whose TLS fails costs a script.
  explicit ScriptedServer(std::vector<Script> scripts,
                          const std::optional<ServerTls>& tls = std::nullopt);
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  /// Waits for the scripts to end; connections that did not come are not waited for.
  ~ScriptedServer();

  [[nodiscard]] std::uint16_t port() const;
  /// "http://127.0.0.1:PORT", https with TLS, and `target`.
  [[nodiscard]] std::string url(std::string_view target = "/events") const;
  /// The requests so far.
  [[nodiscard]] std::vector<std::string> requests() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The head of a 200 with an event stream and `more` header lines, each with its CR LF.
[[nodiscard]] std::string stream_head(std::string_view more = "");
/// `body` as one chunk of a chunked body, with `extension` (";a=b") behind its size.
[[nodiscard]] std::string chunk(std::string_view body, std::string_view extension = "");

}  // namespace tapedeck::test
