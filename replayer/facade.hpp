// What the server answers to a request: the Infinity client REST API as far as a client needs it
// to join, stay, act and leave. It knows no socket and no clock; a request says when it came.
//
// Result types, status codes and texts are those that @pexip/infinity 17.7.0 to 20.0.0 accept.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/result.hpp"
#include "replayer/admission.hpp"
#include "replayer/answer.hpp"
#include "replayer/call.hpp"
#include "replayer/endpoints.hpp"
#include "replayer/join_info.hpp"
#include "replayer/join_request.hpp"
#include "replayer/members.hpp"
#include "replayer/target.hpp"

namespace tapedeck::replayer {

/// Views live as long as the request does.
struct Request {
  std::string_view method;  ///< upper case
  std::string_view target;
  std::string_view token = {};   ///< the header of that name; "" if there is none
  std::string_view pin = {};     ///< likewise
  std::string_view host = {};    ///< likewise
  std::string_view origin = {};  ///< likewise
  std::string_view body = {};
  std::int64_t now_ns = 0;  ///< monotonic, when it came
};

/// What the facade asks and tells, each needed where nothing else is said.
struct FacadeHooks {
  /// The status that a request is refused with, or nothing; asked once for each. The call is the
  /// path of the request below the conference as in the table of endpoints, or as it came where it
  /// is not there; `status`, or `events`.
  std::function<std::optional<int>(std::string_view call)> refuse = {};
  /// The participant_uuid for the n-th join, counted from 1, of the conference `alias`.
  std::function<std::string(std::uint64_t, std::string_view alias)> participant_uuid;
  /// The role that the one-time token of a transfer gives in the conference `alias`; nothing: they
  /// are asked as everybody is; a failure keeps them out. Not needed: a transfer is a join as any
  /// other then.
  std::function<Result<std::optional<Role>>(std::string_view alias, std::string_view token)>
      redeem = {};
  /// Somebody joins; may change who they are. A failure keeps them out, and its message is what
  /// they are told.
  std::function<Result<Entrance>(JoinInfo&)> join;
  /// Fails where there is no such conference for who watches without joining. Not needed: there is.
  std::function<Result<void>(std::string_view alias)> find = {};
  /// Somebody who has joined asks or does something; may change what is answered. Not needed.
  std::function<void(Call, Answer&)> call = {};
  /// A member is gone; its streams are to end, and with a disconnect where there is a reason.
  Members::Left leave;
};

class Facade {
 public:
  explicit Facade(FacadeHooks hooks, Admission admission = {}, TokenRules tokens = {});

  [[nodiscard]] Answer answer(const Request& request);

  /// Puts out those who did not refresh their token in time; see Members.
  void release_expired(std::int64_t now_ns) { members_.release_expired(now_ns); }
  /// Somebody may be put out.
  [[nodiscard]] bool forgets() const { return members_.forgets(); }
  [[nodiscard]] std::optional<std::int64_t> next_expiry_ns() const {
    return members_.next_expiry_ns();
  }

  [[nodiscard]] std::uint64_t joins() const { return members_.joined(); }

 private:
  [[nodiscard]] Answer answer_conference(const Request& request, const Target& target);
  [[nodiscard]] Answer answer_events(std::string_view alias, const Request& request,
                                     const Target& target);
  /// The answer of a request that goes wrong.
  [[nodiscard]] std::optional<Answer> refusal(std::string_view call) const;
  [[nodiscard]] Answer answer_endpoint(const Endpoint& endpoint,
                                       const std::vector<std::string_view>& path,
                                       const Request& request, const Target& target);
  [[nodiscard]] Answer request_token(std::string_view alias, const Request& request);
  [[nodiscard]] std::variant<Role, Answer> role_of(std::string_view alias, const JoinRequest& join,
                                                   std::string_view pin);
  [[nodiscard]] Answer member_answer(const Endpoint& endpoint, const Member& member,
                                     const Request& request, const std::string& new_uuid);
  [[nodiscard]] const Member* member_of(std::string_view alias, const Request& request,
                                        const Target& target);

  /// Seconds, as text: the client refuses a number.
  [[nodiscard]] std::string expires() const;

  FacadeHooks hooks_;
  Admission admission_;
  Members members_;
  std::uint64_t uuids_given_ = 0;
};

/// The default participant uuid with `number` at its end, in twelve hexadecimal digits.
[[nodiscard]] std::string numbered_uuid(std::uint64_t number);

}  // namespace tapedeck::replayer
