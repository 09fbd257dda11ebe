#include "replayer/members.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/check.hpp"

namespace tapedeck::replayer {

const Member& Members::join(JoinInfo who, std::int64_t now_ns) {
  if (members_.size() >= members_max_) {
    const auto idle = std::min_element(
        members_.begin(), members_.end(),
        [](const auto& a, const auto& b) { return a.second.last_use < b.second.last_use; });
    release(idle->first);
  }
  const std::uint64_t id = ++joined_;
  Member& member = members_[id];
  member.id = id;
  member.who = std::move(who);
  member.who.number = id;
  member.last_use = ++uses_;
  if (rules_.remembered_ns) {
    if (const auto life_ns = rules_.remembered_ns(id)) {
      member.forgotten_ns = now_ns + *life_ns;
    }
  }
  add_token(member, now_ns);
  return member;
}

const Member* Members::find(std::string_view token, std::int64_t now_ns) {
  const auto found = member_of_token_.find(std::string(token));
  if (found == member_of_token_.end()) {
    return nullptr;
  }
  Member& member = members_.at(found->second);
  const auto held = std::ranges::find(member.tokens, token, &Token::text);
  if (now_ns >= std::min(held->good_until_ns, member.forgotten_ns)) {
    return nullptr;
  }
  member.last_use = ++uses_;
  return &member;
}

const std::string& Members::refresh(std::uint64_t id, std::int64_t now_ns) {
  const auto found = members_.find(id);
  check(found != members_.end(), "a token for a member that is not there");
  Member& member = found->second;
  if (rules_.strict) {
    const std::chrono::nanoseconds grace = limits::token_grace;
    for (Token& token : member.tokens) {
      token.good_until_ns = std::min(token.good_until_ns, now_ns + grace.count());
    }
  }
  add_token(member, now_ns);
  return member.tokens.back().text;
}

void Members::release(std::uint64_t id, std::string_view why) {
  const auto found = members_.find(id);
  check(found != members_.end(), "release of a member that is not there");
  for (const Token& token : found->second.tokens) {
    member_of_token_.erase(token.text);
  }
  const Member member = std::move(found->second);
  members_.erase(found);
  left_(member, why);
}

void Members::release_expired(std::int64_t now_ns) {
  for (auto next = members_.begin(); next != members_.end();) {
    const auto& [id, member] = *next++;
    if (now_ns >= out_ns(member)) {
      release(id, "Timer expired awaiting token refresh");
    }
  }
}

std::optional<std::int64_t> Members::next_expiry_ns() const {
  std::optional<std::int64_t> next;
  for (const auto& [id, member] : members_) {
    next = std::min(next.value_or(out_ns(member)), out_ns(member));
  }
  return forgets() ? next : std::nullopt;
}

std::int64_t Members::out_ns(const Member& member) {
  return std::min(member.tokens.back().good_until_ns, member.forgotten_ns);
}

void Members::add_token(Member& member, std::int64_t now_ns) {
  const std::chrono::nanoseconds life = rules_.life;
  const std::uint64_t number = ++tokens_;
  member.tokens.push_back(
      {.text = rules_.text ? rules_.text(number) : "token-" + std::to_string(number),
       .good_until_ns =
           rules_.strict ? now_ns + life.count() : std::numeric_limits<std::int64_t>::max()});
  member_of_token_.emplace(member.tokens.back().text, member.id);
  if (member.tokens.size() > limits::member_tokens_max) {
    member_of_token_.erase(member.tokens.front().text);
    member.tokens.pop_front();
  }
}

}  // namespace tapedeck::replayer
