// Who has joined, and with which tokens. Deterministic: the n-th token of a server is `token-n`.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "replayer/limits.hpp"

namespace tapedeck::replayer {

struct Member {
  std::uint64_t id = 0;  ///< from 1, in the order of joining
  std::string participant_uuid;
  std::string display_name;
  std::deque<std::string> tokens;  ///< the good ones, the newest last
  std::uint64_t last_use = 0;      ///< a count, for who did nothing for longest
};

class Members {
 public:
  /// `left` is told of a member that is released or forgotten.
  explicit Members(std::function<void(const Member&)> left,
                   std::size_t members_max = limits::members_max)
      : left_(std::move(left)), members_max_(members_max) {}

  /// Adds a member with a token. Past the limit the one who did nothing for longest is forgotten.
  /// The reference lives until the next change.
  const Member& join(std::string participant_uuid, std::string display_name);

  /// The member with this token, or null. Counts as something done.
  const Member* find(std::string_view token);

  /// A further token for a member; the earlier ones stay good (limits::member_tokens_max).
  const std::string& refresh(std::uint64_t id);

  /// Forgets a member and its tokens.
  void release(std::uint64_t id);

  [[nodiscard]] std::uint64_t joined() const { return joined_; }

 private:
  void add_token(Member& member);

  std::function<void(const Member&)> left_;
  std::size_t members_max_;
  std::map<std::uint64_t, Member> members_;
  std::unordered_map<std::string, std::uint64_t> member_of_token_;
  std::uint64_t joined_ = 0;
  std::uint64_t tokens_ = 0;
  std::uint64_t uses_ = 0;
};

}  // namespace tapedeck::replayer
