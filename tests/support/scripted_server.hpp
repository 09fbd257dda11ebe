// A server on loopback that does to a client what a script says: plain blocking sockets in a
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tapedeck::test {

/// A connection as its script sees it. Every wait ends after ten seconds; what fails because the
/// client has gone is no error of the script.
class ScriptedConnection {
 public:
  explicit ScriptedConnection(int fd) : fd_(fd) {}
  ScriptedConnection(const ScriptedConnection&) = delete;
  ScriptedConnection& operator=(const ScriptedConnection&) = delete;
  ~ScriptedConnection() { close(); }

  /// Reads up to the blank line.
  std::string read_request();
  void send(std::string_view bytes);
  /// One byte in each segment.
  void send_bytewise(std::string_view bytes);
  void close();
  /// Ends the connection with a RST.
  void reset();
  /// Waits until the client has closed it.
  void wait_for_client();

 private:
  int fd_;
};

class ScriptedServer {
 public:
  /// Runs after the request was read; the connection is closed when it returns.
  using Script = std::function<void(ScriptedConnection&)>;

  /// The n-th connection gets the n-th script, one after the other; after the last one the port is
  /// closed. Listens on a free port of 127.0.0.1.
  explicit ScriptedServer(std::vector<Script> scripts);
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  /// Waits for the scripts to end; connections that did not come are not waited for.
  ~ScriptedServer();

  [[nodiscard]] std::uint16_t port() const;
  /// "http://127.0.0.1:PORT" and `target`.
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
