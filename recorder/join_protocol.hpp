// How one joins a conference as an API participant, stays, and leaves: requests and what their
// answers mean, without a socket.
//
// Source: the Pexip Infinity client REST API v2 as @pexip/infinity 20.0.0 uses it. A clause given
// by a node is fit for a message; it may hold secrets, which are the caller's to replace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/result.hpp"
#include "recorder/url.hpp"

namespace tapedeck::recorder {

enum class WantedRole { any, host, guest };

/// Which conference to join, and as whom.
struct JoinWishes {
  std::string alias;
  std::string display_name = "tapedeck";
  std::string pin = {};  ///< "" for none given
  WantedRole role = WantedRole::any;
  std::string extension = {};  ///< of a conference behind a gateway; "" for none
  std::string call_tag = {};   ///< "" for none
};

/// What a node is called on the command line: a URL, or a host with an optional port, which means
/// https. Refused: a query.
[[nodiscard]] Result<Url> parse_node(std::string_view text);

/// `endpoint` ("request_token") of the conference `alias`.
[[nodiscard]] Url conference_url(const Url& node, std::string_view alias,
                                 std::string_view endpoint);

/// `one_time_token` is that of a transfer, "" without one.
[[nodiscard]] std::string request_token_body(const JoinWishes& wishes,
                                             std::string_view one_time_token);
[[nodiscard]] std::string release_token_body(std::string_view reason);

/// An answer to a REST request.
struct RestAnswer {
  std::int64_t status = 0;
  std::string_view content_type;
  std::string_view body;
  std::string_view location = {};
};

struct Membership {
  std::string token;
  std::int64_t life_ns = 0;  ///< of the token
  std::string participant_uuid;
  bool host = false;
  bool waiting = false;  ///< in the waiting room
};

/// The node does not let us in.
struct JoinRefusal {
  std::string reason;              ///< a clause that says what to try next
  bool worth_retrying = false;     ///< it may think better of it
  bool guest_without_pin = false;  ///< it would let us in as a guest with the PIN `none`
};

[[nodiscard]] std::variant<Membership, JoinRefusal> judge_join(const RestAnswer& answer,
                                                               const JoinWishes& wishes);

struct RefreshRefusal {
  bool token_gone = false;  ///< the node does not know the token any more
};

/// The new token.
[[nodiscard]] std::variant<std::string, RefreshRefusal> judge_refresh(const RestAnswer& answer);

/// The node sends us to another conference.
struct Transfer {
  std::string alias;
  std::string token;  ///< good for one request_token
};

/// The data of a `refer` event; nothing where it names no alias or token.
[[nodiscard]] std::optional<Transfer> parse_refer(std::string_view data);

/// The reason in the data of a `disconnect` event; "" where there is none.
[[nodiscard]] std::string parse_disconnect(std::string_view data);

}  // namespace tapedeck::recorder
