// Who gets into a conference, and what a node answers to those who do not, or not yet.
//
// Status codes, shapes and texts are those that @pexip/infinity 17.7.0 to 20.0.0 know.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "replayer/answer.hpp"
#include "replayer/join_info.hpp"
#include "replayer/join_request.hpp"

namespace tapedeck::replayer {

/// A PIN is asked for, and nobody knows it: any is right.
struct AnyPin {
  bool guests_need_one = false;  ///< else who says that they have none comes in as a guest
  Role role = Role::host;        ///< of who gives one
};

/// What is asked of those who join; by default nothing, and everyone is a host.
struct Admission {
  std::vector<std::string> aliases =
      {};                      ///< the conferences that there are; none: any alias is one
  std::string host_pin = {};   ///< "": none
  std::string guest_pin = {};  ///< "": none; goes with a host PIN
  std::string extension = {};  ///< which a virtual reception asks for; "": none
  /// Instead of those two, by the alias of the conference; nothing: none. Not set: nowhere.
  std::function<std::optional<AnyPin>(std::string_view alias)> any_pin = {};
  bool single_sign_on = false;  ///< asked for; and no identity provider vouches for anyone
  bool unavailable = false;     ///< the node is in maintenance
};

/// The role that one joins the conference `alias` in, or what is answered instead. `pin` is the
/// header of that name.
[[nodiscard]] std::variant<Role, Answer> judge(const Admission& admission, std::string_view alias,
                                               const JoinRequest& request, std::string_view pin);

/// What is answered in maintenance; nothing: all is well.
[[nodiscard]] std::optional<Answer> in_maintenance(const Admission& admission);

/// Before that: what is answered where there is no such conference, or none at all for now.
[[nodiscard]] std::optional<Answer> turn_away(const Admission& admission, std::string_view alias);

}  // namespace tapedeck::replayer
