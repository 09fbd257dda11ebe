#include "replayer/media_offer.hpp"

#include <gtest/gtest.h>

namespace tapedeck::replayer {
namespace {

TEST(MediaOffer, IsRefusedLineByLine) {
  EXPECT_EQ(refuse_media("v=0\r\no=- 46117 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                         "a=group:BUNDLE 0 1\r\n"
                         "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\nc=IN IP4 0.0.0.0\r\n"
                         "a=mid:0\r\na=sendrecv\r\na=rtpmap:111 opus/48000/2\r\n"
                         "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:data\r\n"),
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
            "m=audio 0 UDP/TLS/RTP/SAVPF 111 63\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\na=mid:0\r\n"
            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
            "a=inactive\r\na=mid:data\r\n");
}

TEST(MediaOffer, MayHaveLinesThatEndInLf) {
  EXPECT_EQ(refuse_media("v=0\nm=video 9 RTP/AVP 96\na=mid:1"),
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
            "m=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\na=mid:1\r\n");
}

TEST(MediaOffer, WithoutMediaHasNoAnswer) {
  for (const char* offer :
       {"", "\r\n", "nonsense", "v=0\r\ns=-\r\n", "m=", "m=audio", "m=audio 9", "a=mid:0\r\n"}) {
    EXPECT_EQ(refuse_media(offer), "") << offer;
  }
}

TEST(CallRequest, HoldsTheOffer) {
  EXPECT_EQ(sdp_of_call(R"({"call_type":"WEBRTC","sdp":"v=0\r\n","fecc_supported":false})"),
            "v=0\r\n");
  for (const char* body : {"", "{", "[]", "null", R"({"call_type":"WEBRTC"})", R"({"sdp":5})"}) {
    EXPECT_EQ(sdp_of_call(body), "") << body;
  }
}

}  // namespace
}  // namespace tapedeck::replayer
