// A small HTTP server for those who watch a recording: a few pages, made when they are asked for.
//
// It answers GET and HEAD, and POST where that does something, one request on a connection, from
// the recorder's own event loop: to make a page is all that it costs the recording, and who reads
// slowly is dropped. One thread.
//
// Where it listens on the loopback only, the Host of a request has to be this machine: a browser
// that is here would else read the pages for a web site whose name was made to point here. A POST
// with an Origin is refused: it comes from a web page, and none has any business here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace tapedeck::recorder {

class EventLoop;

struct StatusOptions {
  std::string host = "127.0.0.1";  ///< to listen on, IPv6 without its brackets
  std::uint16_t port = 0;          ///< 0: the system picks one
  bool allow_remote = false;       ///< `host` may be one that other machines reach
};

struct StatusPage {
  unsigned status = 200;
  std::string content_type;
  std::string body;
  std::string allow = {};  ///< of a refusal: the methods that there are
};

class StatusServer {
 public:
  /// The page at a path without its query; nothing where there is none.
  using Pages = std::function<std::optional<StatusPage>(std::string_view path)>;

  /// What a POST to a path does, given its body of posted_bytes_max at most.
  using Posts = std::map<std::string, std::function<StatusPage(std::string body)>, std::less<>>;
  static constexpr std::uint64_t posted_bytes_max = std::uint64_t{8} * 1024;

  /// Serves from here on, while the loop runs. `loop` must outlive the server.
  [[nodiscard]] static Result<std::unique_ptr<StatusServer>> listen(EventLoop& loop,
                                                                    const StatusOptions& options,
                                                                    Pages pages, Posts posts = {});
  StatusServer(const StatusServer&) = delete;
  StatusServer& operator=(const StatusServer&) = delete;
  ~StatusServer();

  /// `http://127.0.0.1:9464`, with the port that was picked.
  [[nodiscard]] const std::string& url() const;

 private:
  struct State;
  class Visit;
  explicit StatusServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  ///< handlers under way hold it weakly
};

}  // namespace tapedeck::recorder
