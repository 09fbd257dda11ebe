#include "core/state/signal.hpp"

#include <array>

namespace tapedeck::state {
namespace {

constexpr std::array<std::string_view, signals> names{
    "onApplicationMessage",
    "onAuthenticatedWithConference",
    "onBreakoutBegin",
    "onBreakoutEnd",
    "onBreakoutRefer",
    "onCallDisconnected",
    "onCancelTransfer",
    "onConferenceStatus",
    "onConnected",
    "onDisconnected",
    "onFecc",
    "onIceCandidate",
    "onLayoutOverlayTextEnabled",
    "onLayoutUpdate",
    "onLiveCaptions",
    "onMe",
    "onMessage",
    "onMyselfMuted",
    "onNewOffer",
    "onParticipantJoined",
    "onParticipantLeft",
    "onParticipantUpdated",
    "onParticipants",
    "onPeerDisconnect",
    "onPresentationConnectionChange",
    "onRaiseHand",
    "onRequestedLayout",
    "onServiceType",
    "onSplashScreen",
    "onStage",
    "onTransfer",
    "onUpdateSdp",
};

}  // namespace

std::string_view name_of(Signal signal) {
  return names[static_cast<std::size_t>(signal)];
}

}  // namespace tapedeck::state
