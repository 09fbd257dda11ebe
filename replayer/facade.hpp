// What the server answers to a request: the Infinity client REST API as far as a client needs it
// to join, stay, act and leave. It knows no socket and no clock.
//
// Result types, status codes and texts are those that @pexip/infinity 17.7.0 to 20.0.0 accept.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "replayer/endpoints.hpp"
#include "replayer/members.hpp"
#include "replayer/target.hpp"

namespace tapedeck::replayer {

/// Views live as long as the request does.
struct Request {
  std::string_view method;  ///< upper case
  std::string_view target;
  std::string_view token;  ///< the header of that name; "" if there is none
  std::string_view body;
};

/// Who gets an event stream.
struct StreamGrant {
  std::uint64_t member_id = 0;  ///< 0: a client of /events, which nobody joins
  std::string participant_uuid;
  std::string display_name;
};

struct Answer {
  int status = 200;
  std::string body;                   ///< JSON; "" for none
  std::string allow;                  ///< for the Allow header; "" for none
  std::optional<StreamGrant> stream;  ///< an event stream is the body
  bool hold_back = false;             ///< to be sent after limits::refused_refresh_delay
};

/// What the API answers when it cannot do what was asked.
[[nodiscard]] Answer failure(int status, std::string_view why);

/// What the facade asks and tells, each needed.
struct FacadeHooks {
  /// The participant_uuid for the n-th join, counted from 1.
  std::function<std::string(std::uint64_t)> participant_uuid;
  /// Somebody joins; a failure keeps them out, and its message is what they are told.
  std::function<Result<void>(const std::string& participant_uuid, const std::string& display_name)>
      join;
  /// A member has left; its streams are to end.
  std::function<void(const Member&)> leave;
};

class Facade {
 public:
  explicit Facade(FacadeHooks hooks);

  [[nodiscard]] Answer answer(const Request& request);

  [[nodiscard]] std::uint64_t joins() const { return members_.joined(); }

 private:
  [[nodiscard]] Answer answer_conference(const Request& request, const Target& target);
  [[nodiscard]] Answer answer_endpoint(const Endpoint& endpoint, const Request& request,
                                       const Target& target);
  [[nodiscard]] Answer request_token(std::string_view alias, std::string_view body);
  [[nodiscard]] Answer member_answer(const Endpoint& endpoint, const Member& member);
  [[nodiscard]] const Member* member_of(const Request& request, const Target& target);

  FacadeHooks hooks_;
  Members members_;
  std::uint64_t uuids_given_ = 0;
};

/// The default participant uuid with `number` at its end, in twelve hexadecimal digits.
[[nodiscard]] std::string numbered_uuid(std::uint64_t number);

}  // namespace tapedeck::replayer
