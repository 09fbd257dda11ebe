// The signals of @pexip/infinity that a stream or a join can cause.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/event/value.hpp"

namespace tapedeck::state {

enum class Signal : std::uint8_t {
  onApplicationMessage,
  onAuthenticatedWithConference,
  onBreakoutBegin,
  onBreakoutEnd,
  onBreakoutRefer,
  onCallDisconnected,
  onCancelTransfer,
  onConferenceStatus,
  onConnected,
  onDisconnected,
  onFecc,
  onIceCandidate,
  onLayoutOverlayTextEnabled,
  onLayoutUpdate,
  onLiveCaptions,
  onMe,
  onMessage,
  onMyselfMuted,
  onNewOffer,
  onParticipantJoined,
  onParticipantLeft,
  onParticipantUpdated,
  onParticipants,
  onPeerDisconnect,
  onPresentationConnectionChange,
  onRaiseHand,
  onRequestedLayout,
  onServiceType,
  onSplashScreen,
  onStage,
  onTransfer,
  onUpdateSdp,
};

inline constexpr std::size_t signals = static_cast<std::size_t>(Signal::onUpdateSdp) + 1;

/// As the client names it.
[[nodiscard]] std::string_view name_of(Signal signal);

/// A signal with its payload, undefined where it has none.
struct Emitted {
  Signal signal = Signal::onConnected;
  event::Value payload;
};

}  // namespace tapedeck::state
