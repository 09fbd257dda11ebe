// The JSON that is kept up to date is that of the Participant object, whatever changes.
#include "core/state/participant_json.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/event/catalogue.hpp"
#include "tests/unit/state/client.hpp"

namespace tapedeck::state::test {
namespace {

using event::Member;

/// Values that the rules tell apart, for whatever field.
const std::vector<Value>& some_values() {
  static const std::vector<Value> values{
      Value(),
      Value::null(),
      Value::boolean(true),
      Value::number(0),
      Value::number(1700484383.846972),
      Value::string(""),
      Value::string("YES"),
      Value::string("chair"),
      Value::string("ALLOW"),
      Value::string("gateway"),
      Value::string("lecture"),
      Value::string("waiting_room"),
      Value::string("a sip:b\n"),
  };
  return values;
}

/// The fields of a payload that a client reads.
std::vector<std::string_view> read_fields() {
  std::vector<std::string_view> names;
  const event::Shape& shape = event::find_wire_shape(event::Kind::participant_update)->payload;
  for (std::size_t i = 0; i < shape.field_count; ++i) {
    if (participant_field(shape.fields[i].name)) {
      names.push_back(shape.fields[i].name);
    }
  }
  return names;
}

/// Somebody with these fields; nothing where the client throws for one.
std::optional<Participant> participant(const std::vector<Member>& members, Client client) {
  try {
    return Participant(Value::object(members), policy_of(client));
  } catch (const Thrown&) {
    return std::nullopt;
  }
}

class ParticipantJsonOf : public testing::TestWithParam<Client> {};

TEST_P(ParticipantJsonOf, AnyFieldThatChangesIsWhatIsWrittenAnew) {
  const std::vector<std::string_view> fields = read_fields();
  ASSERT_EQ(fields.size(), participant_fields);
  event::Arena arena;
  std::vector<Member> members;
  for (const std::string_view field : fields) {
    members.push_back({field, Value::string(field == "uuid" ? "u" : "YES")});
  }
  std::size_t updates = 0;
  for (Member& member : members) {
    const Value before = member.value;
    for (const Value& from : some_values()) {
      for (const Value& to : some_values()) {
        member.value = from;
        const auto old = participant(members, GetParam());
        ParticipantJson json_kept;
        if (old) {
          json_kept.write(*old, GetParam(), arena);
        }
        member.value = to;
        const auto now = participant(members, GetParam());
        if (!old || !now) {
          continue;
        }
        json_kept.update(*now, GetParam(), {*participant_field(member.key)}, arena);
        const std::string expected = json(now->to_value(GetParam(), arena));
        std::string whole;
        append_json(whole, *now, GetParam(), arena);
        ASSERT_EQ(json_kept.text(), expected) << member.key;
        ASSERT_EQ(whole, expected) << member.key;
        ++updates;
      }
    }
    member.value = before;
  }
  EXPECT_GT(updates, 30 * some_values().size());
}

INSTANTIATE_TEST_SUITE_P(Clients, ParticipantJsonOf,
                         testing::Values(Client::client_17, Client::client_19, Client::client_20),
                         [](const auto& each) {
                           std::string name(policy_of(each.param).name);
                           name[name.find('-')] = '_';
                           return name;
                         });

}  // namespace
}  // namespace tapedeck::state::test
