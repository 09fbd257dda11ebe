// The media that a client offers in SDP, and the answer that refuses all of it: a tape has no
// media, and a client whose offer is refused stays in the meeting without.
#pragma once

#include <string>
#include <string_view>

namespace tapedeck::replayer {

/// The SDP offer in the body of a request for a call; "" where there is none.
[[nodiscard]] std::string sdp_of_call(std::string_view body);

/// The SDP answer that refuses each media description of `offer` (RFC 3264, section 6: port 0;
/// RFC 8829, section 5.3.1); "" where the offer has none, for which there is no answer.
[[nodiscard]] std::string refuse_media(std::string_view offer);

}  // namespace tapedeck::replayer
