#include "replayer/media_offer.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace tapedeck::replayer {
namespace {

namespace json = boost::json;

/// The next line of `text`, which ends in CR LF, or in LF as RFC 8866 bids to take too.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

/// `m=audio 0 UDP/TLS/RTP/SAVPF 111 63` for `m=audio 9 UDP/TLS/RTP/SAVPF 111 63`; "" where the line
/// is no media description.
std::string refused(std::string_view line) {
  const std::size_t port = line.find(' ');
  const std::size_t protocol = port == std::string_view::npos ? port : line.find(' ', port + 1);
  if (!line.starts_with("m=") || protocol == std::string_view::npos) {
    return {};
  }
  return std::string(line.substr(0, port)) + " 0" + std::string(line.substr(protocol));
}

}  // namespace

std::string sdp_of_call(std::string_view body) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(body.data(), body.size()), error);
  const json::object* const object = error ? nullptr : value.if_object();
  const json::value* const sdp = object == nullptr ? nullptr : object->if_contains("sdp");
  return sdp != nullptr && sdp->is_string() ? std::string(sdp->get_string()) : std::string();
}

std::string refuse_media(std::string_view offer) {
  std::string media;
  while (!offer.empty()) {
    const std::string_view line = take_line(offer);
    if (const std::string description = refused(line); !description.empty()) {
      media += description + "\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n";
    } else if (line.starts_with("a=mid:") && !media.empty()) {
      media += std::string(line) + "\r\n";
    }
  }
  return media.empty() ? "" : "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" + media;
}

}  // namespace tapedeck::replayer
