// Judges a stream by what a node may send, with nothing of the generator's code: it reads the bytes
// line by line and keeps its own idea of who is where.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

namespace tapedeck::test {

class StreamChecker {
 public:
  /// `self` is the participant whose stream it is.
  /// Its roster may be `ahead_s` seconds ahead of the time at which it is sent.
  explicit StreamChecker(std::string self, double ahead_s = 0) : ahead_s_(ahead_s) {
    rooms_[""].self = std::move(self);
  }

  /// One block, sent at `at_ns` after the conference began.
  void take(std::string_view block, std::int64_t at_ns);

  /// What was wrong, one sentence each; empty for a stream that a node could send.
  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }
  /// How often each event came; those of breakout rooms as `breakout_event/NAME`.
  [[nodiscard]] const std::map<std::string, int>& counts() const { return counts_; }
  /// For each room, "" being the main one, the participants' payloads by uuid, as last sent.
  [[nodiscard]] std::map<std::string, std::map<std::string, std::string>> rosters() const;

 private:
  using Element = simdjson::dom::element;

  struct Person {
    std::string payload;
    std::string name;
    std::string service_type;
    bool is_api = false;
    bool is_presenting = false;
  };

  struct RoomFacts {
    std::map<std::string, Person> roster;
    bool has_synced = false;
    bool is_in_sync = false;
    std::string self;
    std::string presenter;
    std::uint64_t last_id = 0;
  };

  void fault(const std::string& what);
  void expect(bool holds, const std::string& what);
  void border(std::string_view name, const Element& data);
  void nested(const Element& data, std::string_view json);
  /// `json` is the text of `data`.
  void event(RoomFacts& room, std::string_view name, const Element& data, std::string_view json);
  void participant_event(RoomFacts& room, std::string_view name, const Element& data,
                         std::string_view json);
  void stage(RoomFacts& room, const Element& data);
  void layout(RoomFacts& room, const Element& data);
  void presentation(RoomFacts& room, std::string_view name, const Element& data);
  const Person& named(const RoomFacts& room, std::string_view uuid, const std::string& by);
  void counter(std::string_view id, std::string_view node, std::uint64_t& last);

  double ahead_s_;
  std::int64_t at_ns_ = 0;
  bool is_over_ = false;
  std::map<std::string, RoomFacts> rooms_;
  std::set<std::string> uuids_ever_;
  std::map<std::string, int> counts_;
  std::vector<std::string> faults_;
  std::string block_;
};

}  // namespace tapedeck::test
