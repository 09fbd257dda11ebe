// The node that `simulate --listen` plays: its conferences, who is let in, and what goes wrong.
//
// All that is made up comes from the seed: tokens, uuids, when connections break and who is
// transferred when. Only what clients do, and when, is theirs.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_effect.hpp"
#include "core/base/random.hpp"
#include "core/sim/node.hpp"
#include "replayer/server.hpp"

namespace tapedeck::cli {

struct NodeOptions {
  sim::Options conference = {};
  replayer::Admission admission = {};
  std::chrono::seconds token_life{120};
  /// Each client is sent to the next conference, so long after it came on average.
  std::optional<std::int64_t> transfer_every_ns = std::nullopt;
  /// What else goes wrong.
  std::vector<replayer::Fault> faults = {};
};

class SimulatedNode {
 public:
  explicit SimulatedNode(const NodeOptions& options);

  /// What it plays, and how it is served; both refer to the node.
  [[nodiscard]] replayer::Programme programme();
  [[nodiscard]] replayer::ServerOptions serving();

 private:
  /// A one-time token that has not been used.
  struct Pass {
    std::string token;
    std::string alias;
    replayer::Role role = replayer::Role::host;
  };

  [[nodiscard]] sim::Node& conference(std::string_view alias);
  [[nodiscard]] Result<std::unique_ptr<port::FrameSource>> open_stream(
      const replayer::JoinInfo& who);
  Result<replayer::Entrance> join(const replayer::JoinInfo& who);
  [[nodiscard]] std::vector<replayer::Told> call(const replayer::Call& call,
                                                 replayer::Answer& answer);
  void carry_out(const Change& change, const replayer::JoinInfo& who, sim::Node& node);
  void send(const Change& change, const replayer::JoinInfo& who, sim::Node& node);
  [[nodiscard]] Pass& give_pass(const std::string& alias, replayer::Role role);
  void plan_transfer(const replayer::JoinInfo& who);
  [[nodiscard]] std::optional<replayer::Role> redeem(std::string_view alias,
                                                     std::string_view token);
  [[nodiscard]] std::string secret(const std::string& kind, std::uint64_t number) const;

  NodeOptions options_;
  replayer::FaultPlan faults_;
  Random transfers_;
  std::uint64_t passes_given_ = 0;
  std::deque<Pass> passes_;
  std::vector<std::unique_ptr<sim::Node>> conferences_;  ///< one for each alias; or one for all
};

}  // namespace tapedeck::cli
