// `/tapedeck/v1/`: steering by HTTP, as docs/openapi.json describes it. It knows no socket.
//
// No page of somebody else may steer: a request must name this machine as its Host, so that a name
// that was made to lead here is none, and one that comes from a page must come from a page of this
// server.
#pragma once

#include <string>
#include <string_view>

#include "replayer/answer.hpp"
#include "replayer/facade.hpp"
#include "replayer/steering.hpp"
#include "replayer/target.hpp"

namespace tapedeck::replayer {

/// Who may ask.
struct ControlGuard {
  std::string listen_host = "127.0.0.1";  ///< as in the address that was asked for
  bool tls = false;
  bool allow_remote = false;  ///< any IP address is a good Host
};

class ControlApi {
 public:
  /// `steering` must outlive it.
  ControlApi(Steering& steering, ControlGuard guard)
      : steering_(steering), guard_(std::move(guard)) {}

  /// Whether a request is for it.
  [[nodiscard]] static bool serves(std::string_view target);

  /// Of such a request. Answer::feed: its body is the feed of status_block().
  [[nodiscard]] Answer answer(const Request& request);

  /// How all that is played stands, as a block of an event stream.
  [[nodiscard]] std::string status_block() const;

 private:
  struct Call;

  [[nodiscard]] bool is_welcome(const Request& request) const;
  [[nodiscard]] Answer answer_call(const Call& call, std::string_view name);
  [[nodiscard]] Answer step(const Call& call);
  [[nodiscard]] Answer seek(const Call& call);
  [[nodiscard]] Answer set_rate(const Call& call);
  [[nodiscard]] Answer marks(const Call& call) const;
  [[nodiscard]] Answer add_mark(const Call& call);
  [[nodiscard]] Answer state(const Call& call) const;
  [[nodiscard]] Answer status(SessionId id) const;
  [[nodiscard]] Answer done(SessionId id, const Steered& steered) const;

  Steering& steering_;
  ControlGuard guard_;
};

/// How the sessions stand as JSON; the state in short where there is one only.
[[nodiscard]] std::string status_json(const Steering& steering, SessionId id);

/// The text of docs/openapi.json.
[[nodiscard]] std::string_view openapi_text();

}  // namespace tapedeck::replayer
