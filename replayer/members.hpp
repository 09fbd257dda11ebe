// Who has joined, and with which tokens. Deterministic: it makes nothing up by itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "replayer/join_info.hpp"
#include "replayer/limits.hpp"

namespace tapedeck::replayer {

struct TokenRules {
  /// What a client is told; it refreshes its token in a third of that.
  std::chrono::seconds life{120};
  /// A token is good for its life, and when it is refreshed a moment longer
  /// (limits::token_grace); who does not refresh it in time is out. Otherwise it is good until its
  /// member leaves, whatever the client's clock does.
  bool strict = false;
  /// How long the n-th who joins, counted from 1, is remembered, however often they refresh their
  /// token; nothing: for as long as the rules above say.
  std::function<std::optional<std::int64_t>(std::uint64_t)> remembered_ns = {};
  /// The text of the n-th token, counted from 1; nothing: `token-n`.
  std::function<std::string(std::uint64_t)> text = {};
};

struct Token {
  std::string text;
  std::int64_t good_until_ns = 0;
};

struct Member {
  std::uint64_t id = 0;  ///< from 1, in the order of joining
  JoinInfo who;
  std::deque<Token> tokens;  ///< the newest last
  std::int64_t forgotten_ns = std::numeric_limits<std::int64_t>::max();
  std::uint64_t last_use = 0;  ///< a count, for who did nothing for longest
};

class Members {
 public:
  /// `left` is told of a member that is gone, and why: "" when it went by itself.
  using Left = std::function<void(const Member&, std::string_view why)>;

  explicit Members(Left left, TokenRules rules = {}, std::size_t members_max = limits::members_max)
      : left_(std::move(left)), rules_(std::move(rules)), members_max_(members_max) {}

  /// Adds a member with a token. Past the limit the one who did nothing for longest is forgotten.
  /// The reference lives until the next change.
  const Member& join(JoinInfo who, std::int64_t now_ns);

  /// The member with this token, if it is good, or null. Counts as something done.
  const Member* find(std::string_view token, std::int64_t now_ns);

  /// A further token for a member; its earlier ones stay good for a while
  /// (limits::member_tokens_max, TokenRules::strict).
  const std::string& refresh(std::uint64_t id, std::int64_t now_ns);

  /// Forgets a member and its tokens.
  void release(std::uint64_t id, std::string_view why = {});

  /// Releases those whose last token has run out.
  void release_expired(std::int64_t now_ns);
  /// Somebody may be released by the above.
  [[nodiscard]] bool forgets() const { return rules_.strict || rules_.remembered_ns; }
  /// When somebody's last token runs out next; nothing: never.
  [[nodiscard]] std::optional<std::int64_t> next_expiry_ns() const;

  [[nodiscard]] std::uint64_t joined() const { return joined_; }
  [[nodiscard]] const TokenRules& rules() const { return rules_; }

 private:
  void add_token(Member& member, std::int64_t now_ns);
  [[nodiscard]] static std::int64_t out_ns(const Member& member);

  Left left_;
  TokenRules rules_;
  std::size_t members_max_;
  std::map<std::uint64_t, Member> members_;
  std::unordered_map<std::string, std::uint64_t> member_of_token_;
  std::uint64_t joined_ = 0;
  std::uint64_t tokens_ = 0;
  std::uint64_t uses_ = 0;
};

}  // namespace tapedeck::replayer
