// What one version of @pexip/infinity does differently from another: the only place that knows.
//
// The rules that all versions share are in the reducer; where they part, the reducer asks here. The
// packages 17.7.0, 19.1.2 and 20.0.0 are the judge of every line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace tapedeck::state {

enum class Client : std::uint8_t { client_17, client_19, client_20 };

struct ClientPolicy {
  Client client;
  std::string_view name;     ///< as `--as` takes it
  std::string_view version;  ///< of the package

  // The connection
  bool authenticates_with_token;  ///< onAuthenticatedWithConference carries the token
  bool connected_by_stream;       ///< onConnected when an event stream opens, not when media flow

  // Ids
  bool checks_ids;  ///< a participant or room id that is blank or no string throws

  // Participants
  bool sync_is_silent;          ///< no onMe and no onParticipantJoined while a roster is sent; at
                                ///< its end onParticipants
  bool lists_every_change;      ///< onParticipants after every create, update and delete
  bool emits_updated;           ///< onParticipantUpdated
  bool ignores_unknown_update;  ///< an update of somebody unknown is nothing, not a create

  // Rooms
  bool emits_main_status_twice;  ///< onConferenceStatus of the main room
  bool moves_on_breakout_refer;  ///< follows breakout_refer by itself; the signal has one key

  // Others
  bool hears_cancel_refer;
  bool names_speakers;  ///< onLiveCaptions tells who speaks
};

inline constexpr std::array<ClientPolicy, 3> client_policies{{
    {
        .client = Client::client_17,
        .name = "client-17",
        .version = "17.7.0",
        .authenticates_with_token = false,
        .connected_by_stream = false,
        .checks_ids = false,
        .sync_is_silent = false,
        .lists_every_change = true,
        .emits_updated = false,
        .ignores_unknown_update = false,
        .emits_main_status_twice = true,
        .moves_on_breakout_refer = true,
        .hears_cancel_refer = false,
        .names_speakers = false,
    },
    {
        .client = Client::client_19,
        .name = "client-19",
        .version = "19.1.2",
        .authenticates_with_token = true,
        .connected_by_stream = true,
        .checks_ids = true,
        .sync_is_silent = true,
        .lists_every_change = false,
        .emits_updated = true,
        .ignores_unknown_update = false,
        .emits_main_status_twice = false,
        .moves_on_breakout_refer = false,
        .hears_cancel_refer = true,
        .names_speakers = false,
    },
    {
        .client = Client::client_20,
        .name = "client-20",
        .version = "20.0.0",
        .authenticates_with_token = true,
        .connected_by_stream = true,
        .checks_ids = true,
        .sync_is_silent = true,
        .lists_every_change = false,
        .emits_updated = true,
        .ignores_unknown_update = true,
        .emits_main_status_twice = false,
        .moves_on_breakout_refer = false,
        .hears_cancel_refer = true,
        .names_speakers = true,
    },
}};

[[nodiscard]] constexpr const ClientPolicy& policy_of(Client client) {
  return client_policies[static_cast<std::size_t>(client)];
}

/// The client that `name` ("client-20") names.
[[nodiscard]] constexpr std::optional<Client> client_named(std::string_view name) {
  for (const ClientPolicy& policy : client_policies) {
    if (policy.name == name) {
      return policy.client;
    }
  }
  return std::nullopt;
}

/// In which clients something exists: for the tables of participant.cpp and conference_status.cpp.
class Clients {
 public:
  constexpr Clients() = default;
  constexpr Clients(std::initializer_list<Client> clients) {
    for (const Client client : clients) {
      bits_ = static_cast<std::uint8_t>(bits_ | (1U << static_cast<unsigned>(client)));
    }
  }

  [[nodiscard]] constexpr bool has(Client client) const {
    return ((bits_ >> static_cast<unsigned>(client)) & 1U) != 0;
  }

 private:
  std::uint8_t bits_ = 0;
};

inline constexpr Clients every_client{Client::client_17, Client::client_19, Client::client_20};
inline constexpr Clients up_to_17{Client::client_17};
inline constexpr Clients from_19{Client::client_19, Client::client_20};

}  // namespace tapedeck::state
