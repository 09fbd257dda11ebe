// A socket that speaks HTTP as text: tests say what goes over the wire, and see what comes back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tapedeck::test {

struct HttpResponse {
  int status = 0;
  std::string head;  ///< status line and header lines, each with its CR LF
  std::string body;  ///< without chunk borders

  /// The value of a header, or nothing. `name` as the server spells it.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

/// Blocking, with a deadline for each read, so that a test that waits for nothing fails instead of
/// hanging. Bytes past what was asked for are kept for the next call.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port, int receive_buffer_bytes = 0);
  /// Speaks TLS with whom this authority (PEM) has signed for 127.0.0.1.
  HttpClient(std::uint16_t port, const std::string& authority);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  void send(std::string_view text);

  /// Sends a request with a Host header and, where there is a body, its length.
  void request(std::string_view method, std::string_view target, std::string_view headers = {},
               std::string_view body = {});

  /// A response with a Content-Length, or with none and so without a body.
  [[nodiscard]] HttpResponse response(bool has_body = true);
  [[nodiscard]] HttpResponse ask(std::string_view method, std::string_view target,
                                 std::string_view headers = {}, std::string_view body = {});

  /// Status line and headers of a response; its body is left to be read.
  [[nodiscard]] HttpResponse head();

  /// Exactly `count` bytes of a chunked body, and no more than the chunk that holds the last one.
  [[nodiscard]] std::string chunked(std::size_t count);
  /// The rest of a chunked body, to its last chunk. Nothing: it broke off before that.
  [[nodiscard]] std::optional<std::string> chunked_to_end();

  /// All bytes until the server closes.
  [[nodiscard]] std::string to_end();

  /// Whether nothing comes, and the connection stays open, for this long.
  [[nodiscard]] bool is_silent_for(int milliseconds);
  /// Whether the connection is closed or reset, perhaps after more bytes.
  [[nodiscard]] bool closes();

  void reset();  ///< closes abruptly, with RST
  /// Under TLS: whether the server said that nothing follows before it closed.
  [[nodiscard]] bool was_told_of_the_end() const;

 private:
  struct Secure;

  bool fill();
  [[nodiscard]] std::ptrdiff_t receive(char* bytes, std::size_t count);
  [[nodiscard]] std::string take_line();
  [[nodiscard]] std::string take(std::size_t count);
  [[nodiscard]] std::optional<std::string> chunk();

  int fd_ = -1;
  std::unique_ptr<Secure> secure_;
  std::string unread_;
  std::string in_chunk_;
};

}  // namespace tapedeck::test
