// A simulated Infinity node with one conference, and the event streams of those who look on.
//
// All streams see the same events at the same moments, however far each has read: the node works
// the conference out as far as the foremost stream asks, and keeps what the others have yet to
// read. Streams are FrameSources; they must not outlive the node and are used on its thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/port/frame_source.hpp"
#include "core/sim/conference.hpp"
#include "core/sim/director.hpp"
#include "core/sim/options.hpp"

namespace tapedeck::sim {

/// Events that are kept for a stream that does not read on; the one that falls further behind
/// fails. Two hours of a busy conference.
inline constexpr std::size_t kept_events_max = 100'000;

/// Who joins from outside, on the API.
struct Client {
  std::string uuid;
  std::string display_name;
  std::string call_tag = {};
  Role role = Role::chair;
};

class Node {
 public:
  explicit Node(const Options& options, std::size_t kept_events = kept_events_max);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  /// Works the conference out up to `at_ns`. What else asks for a later time does so by itself; who
  /// calls this now and then spares them the wait.
  void advance_to(std::int64_t at_ns);

  /// A client joins, and the others see it come; into the waiting room where it is a guest and the
  /// conference is locked. Fails when its uuid is taken, or when the conference is over.
  Result<ServiceType> join(const Client& client, std::int64_t at_ns);
  /// At `at_ns`, or as soon as it has a stream and has been let in, a client is referred to another
  /// conference. It is still here until it leaves.
  void refer(const std::string& uuid, std::int64_t at_ns, Transfer transfer);
  /// A client leaves, and the others see it go; its streams end. Nothing happens when it is not
  /// there.
  void leave(const std::string& uuid, std::int64_t at_ns);

  /// What the node sends a client from `at_ns` on: the roster with itself in it first, then the
  /// others' events as they come, until the conference ends; a guest who waits to be let in sees
  /// itself alone until then, and is sent away in the end. A client that lost its stream may open
  /// another. Fails when nobody of this uuid has joined (usage), or when the conference is over.
  [[nodiscard]] Result<std::unique_ptr<port::FrameSource>> open_stream(const std::string& uuid,
                                                                       std::int64_t at_ns);

  /// What a client would be told that joined again at `at_ns`: how things stand for it.
  [[nodiscard]] Result<std::vector<std::string>> greeting(const std::string& uuid,
                                                          std::int64_t at_ns);

  /// Somebody does something to the conference at `at_ns`; not where it is over.
  void act(std::int64_t at_ns, const std::function<void(Conference&, Director&)>& deed);
  [[nodiscard]] bool has_client(const std::string& uuid) const { return clients_.contains(uuid); }
  /// A client that waits is let in.
  void admit(const std::string& uuid);
  /// A client is sent away, and told why.
  void send_away(const std::string& uuid, std::string_view reason);
  /// Everybody is sent away, and told why.
  void end(std::string_view reason);

  /// Who is there from the beginning to the end: those who only watch see with their eyes.
  [[nodiscard]] const std::string& observer_uuid() const;
  [[nodiscard]] const Conference& conference() const { return conference_; }
  [[nodiscard]] bool is_over() const { return is_over_; }

 private:
  class Stream;

  struct Presence {
    Leg leg = no_leg;
    bool waiting = false;
    std::uint64_t sees_from = 0;  ///< the event from which on it sees what all see
  };
  enum class Deed { admit, turn_away, ask_refresh, refer };
  struct Plan {
    Deed deed;
    std::string uuid;
    Transfer transfer = {};
  };

  void plan(std::int64_t at_ns, Plan what);
  void carry_out(const Plan& planned);
  void admit(const std::string& uuid, Presence& client);
  void admit_all_if_unlocked();
  /// Its streams end before the event `hears_until`.
  void depart(const std::string& uuid, std::uint64_t hears_until);
  [[nodiscard]] bool is_heard_by(const std::string& uuid) const;
  [[nodiscard]] std::uint64_t next_event() const { return kept_from_ + kept_.size(); }
  bool advance();
  void keep_events();
  [[nodiscard]] std::int64_t next_ns() const;

  Options options_;
  std::size_t kept_events_;
  Conference conference_;
  Director director_;
  std::map<std::string, Presence> clients_;  ///< by uuid, the observer among them
  std::multimap<std::int64_t, Plan> plans_;  ///< what happens to clients, and when
  std::set<Stream*> streams_;
  std::deque<Event> kept_;
  std::uint64_t kept_from_ = 0;  ///< the number of the first event kept, counted from the start
  bool is_over_ = false;
};

}  // namespace tapedeck::sim
