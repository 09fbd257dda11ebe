// What a plugin of Web App 3 sees: the host of the plugin passes on the signals of its client, some
// of them with another name or shape. docs/EVENTS.md has the table, with what is known of each.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/state/client_policy.hpp"
#include "core/state/derivation.hpp"
#include "core/state/signal.hpp"

namespace tapedeck::state {

/// A version of @pexip/plugin-api, and with it of the client in the host.
enum class PluginApi : std::uint8_t {
  api_19,  ///< 19.0 to 19.2: the twenty events of the plugin documentation, in its shapes
  api_22,  ///< 22.0: participantsActivities and cancelTransfer too
};

/// The version that `text` ("19", "22") names.
[[nodiscard]] std::optional<PluginApi> plugin_api_named(std::string_view text);

/// The client in a host of that version.
[[nodiscard]] Client client_of(PluginApi api);

/// A plugin event with its payload, undefined where it has none.
struct PluginEvent {
  std::string_view name;
  event::Value payload;
};

class PluginEvents {
 public:
  explicit PluginEvents(PluginApi api) : api_(api) {}

  /// The plugin events that a step of a derivation for client_of(api) causes, in order; they borrow
  /// from the step and live until the next call.
  [[nodiscard]] std::span<const PluginEvent> from(const Step& step);

 private:
  void add(const Emitted& emitted);
  void add_status(const event::Value& payload);
  void add_roster(const event::Value& payload);
  void add_message(const event::Value& message, bool is_text);
  void add_activity(double type, const event::Value& in_room);
  [[nodiscard]] event::Value picked(const event::Value& object,
                                    std::span<const std::string_view> keys);
  [[nodiscard]] event::Value in_room(const event::Value& payload);

  PluginApi api_;
  event::Arena arena_;
  std::vector<PluginEvent> events_;
};

}  // namespace tapedeck::state
