#include "replayer/members.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace tapedeck::replayer {

const Member& Members::join(std::string participant_uuid, std::string display_name) {
  if (members_.size() >= members_max_) {
    const auto idle = std::min_element(
        members_.begin(), members_.end(),
        [](const auto& a, const auto& b) { return a.second.last_use < b.second.last_use; });
    release(idle->first);
  }
  const std::uint64_t id = ++joined_;
  Member& member = members_[id];
  member.id = id;
  member.participant_uuid = std::move(participant_uuid);
  member.display_name = std::move(display_name);
  member.last_use = ++uses_;
  add_token(member);
  return member;
}

const Member* Members::find(std::string_view token) {
  const auto found = member_of_token_.find(std::string(token));
  if (found == member_of_token_.end()) {
    return nullptr;
  }
  Member& member = members_.at(found->second);
  member.last_use = ++uses_;
  return &member;
}

const std::string& Members::refresh(std::uint64_t id) {
  const auto found = members_.find(id);
  check(found != members_.end(), "a token for a member that is not there");
  add_token(found->second);
  return found->second.tokens.back();
}

void Members::release(std::uint64_t id) {
  const auto found = members_.find(id);
  check(found != members_.end(), "release of a member that is not there");
  for (const std::string& token : found->second.tokens) {
    member_of_token_.erase(token);
  }
  const Member member = std::move(found->second);
  members_.erase(found);
  left_(member);
}

void Members::add_token(Member& member) {
  member.tokens.push_back("token-" + std::to_string(++tokens_));
  member_of_token_.emplace(member.tokens.back(), member.id);
  if (member.tokens.size() > limits::member_tokens_max) {
    member_of_token_.erase(member.tokens.front());
    member.tokens.pop_front();
  }
}

}  // namespace tapedeck::replayer
