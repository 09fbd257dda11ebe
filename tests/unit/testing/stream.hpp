// A short meeting for the tests of tapedeck::testing.
#pragma once

#include <string>

namespace tapedeck::test {

/// Self is there when it joins; Alice comes, raises her hand, is muted, and goes. A block a second,
/// from second 1 on.
inline const std::string meeting =
    "event: participant_sync_begin\ndata: null\n\n"
    "event: participant_create\n"
    "data: {\"uuid\":\"00000000-0000-4000-8000-000000000000\",\"display_name\":\"Self\"}\n\n"
    "event: participant_sync_end\ndata: null\n\n"
    "event: participant_create\n"
    "data: {\"uuid\":\"a\",\"display_name\":\"Alice\",\"is_muted\":\"NO\",\"buzz_time\":0}\n\n"
    "event: participant_update\n"
    "data: {\"uuid\":\"a\",\"display_name\":\"Alice\",\"is_muted\":\"NO\",\"buzz_time\":7.5}\n\n"
    ": keep-alive\n\n"
    "event: participant_update\n"
    "data: {\"uuid\":\"a\",\"display_name\":\"Alice\",\"is_muted\":\"YES\",\"buzz_time\":7.5}\n\n"
    "event: participant_delete\ndata: {\"uuid\":\"a\"}\n\n";

}  // namespace tapedeck::test
